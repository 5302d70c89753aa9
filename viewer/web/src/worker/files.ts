// The files of one computer in the worker: short requests. Transfers are in transfers.ts.

import { create } from "@bufbuild/protobuf";
import {
  type FileEntry,
  type FilePath,
  type FileRoot,
  HearthError,
  type Rights,
  type SessionState,
} from "../engine/api";
import { bytesOfKey, keyOfBytes, keyOfName, pathOfParts, shownName } from "../engine/names";
import {
  FileEntry_Kind,
  FileListSchema,
  FileMakeFolderSchema,
  FilePathSchema,
  FileRemoveSchema,
  FileRenameSchema,
  FileRootsSchema,
  type FileEntry as WireEntry,
  type FilePath as WirePath,
} from "../gen/session_pb";
import type { FromWorker } from "./messages";
import { ONLOOKER, type Peer, type PeerUser } from "./peer";

const PAGE_ENTRIES = 500;
const LIVE_WAIT_MS = 15_000;
const KINDS: Record<FileEntry_Kind, FileEntry["kind"]> = {
  [FileEntry_Kind.OTHER]: "other",
  [FileEntry_Kind.FILE]: "file",
  [FileEntry_Kind.FOLDER]: "folder",
  [FileEntry_Kind.LINK]: "link",
};

/** The entry of that key in a folder. */
export const below = (at: FilePath, key: string): FilePath => ({ root: at.root, parts: [...at.parts, key] });

export function wirePath(at: FilePath): WirePath {
  return create(FilePathSchema, { root: at.root, path: pathOfParts(at.parts) });
}

/** null for a name that no file can have: the host is not trusted. */
export function entryOf(wire: WireEntry): FileEntry | null {
  const { name } = wire;
  if (name.length === 0 || name.length > 255 || name.includes(0x2f) || name.includes(0)) return null;
  const shown = shownName(name);
  if (shown === "." || shown === "..") return null;
  return {
    name: shown,
    key: keyOfBytes(name),
    kind: KINDS[wire.kind] ?? "other",
    size: Number(wire.size),
    mtimeMs: Number(wire.mtimeMs),
    write: wire.write,
  };
}

export async function listPage(peer: Peer, at: FilePath, after: string) {
  const answer = await peer.ask({
    case: "fileList",
    value: create(FileListSchema, {
      at: wirePath(at),
      limit: PAGE_ENTRIES,
      after: after === "" ? new Uint8Array(0) : bytesOfKey(after),
      hidden: true,
    }),
  });
  if (answer.case !== "fileList") throw strange();
  return {
    entries: answer.value.entries.map(entryOf).filter((e): e is FileEntry => e !== null),
    more: answer.value.more,
  };
}

export function strange(): HearthError {
  return new HearthError("internal", "The computer answered something else. Try again.");
}

/** Resolves when the computer is there; rejects when it will not be. */
export function whenLive(peer: Peer, waitMs: number): Promise<void> {
  if (peer.live) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const user: PeerUser = {
      ...ONLOOKER,
      state: (state) => {
        if (state.is === "live") done(null);
        else if (state.is === "ended") done(new HearthError("unavailable", state.why));
      },
    };
    const timer = setTimeout(
      () =>
        done(
          new HearthError("unreachable", `${peer.name} does not answer. The page goes on trying by itself.`),
        ),
      waitMs,
    );
    let settled = false;
    const done = (error: Error | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      // Not inside add(), which calls state at once.
      queueMicrotask(() => {
        if (error) reject(error);
        else resolve();
        if (!peer.ended) peer.leave(user);
      });
    };
    peer.add(user);
  });
}

/** A Files of the page. */
export class FileDesk implements PeerUser {
  readonly screen = false;
  readonly watched = false;
  readonly viewOnly = true;

  constructor(
    private readonly session: number,
    private held: Peer,
    private readonly post: (message: FromWorker) => void,
    private readonly again: () => Peer,
  ) {}

  get peer(): Peer {
    if (this.held.ended) {
      this.held = this.again();
      this.held.add(this);
    }
    return this.held;
  }

  close(): void {
    if (!this.held.ended) this.held.remove(this);
  }

  state(state: SessionState): void {
    this.post({ is: "session", session: this.session, state });
  }

  rights(rights: Rights): void {
    this.post({ is: "rights", session: this.session, rights });
  }

  begun(): void {}
  resumed(): void {}
  heard(): void {}
  message(): void {}
  gap(): void {}
  keysLost(): void {}

  async roots(): Promise<FileRoot[]> {
    const answer = await (await this.live()).ask({ case: "fileRoots", value: create(FileRootsSchema) });
    if (answer.case !== "fileRoots") throw strange();
    return answer.value.roots.map((root) => ({
      id: root.id,
      name: root.name,
      write: root.write,
      freeBytes: Number(root.freeBytes),
    }));
  }

  async list(at: FilePath, after: string): Promise<{ entries: FileEntry[]; more: boolean }> {
    return listPage(await this.live(), at, after);
  }

  async makeFolder(at: FilePath): Promise<null> {
    const value = create(FileMakeFolderSchema, { at: wirePath(at), parents: false });
    await (await this.live()).ask({ case: "fileMakeFolder", value });
    return null;
  }

  async rename(from: FilePath, newName: string): Promise<null> {
    if (from.parts.length === 0) throw new HearthError("bad-input", "The folder at the top keeps its name.");
    const to = pathOfParts([...from.parts.slice(0, -1), keyOfName(newName)]);
    const value = create(FileRenameSchema, { from: wirePath(from), to });
    await (await this.live()).ask({ case: "fileRename", value });
    return null;
  }

  async remove(at: FilePath, recursive: boolean): Promise<null> {
    if (at.parts.length === 0)
      throw new HearthError("bad-input", "The folder at the top is not removed from here.");
    const value = create(FileRemoveSchema, { at: wirePath(at), recursive });
    await (await this.live()).ask({ case: "fileRemove", value });
    return null;
  }

  private async live(): Promise<Peer> {
    const { peer } = this;
    await whenLive(peer, LIVE_WAIT_MS);
    return peer;
  }
}
