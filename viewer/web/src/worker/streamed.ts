// A file read from one computer while it is written to another.

import type { FileEntry, FilePath } from "../engine/api";
import { copyOf } from "./bytes";
import type { Peer } from "./peer";
import { fetchFile, Stop } from "./transfer";

/** A file of another computer as chunks; a chunk is asked for when the one before was taken. */
export async function* streamed(
  peer: Peer,
  from: FilePath,
  entry: FileEntry,
  start: number,
  stop: Stop,
): AsyncIterable<Uint8Array> {
  const ready: { bytes: Uint8Array; taken: () => void }[] = [];
  let wake: () => void = () => undefined;
  let theirs: Uint8Array | null = null;
  let failure: Error | null = null;
  const reading = new Stop();
  stop.onSaid(() => reading.say(true));
  const work = fetchFile(
    peer,
    from,
    entry,
    start,
    (bytes) =>
      new Promise<void>((taken) => {
        ready.push({ bytes: copyOf(bytes), taken });
        wake();
      }),
    reading,
  );
  work.then(
    (sum) => {
      theirs = sum;
      wake();
    },
    (error: Error) => {
      failure = error;
      wake();
    },
  );
  try {
    for (;;) {
      const next = ready.shift();
      if (next) {
        yield next.bytes;
        next.taken();
        continue;
      }
      if (failure) throw failure;
      if (theirs) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    reading.say(true);
  }
}
