// Moving one file's bytes: fetch from a computer, push to one. Both check SHA-256 over the whole file and
// can begin anywhere; nothing holds more than a few chunks.

import { create } from "@bufbuild/protobuf";
import type { IHasher } from "hash-wasm";
import { type FileEntry, type FilePath, HearthError } from "../engine/api";
import { FileCancelSchema, FileCommitSchema, FileGetSchema, FilePutSchema } from "../gen/session_pb";
import { type Bytes, copyOf, equal, utf8 } from "./bytes";
import { strange, wirePath } from "./files";
import type { Peer, StreamUser } from "./peer";

const LOST = () => new HearthError("unreachable", "The connection to the computer was lost.");
const CHUNK_BYTES = 256 * 1024;

/** Somebody paused or cancelled; not an error. */
export class Stopped extends Error {
  constructor(readonly keepPart: boolean) {
    super("stopped");
  }
}

/** A promise that loses to stop. */
export function unless<T>(stop: Promise<never>, work: Promise<T>): Promise<T> {
  return Promise.race([work, stop]);
}

/** How far a hash has come: bytes before are in it. */
export interface Progress {
  hash: IHasher;
  hashed: number;
}

/** Adds the part of bytes (which begin at offset) that is not in the hash yet. */
export function addToHash(progress: Progress, offset: number, bytes: Uint8Array): void {
  const skip = progress.hashed - offset;
  if (skip >= bytes.length) return;
  if (skip < 0) throw new HearthError("internal", "A part of the file is missing.");
  progress.hash.update(skip > 0 ? bytes.subarray(skip) : bytes);
  progress.hashed = offset + bytes.length;
}

/**
 * Bytes of a file from offset on, in order. sink gets a view that is good until it returns, or a copy when
 * it answers with a promise. Resolves with the host's hash of the whole file.
 */
export async function fetchFile(
  peer: Peer,
  at: FilePath,
  entry: FileEntry,
  offset: number,
  sink: (bytes: Uint8Array, offset: number) => Promise<void> | void,
  stop: Promise<never>,
): Promise<Bytes> {
  let pos = offset;
  let sum: Bytes | null = null;
  let ended = false;
  let fail: (error: Error) => void = () => undefined;
  let done: () => void = () => undefined;
  const over = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  over.catch(() => undefined);
  const check = () => {
    if (ended && sum) done();
  };
  let chain: Promise<void> = Promise.resolve();
  const user: StreamUser = {
    data: (bytes) => {
      const from = pos;
      pos += bytes.length;
      if (pos > entry.size) {
        fail(new HearthError("changed", `${entry.name} grew while it was read. Start again.`));
        return true;
      }
      try {
        const result = sink(bytes, from);
        if (result === undefined) return true;
        const len = bytes.length;
        chain = result.then(() => peer.consumed(user, len));
        chain.catch((error: Error) => fail(error));
        return false;
      } catch (error) {
        fail(error as Error);
        return true;
      }
    },
    finished: () => {
      void chain.then(() => {
        ended = true;
        check();
      });
    },
    failed: () => fail(LOST()),
    writable: () => undefined,
  };
  const { id, answer } = peer.askNumbered(
    {
      case: "fileGet",
      value: create(FileGetSchema, {
        at: wirePath(at),
        offset: BigInt(offset),
        expectSize: BigInt(entry.size),
        expectMtimeMs: BigInt(entry.mtimeMs),
        resume: offset > 0,
      }),
    },
    (reply) => reply.case === "fileGet" && !reply.value.done,
  );
  peer.awaitStream(id, user);
  answer.then(
    (reply) => {
      if (reply.case !== "fileGet" || reply.value.sha256.length !== 32) fail(strange());
      else sum = copyOf(reply.value.sha256);
      check();
    },
    (error: Error) => fail(error),
  );
  try {
    await unless(stop, over);
  } catch (error) {
    peer.abandon(user, id);
    if (peer.live)
      peer.say({ case: "fileCancel", value: create(FileCancelSchema, { request: id, keepPart: true }) });
    throw error;
  }
  if (pos !== entry.size || !sum)
    throw new HearthError("changed", `${entry.name} changed while it was read. Start again.`);
  return sum;
}

/** Content to push: chunks from start on. */
export type Source = (start: number) => AsyncIterable<Uint8Array>;

export interface Push {
  to: FilePath;
  size: number;
  mtimeMs: number;
  key: Bytes;
  replace: boolean;
}

export async function pushFile(
  peer: Peer,
  push: Push,
  source: Source,
  progress: Progress,
  moved: (done: number) => void,
  checking: () => void,
  stop: Promise<never>,
): Promise<void> {
  const { id, answer } = peer.askNumbered({
    case: "filePut",
    value: create(FilePutSchema, {
      at: wirePath(push.to),
      size: BigInt(push.size),
      mtimeMs: BigInt(Math.round(push.mtimeMs)),
      key: push.key,
      replace: push.replace,
    }),
  });
  let wake: () => void = () => undefined;
  let broken: Error | null = null;
  const user: StreamUser = {
    data: () => true,
    finished: () => undefined,
    failed: () => {
      broken = LOST();
      wake();
    },
    writable: () => wake(),
  };
  try {
    const reply = await unless(stop, answer);
    if (reply.case !== "filePut") throw strange();
    const offset = Number(reply.value.offset);
    if (offset > push.size) throw strange();
    const stream = peer.openFileStream(id, user);
    if (stream === 0) throw LOST();
    moved(offset);
    let pos = Math.min(offset, progress.hashed);
    if (pos < push.size) {
      for await (const chunk of source(pos)) {
        addToHash(progress, pos, chunk);
        let rest =
          pos + chunk.length > offset ? chunk.subarray(Math.max(0, offset - pos)) : new Uint8Array(0);
        pos += chunk.length;
        while (rest.length > 0) {
          if (broken) throw broken;
          const taken = peer.write(stream, rest);
          if (taken < 0) throw LOST();
          rest = rest.subarray(taken);
          if (rest.length > 0)
            await unless(
              stop,
              new Promise<void>((resolve) => {
                wake = resolve;
              }),
            );
        }
        if (pos > offset) moved(pos);
        await unless(stop, Promise.resolve());
      }
    }
    if (pos !== push.size)
      throw new HearthError("changed", "The file changed while it was sent. Start again.");
    peer.finish(stream);
    checking();
    const sum = progress.hash.digest("binary") as Bytes;
    const committed = await unless(
      stop,
      peer.ask({ case: "fileCommit", value: create(FileCommitSchema, { put: id, sha256: sum }) }),
    );
    if (committed.case !== "fileCommitted") throw strange();
    const theirs = committed.value.sha256;
    if (theirs.length > 0 && !equal(theirs, sum))
      throw new HearthError("mismatch", "What arrived is not what was sent. Start again.");
    peer.abandon(user, id);
  } catch (error) {
    peer.abandon(user, id);
    const keepPart = !(error instanceof Stopped) || error.keepPart;
    if (peer.live)
      peer.say({ case: "fileCancel", value: create(FileCancelSchema, { request: id, keepPart }) });
    throw error;
  }
}

/** Chunks of a file of this computer: disk backed, one at a time. */
export function sourceOf(file: Blob): Source {
  return async function* (start: number) {
    for (let at = start; at < file.size; at += CHUNK_BYTES) {
      let part: ArrayBuffer;
      try {
        part = await file.slice(at, at + CHUNK_BYTES).arrayBuffer();
      } catch {
        throw new HearthError(
          "changed",
          "The file here changed or went away while it was read. Choose it again.",
        );
      }
      yield new Uint8Array(part);
    }
  };
}

/** Names a transfer: the same file to the same place goes on where it stopped. */
export async function transferKey(...parts: (string | number)[]): Promise<Bytes> {
  const text = utf8(parts.map((p) => `${String(p).length}:${p}`).join(","));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text));
}
