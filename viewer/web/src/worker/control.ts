// The control stream of one session: requests and their answers, events that need none, in order.
// Knows no transport: write takes bytes as far as there is room.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { HearthError } from "../engine/api";
import { Code, type FromHost, FromHostSchema, type ToHost, ToHostSchema } from "../gen/session_pb";
import { type Bytes, copyOf } from "./bytes";
import { FrameReader, framed } from "./framing";

/** Messages that wait for room; beyond, input is dropped: a host that takes nothing is about to be lost. */
const QUEUE_MOST = 4096;

export type Body = Exclude<ToHost["body"], { case: undefined }>;
export type Answer = FromHost["body"];
/** Called for each answer until it says false; that one resolves the request. */
export type More = (answer: Answer) => boolean;

interface Waiting {
  bytes: Bytes;
  replaceable: string | null;
}

interface Asked {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  more: More | null;
}

const CODES: Partial<Record<Code, HearthError["code"]>> = {
  [Code.BAD_REQUEST]: "bad-input",
  [Code.DENIED]: "denied",
  [Code.NOT_FOUND]: "not-found",
  [Code.EXISTS]: "exists",
  [Code.NO_SPACE]: "no-space",
  [Code.READ_ONLY]: "read-only",
  [Code.OUTSIDE]: "outside",
  [Code.CHANGED]: "changed",
  [Code.MISMATCH]: "mismatch",
  [Code.UNAVAILABLE]: "unavailable",
  [Code.LIMIT]: "busy",
  [Code.IO]: "internal",
  [Code.CANCELLED]: "cancelled",
};

export class Control {
  private reader = new FrameReader();
  private queue: Waiting[] = [];
  private flushing = false;
  private room = false;
  private requests = 0;
  private readonly asked = new Map<number, Asked>();

  /** write: bytes taken, below zero when there is no session. */
  constructor(private readonly write: (bytes: Bytes) => number) {}

  /** replaceable: a name; while such a message waits, a newer one of the same name takes its place. */
  post(body: Body, id = 0, replaceable: string | null = null): void {
    const bytes = framed(toBinary(ToHostSchema, create(ToHostSchema, { id, body })));
    const last = this.queue[this.queue.length - 1];
    if (replaceable !== null && last && last.replaceable === replaceable) last.bytes = bytes;
    else if (this.queue.length < QUEUE_MOST) this.queue.push({ bytes, replaceable });
    this.flush();
  }

  ask(body: Body, more: More | null): { id: number; answer: Promise<Answer> } {
    this.requests = (this.requests + 1) >>> 0 || 1;
    const id = this.requests;
    const answer = new Promise<Answer>((resolve, reject) => {
      this.asked.set(id, { resolve, reject, more });
    });
    this.post(body, id);
    return { id, answer };
  }

  /** No answer to this request is of interest any more. */
  unask(request: number): void {
    this.asked.delete(request);
  }

  /** There is room in the stream. May be called while it runs: a write can tell of room at once. */
  flush(): void {
    this.room = true;
    if (this.flushing) return;
    this.flushing = true;
    try {
      while (this.room && this.queue.length > 0) {
        const next = this.queue.shift() as Waiting;
        this.room = false;
        const taken = this.write(next.bytes);
        if (taken >= next.bytes.length) {
          this.room = true;
        } else {
          // What is half sent stays as it is.
          const half = { bytes: copyOf(next.bytes.subarray(taken)), replaceable: null };
          this.queue.unshift(taken > 0 ? half : next);
        }
      }
    } finally {
      this.flushing = false;
    }
  }

  /** Whole messages that have arrived. Throws when the bytes are none. */
  read(bytes: Uint8Array): FromHost[] {
    return this.reader.push(bytes).map((message) => fromBinary(FromHostSchema, message));
  }

  /** True when the message answered a request. */
  answered(message: FromHost): boolean {
    const { body } = message;
    const asked = message.re ? this.asked.get(message.re) : undefined;
    if (!asked) return false;
    if (body.case !== "error" && asked.more?.(body)) return true;
    this.asked.delete(message.re);
    if (body.case === "error")
      asked.reject(
        new HearthError(CODES[body.value.code] ?? "internal", body.value.message || "It refused that."),
      );
    else asked.resolve(body);
    return true;
  }

  /** A new session begins, or none does: who waits is told. */
  forget(error: HearthError): void {
    this.reader = new FrameReader();
    this.queue = [];
    const asked = [...this.asked.values()];
    this.asked.clear();
    for (const one of asked) one.reject(error);
  }
}
