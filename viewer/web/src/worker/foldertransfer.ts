// A whole folder of a computer: walked, and written as a folder or as one archive.

import { Zip, ZipPassThrough } from "fflate";
import { type FileEntry, type FilePath, HearthError } from "../engine/api";
import { savedName } from "../engine/names";
import { copyOf, equal } from "./bytes";
import { DiskWriter, noSpace, opened, store } from "./disk";
import { below, listPage } from "./files";
import type { Job } from "./job";
import type { Peer } from "./peer";
import { addToHash, fetchFile, fresh } from "./transfer";

const FOLDER_DEPTH_MOST = 64;
const FOLDER_ENTRIES_MOST = 100_000;
/** Store-only archives without ZIP64 end here. */
const ZIP_MOST_BYTES = 0xffff_ffff - (64 << 20);
const ZIP_MOST_ENTRIES = 65_000;

/** What keeps a job going. */
export interface Mover {
  /** Runs work with a live computer, again after each loss, until it ends. */
  with(job: Job, device: string, work: (peer: Peer) => Promise<void>): Promise<void>;
  moved(job: Job, done: number): void;
}

/** Files below a folder, depth first; links and devices are left out. */
async function walk(
  mover: Mover,
  job: Job,
  at: FilePath,
  found: (path: FilePath, names: string[], entry: FileEntry) => Promise<void>,
  names: string[] = [],
  seen = { entries: 0 },
): Promise<void> {
  if (names.length > FOLDER_DEPTH_MOST)
    throw new HearthError("bad-input", "The folders are nested too deep. Fetch a part of them.");
  let after = "";
  for (;;) {
    let page: { entries: FileEntry[]; more: boolean } = { entries: [], more: false };
    await mover.with(job, job.what.device, async (peer) => {
      page = await job.stop.unless(listPage(peer, at, after));
    });
    for (const entry of page.entries) {
      if (++seen.entries > FOLDER_ENTRIES_MOST)
        throw new HearthError("bad-input", "There are too many files. Fetch a part of them.");
      const path = below(at, entry.key);
      const here = [...names, savedName(entry.name)];
      if (entry.kind === "file" || entry.kind === "folder") await found(path, here, entry);
      if (entry.kind === "folder") await walk(mover, job, path, found, here, seen);
    }
    const last = page.entries[page.entries.length - 1];
    if (!page.more || !last) return;
    after = last.key;
  }
}

/** One file of a folder, from where it stands, over any losses; checked. */
async function fetchChecked(
  mover: Mover,
  job: Job,
  path: FilePath,
  entry: FileEntry,
  sink: (bytes: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const progress = await fresh();
  await mover.with(job, job.what.device, async (peer) => {
    const theirs = await fetchFile(
      peer,
      path,
      entry,
      progress.hashed,
      (bytes, offset) => {
        addToHash(progress, offset, bytes);
        mover.moved(job, job.done + bytes.length);
        return sink(bytes);
      },
      job.stop,
    );
    if (!equal(progress.hash.digest("binary"), theirs))
      throw new HearthError("mismatch", `${entry.name}: what arrived is not what was sent. Start again.`);
  });
}

/** Into a folder that the person chose. */
export async function fetchTree(
  mover: Mover,
  job: Job,
  from: FilePath,
  entry: FileEntry,
  into: FileSystemDirectoryHandle,
): Promise<void> {
  job.done = 0;
  job.total = 0;
  const top = await into.getDirectoryHandle(savedName(entry.name), { create: true });
  const folders = new Map<string, FileSystemDirectoryHandle>([["", top]]);
  await walk(mover, job, from, async (path, names, found) => {
    const parent = folders.get(names.slice(0, -1).join("/")) ?? top;
    const name = names[names.length - 1] as string;
    if (found.kind === "folder") {
      folders.set(names.join("/"), await parent.getDirectoryHandle(name, { create: true }));
      return;
    }
    job.total += found.size;
    const handle = await parent.getFileHandle(name, { create: true });
    const writer = await handle.createWritable();
    try {
      await fetchChecked(mover, job, path, found, (bytes) => writer.write(copyOf(bytes)));
      await writer.close();
    } catch (error) {
      await writer.abort().catch(() => undefined);
      throw noSpace(error);
    }
  });
}

/** As an archive in the browser's own storage. */
export async function fetchZip(mover: Mover, job: Job, from: FilePath, part: string): Promise<File> {
  job.done = 0;
  job.total = 0;
  const handle = await (await store()).getFileHandle(part, { create: true });
  const access = await opened(handle);
  const disk = new DiskWriter(access);
  let failure: unknown = null;
  try {
    access.truncate(0);
    let at = 0;
    let entries = 0;
    const zip = new Zip((error, chunk) => {
      if (error) {
        failure = error;
        return;
      }
      disk.write(chunk, at);
      at += chunk.length;
    });
    await walk(mover, job, from, async (path, names, found) => {
      if (++entries > ZIP_MOST_ENTRIES || at + found.size > ZIP_MOST_BYTES)
        throw new HearthError(
          "bad-input",
          "The folder is too large for one archive (4 GB). Fetch its parts.",
        );
      const inside = names.join("/");
      const piece = new ZipPassThrough(found.kind === "folder" ? `${inside}/` : inside);
      piece.mtime = zipTime(found.mtimeMs);
      zip.add(piece);
      if (found.kind === "file") {
        job.total += found.size;
        await fetchChecked(mover, job, path, found, (bytes) => piece.push(copyOf(bytes)));
      }
      piece.push(new Uint8Array(0), true);
      if (failure) throw failure;
    });
    zip.end();
    if (failure) throw failure;
    disk.drain();
    access.flush();
  } catch (error) {
    throw noSpace(error);
  } finally {
    access.close();
  }
  return handle.getFile();
}

/** The archive format knows 1980 to 2099 only. */
function zipTime(mtimeMs: number): number {
  return Math.min(Date.UTC(2099, 0, 1), Math.max(Date.UTC(1980, 0, 2), mtimeMs));
}
