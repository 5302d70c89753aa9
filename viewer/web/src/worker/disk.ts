// The browser's own storage (OPFS): where a download lies until it is whole, checked and handed over.

import { HearthError } from "../engine/api";

const STORE = "hearth-transfers";
/** The browser may still copy a whole file to its downloads when the page is loaded again. */
const WHOLE_KEPT_MS = 15 * 60 * 1000;
const PART_KEPT_MS = 7 * 24 * 3600 * 1000;
/** Each write costs a call out of the page's process: measured a third of a transfer's time at 16 KiB. */
const WRITE_BYTES = 256 * 1024;

/** A full disk, in our words; any other error as it is. */
export function noSpace(error: unknown): unknown {
  return error instanceof DOMException && error.name === "QuotaExceededError"
    ? new HearthError("no-space", "There is not enough space left in this browser. Free some; then go on.")
    : error;
}

export async function store(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(STORE, { create: true });
}

/** One writer at a time, over all tabs. */
export async function opened(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  try {
    return await handle.createSyncAccessHandle();
  } catch (error) {
    if (error instanceof DOMException && error.name === "NoModificationAllowedError")
      throw new HearthError("busy", "That file is being fetched already, here or in another tab.");
    throw error;
  }
}

export async function drop(part: string): Promise<void> {
  await (await store()).removeEntry(part).catch(() => undefined);
}

/** The size in a part's name tells whether it is whole: such a one was handed over. */
export function partName(key: string, size: number): string {
  return `${key}-${size}.part`;
}

export function isWhole(name: string, size: number): boolean {
  return Number(/-(\d+)\.part$/.exec(name)?.[1] ?? -1) === size;
}

/** At the start: copies that were handed over, archives that cannot go on, parts that nobody came back for. */
export async function sweep(): Promise<void> {
  try {
    const held = await store();
    for await (const [name, handle] of held.entries()) {
      if (handle.kind !== "file") continue;
      const file = await (handle as FileSystemFileHandle).getFile();
      const over = isWhole(name, file.size) || name.endsWith(".zip");
      if (Date.now() - file.lastModified > (over ? WHOLE_KEPT_MS : PART_KEPT_MS))
        await held.removeEntry(name).catch(() => undefined);
    }
  } catch {
    // No storage of its own in this browser: a download will say so.
  }
}

/** Signed out: nothing of the account stays. */
export async function clear(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(STORE, { recursive: true });
  } catch {
    // Nothing was there, or a copy is still being handed over: the next start sweeps it.
  }
}

/** Bytes that follow each other, written in large pieces. drain() before the file is used. */
export class DiskWriter {
  private readonly held = new Uint8Array(WRITE_BYTES);
  private len = 0;
  private at = 0;

  constructor(private readonly access: FileSystemSyncAccessHandle) {}

  write(bytes: Uint8Array, offset: number): void {
    if (this.len > 0 && (offset !== this.at + this.len || this.len + bytes.length > WRITE_BYTES))
      this.drain();
    if (bytes.length > WRITE_BYTES) {
      this.access.write(bytes as Uint8Array<ArrayBuffer>, { at: offset });
      return;
    }
    if (this.len === 0) this.at = offset;
    this.held.set(bytes, this.len);
    this.len += bytes.length;
  }

  drain(): void {
    const { len } = this;
    this.len = 0;
    if (len > 0) this.access.write(this.held.subarray(0, len), { at: this.at });
  }

  /** What is held is not wanted any more. */
  discard(): void {
    this.len = 0;
  }
}
