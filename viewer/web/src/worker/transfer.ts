// Moving one file's bytes: fetch from a computer, push to one. Both check SHA-256 over the whole file and
// can begin anywhere; nothing holds more than a few chunks.

import { create } from "@bufbuild/protobuf";
import { createSHA256, type IHasher } from "hash-wasm";
import { type FileEntry, type FilePath, HearthError } from "../engine/api";
import { FileCancelSchema, FileCommitSchema, FileGetSchema, FilePutSchema } from "../gen/session_pb";
import { type Bytes, copyOf, equal, utf8 } from "./bytes";
import { strange, wirePath } from "./files";
import type { Peer, StreamUser } from "./peer";

const LOST = () => new HearthError("unreachable", "The connection to the computer was lost.");
const CHUNK_BYTES = 256 * 1024;
/** A stream's end and the words that explain it travel in two lanes. */
const WORDS_WAIT_MS = 500;

/** Somebody paused or cancelled; not an error. */
export class Stopped extends Error {
  constructor(readonly keepPart: boolean) {
    super("stopped");
  }
}

/** The person's word to a transfer that runs. */
export class Stop {
  reason: Stopped | null = null;
  private halt: (reason: Stopped) => void = () => undefined;
  private readonly halted: Promise<never>;

  constructor() {
    this.halted = new Promise((_, reject) => {
      this.halt = reject;
    });
    this.halted.catch(() => undefined);
  }

  say(keepPart: boolean): void {
    this.reason ??= new Stopped(keepPart);
    this.halt(this.reason);
  }

  /** For each chunk: waits for nothing and leaves nothing behind. */
  check(): void {
    if (this.reason) throw this.reason;
  }

  onSaid(fn: () => void): void {
    this.halted.catch(fn);
  }

  /** A promise that loses to stop. */
  unless<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.halted]);
  }
}

/** How far a hash has come: bytes before are in it. */
export interface Progress {
  hash: IHasher;
  hashed: number;
}

export async function fresh(): Promise<Progress> {
  const hash: IHasher = await createSHA256();
  hash.init();
  return { hash, hashed: 0 };
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
  stop: Stop,
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
    failed: () => void setTimeout(() => fail(LOST()), peer.live ? WORDS_WAIT_MS : 0),
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
    await stop.unless(over);
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
  stop: Stop,
): Promise<void> {
  let wake: () => void = () => undefined;
  // Room may be told while a write still runs.
  let room = false;
  let broken: Error | null = null;
  const fail = (error: Error) => {
    broken ??= error;
    wake();
  };
  let begin: (offset: bigint) => void = () => undefined;
  const begun = new Promise<bigint>((resolve) => {
    begin = resolve;
  });
  // The request stays open to the end: what goes wrong on the way is told as its answer.
  const { id, answer } = peer.askNumbered(
    {
      case: "filePut",
      value: create(FilePutSchema, {
        at: wirePath(push.to),
        size: BigInt(push.size),
        mtimeMs: BigInt(Math.round(push.mtimeMs)),
        key: push.key,
        replace: push.replace,
      }),
    },
    (reply) => {
      if (reply.case !== "filePut") return false;
      begin(reply.value.offset);
      return true;
    },
  );
  const refused = answer.then(() => {
    throw strange();
  });
  refused.catch(fail);
  const user: StreamUser = {
    data: () => true,
    finished: () => undefined,
    failed: () => void setTimeout(() => fail(LOST()), peer.live ? WORDS_WAIT_MS : 0),
    writable: () => {
      room = true;
      wake();
    },
  };
  stop.onSaid(() => wake());
  try {
    const offset = Number(await stop.unless(Promise.race([begun, refused])));
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
          stop.check();
          if (broken) throw broken as Error;
          room = false;
          const taken = peer.write(stream, rest);
          if (taken < 0) {
            // The stream is over: the reason is on its way, or the session is lost.
            await Promise.race([refused, new Promise((resolve) => setTimeout(resolve, WORDS_WAIT_MS))]);
            throw LOST();
          }
          rest = rest.subarray(taken);
          if (rest.length > 0 && !room)
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
        if (pos > offset) moved(pos);
        stop.check();
        if (broken) throw broken as Error;
      }
    }
    if (pos !== push.size)
      throw new HearthError("changed", "The file changed while it was sent. Start again.");
    peer.finish(stream);
    checking();
    const sum = progress.hash.digest("binary") as Bytes;
    const commit = peer.ask({
      case: "fileCommit",
      value: create(FileCommitSchema, { put: id, sha256: sum }),
    });
    const committed = await stop.unless(Promise.race([commit, refused]));
    if (committed.case !== "fileCommitted") throw strange();
    const theirs = committed.value.sha256;
    if (theirs.length > 0 && !equal(theirs, sum))
      throw new HearthError("mismatch", "What arrived is not what was sent. Start again.");
    peer.abandon(user, id);
    peer.unask(id);
  } catch (error) {
    peer.abandon(user, id);
    peer.unask(id);
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
