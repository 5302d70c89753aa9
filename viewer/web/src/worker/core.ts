// hearth.wasm as the page's workers see it: exports with their types, memory that may move, and short-lived
// arguments. Layouts: viewer/core/wasm_*.c.

import { type Bytes, copyOf, utf8 } from "./bytes";

export type Ptr = number;

export interface Exports {
  memory: WebAssembly.Memory;
  _initialize?(): void;
  hearth_alloc(size: number): Ptr;
  hearth_free(ptr: Ptr): void;

  hearth_session_create(
    sessionId: Ptr,
    prologue: Ptr,
    prologueLen: number,
    localPublic: Ptr,
    peerPublic: Ptr,
    payload: Ptr,
    payloadLen: number,
    nowUs: number,
  ): Ptr;
  hearth_session_destroy(s: Ptr): void;
  hearth_session_state(s: Ptr): number;
  hearth_session_event(s: Ptr, out: Ptr): number;
  hearth_session_give_dh(s: Ptr, shared: Ptr): number;
  hearth_session_verdict(s: Ptr, accept: number): number;
  hearth_session_path_add(s: Ptr, nowUs: number): number;
  hearth_session_path_lost(s: Ptr, path: number, nowUs: number): void;
  hearth_session_receive(s: Ptr, path: number, data: Ptr, len: number, nowUs: number): number;
  hearth_session_send(s: Ptr, path: number, out: Ptr, cap: number, nowUs: number): number;
  hearth_session_deadline_us(s: Ptr): number;
  hearth_session_tick(s: Ptr, nowUs: number): void;
  hearth_session_close(s: Ptr, reason: number, text: Ptr): void;
  hearth_session_stats(s: Ptr, out: Ptr): void;
  hearth_stream_open(s: Ptr, lane: number, kind: number, param: number): number;
  hearth_stream_write(s: Ptr, stream: number, data: Ptr, len: number): number;
  hearth_stream_writable(s: Ptr, stream: number): number;
  hearth_stream_finish(s: Ptr, stream: number): number;
  hearth_stream_reset(s: Ptr, stream: number, code: number): number;
  hearth_stream_stop(s: Ptr, stream: number, code: number): number;
  hearth_stream_consumed(s: Ptr, stream: number, len: number): number;

  hearth_log_create(): Ptr;
  hearth_log_destroy(log: Ptr): void;
  hearth_log_append(log: Ptr, entry: Ptr, len: number): number;
  hearth_log_count(log: Ptr): number;
  hearth_log_hash_at(log: Ptr, seq: number, out: Ptr): number;
  hearth_log_entry(log: Ptr, seq: number, outLen: Ptr): Ptr;
  hearth_log_account(log: Ptr, out: Ptr): number;
  hearth_log_device_count(log: Ptr): number;
  hearth_log_device(log: Ptr, index: number, out: Ptr): number;
  hearth_account_id(out: Ptr, rootSign: Ptr, rootDh: Ptr): void;
  hearth_device_id(out: Ptr, sign: Ptr, dh: Ptr): void;
  hearth_log_make_genesis(out: Ptr, cap: number, rootSign: Ptr, rootDh: Ptr, timeMs: number): number;
  hearth_log_make_add(log: Ptr, out: Ptr, cap: number, signer: Ptr, timeMs: number, device: Ptr): number;
  hearth_log_make_revoke(log: Ptr, out: Ptr, cap: number, signer: Ptr, timeMs: number, device: Ptr): number;
  hearth_log_make_rename(
    log: Ptr,
    out: Ptr,
    cap: number,
    signer: Ptr,
    timeMs: number,
    device: Ptr,
    name: Ptr,
  ): number;
  hearth_log_make_recovery(log: Ptr, out: Ptr, cap: number, timeMs: number): number;
  hearth_log_signing_input(out: Ptr, cap: number, entry: Ptr, len: number): number;
  hearth_log_head_write(log: Ptr, out: Ptr, cap: number): number;
  hearth_log_judge_head(log: Ptr, payload: Ptr, len: number): number;
  hearth_log_contains(log: Ptr, count: number, hash: Ptr): number;

  hearth_code_normalise(out: Ptr, typed: Ptr): number;
  hearth_words_salt(out: Ptr, code: Ptr): void;
  hearth_words_from_seed(out: Ptr, seed: Ptr): void;
  hearth_enroll_create(code: Ptr): Ptr;
  hearth_enroll_destroy(enroll: Ptr): void;
  hearth_enroll_start(enroll: Ptr, out: Ptr, cap: number): number;
  hearth_enroll_receive(enroll: Ptr, data: Ptr, len: number, out: Ptr, cap: number, outLen: Ptr): number;
  hearth_enroll_pc(enroll: Ptr, out: Ptr): number;
  hearth_enroll_approve(enroll: Ptr, account: Ptr, log: Ptr, out: Ptr, cap: number): number;
  hearth_enroll_done(enroll: Ptr): number;

  hearth_guard_create(): Ptr;
  hearth_guard_destroy(guard: Ptr): void;
  hearth_guard_message(guard: Ptr, data: Ptr, len: number, nowUs: number): number;
  hearth_guard_good(guard: Ptr): void;
  /** 0: ask for a new epoch, 1: that was done, 2: end the session. */
  hearth_guard_error(guard: Ptr, nowUs: number): number;
  hearth_guard_lost(guard: Ptr): void;
  hearth_decoder_create(maxPixels: number, slots: number): Ptr;
  hearth_decoder_destroy(decoder: Ptr): void;
  hearth_decoder_decode(decoder: Ptr, data: Ptr, len: number, out: Ptr): number;
  hearth_decoder_video_paint(
    decoder: Ptr,
    stream: number,
    width: number,
    height: number,
    picture: Ptr,
    u: number,
    v: number,
    strideY: number,
    strideUv: number,
    stepUv: number,
    full: number,
  ): number;
  hearth_decoder_copy(
    decoder: Ptr,
    x: number,
    y: number,
    w: number,
    h: number,
    out: Ptr,
    cap: number,
  ): number;
}

/** Arguments of one call: freed, and wiped, when it returns. */
export interface Scope {
  bytes(data: Uint8Array): Ptr;
  /** Ended by a zero byte. */
  text(value: string): Ptr;
  space(len: number): Ptr;
}

export class Core {
  private seen: Uint8Array = new Uint8Array(0);
  private seenView: DataView = new DataView(new ArrayBuffer(0));

  constructor(readonly x: Exports) {}

  /** All memory; do not keep over a call. */
  get memory(): Uint8Array {
    if (this.seen.buffer !== this.x.memory.buffer) this.seen = new Uint8Array(this.x.memory.buffer);
    return this.seen;
  }

  get view(): DataView {
    if (this.seenView.buffer !== this.x.memory.buffer) this.seenView = new DataView(this.x.memory.buffer);
    return this.seenView;
  }

  at(ptr: Ptr, len: number): Uint8Array {
    return this.memory.subarray(ptr, ptr + len);
  }

  read(ptr: Ptr, len: number): Bytes {
    return copyOf(this.at(ptr, len));
  }

  alloc(len: number): Ptr {
    const ptr = this.x.hearth_alloc(Math.max(1, len)) >>> 0;
    if (ptr === 0) throw new Error("out of memory");
    return ptr;
  }

  with<T>(fn: (scope: Scope) => T): T {
    const held: [Ptr, number][] = [];
    const space = (len: number): Ptr => {
      const ptr = this.alloc(len);
      held.push([ptr, len]);
      return ptr;
    };
    const bytes = (data: Uint8Array): Ptr => {
      const ptr = space(data.length);
      this.memory.set(data, ptr);
      return ptr;
    };
    try {
      return fn({ bytes, space, text: (value) => bytes(utf8(`${value}\0`)) });
    } finally {
      for (const [ptr, len] of held) {
        this.at(ptr, len).fill(0);
        this.x.hearth_free(ptr);
      }
    }
  }
}

/** What wasi-libc may ask for: nothing here has files, clocks or arguments. Unknown calls answer ENOSYS. */
export function wasiImports(module: WebAssembly.Module): WebAssembly.Imports {
  const ENOSYS = 52;
  const wasi: Record<string, (...args: number[]) => number> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from !== "wasi_snapshot_preview1") continue;
    wasi[name] =
      name === "proc_exit"
        ? () => {
            throw new Error("the module ended itself");
          }
        : () => ENOSYS;
  }
  return { wasi_snapshot_preview1: wasi };
}
