// One sealed session: the C core between a relay pipe and whoever uses its streams. It moves bytes and
// events, nothing else; who may connect and when to resume is decided in peer.ts.

import { type Bytes, textOf } from "./bytes";
import { nowUs } from "./clock";
import type { Core, Ptr } from "./core";
import type { Pipe } from "./relay";

const RECORD_MAX = 10 + 16_384 + 16;
const RECORD_BUFFER = 17_000;
/** Larger than a stream's queue, so that a short write is the core's word. */
const WRITE_BUFFER = (256 << 10) + 1;
const EVENT_BYTES = 72;
/** What lies in the socket cannot be overtaken by a key press: keep it small. */
const PIPE_FULL_BYTES = 32 * 1024;
/** After so many empty looks at a full pipe, look by timer and not by message. */
const EAGER_POLLS = 64;

export const LANE = { interactive: 0, screen: 1, bulk: 2 } as const;
export const KIND = { control: 1, screen: 2, file: 3 } as const;

const EVENT = {
  WANT_DH: 1,
  VERDICT: 2,
  OPEN: 3,
  PATH_UP: 4,
  PATH_DOWN: 5,
  STREAM_OPENED: 6,
  STREAM_DATA: 7,
  STREAM_FINISHED: 8,
  STREAM_RESET: 9,
  STREAM_STOPPED: 10,
  STREAM_WRITABLE: 11,
  MESSAGE: 12,
  MESSAGE_GAP: 13,
  RTT: 14,
  CLOSED: 15,
} as const;

export interface ChannelConfig {
  sessionId: Bytes;
  prologue: Bytes;
  localPublic: Bytes;
  peerPublic: Bytes;
  payload: Bytes;
}

/** Bytes given to data and message are a view: good until the handler returns or calls into the channel. */
export interface ChannelHandler {
  /** A record came; what it holds follows. */
  heard(): void;
  wantDh(point: Bytes): void;
  verdict(payload: Bytes): void;
  open(): void;
  pathUp(): void;
  pathDown(error: number): void;
  streamOpened(stream: number, kind: number, param: number): void;
  data(stream: number, bytes: Uint8Array): void;
  finished(stream: number): void;
  reset(stream: number, code: number): void;
  stopped(stream: number, code: number): void;
  writable(stream: number): void;
  message(stream: number, at: Ptr, len: number): void;
  gap(stream: number): void;
  closed(error: number, text: string): void;
}

export interface ChannelStats {
  bytesIn: number;
  bytesOut: number;
  rttUs: number;
  unackedInteractive: number;
  unackedBulk: number;
  /** Records of lane I: the next one, and the first that is not acknowledged. */
  sealed: number;
  acked: number;
}

export class Channel {
  private session: Ptr;
  private readonly incoming: Ptr;
  private readonly outgoing: Ptr;
  private readonly event: Ptr;
  private writing: Ptr = 0;
  private pipe: Pipe | null = null;
  private path = -1;
  private draining = false;
  private polling = false;
  private polls = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timerDueUs = 0;
  private readonly poller = new MessageChannel();

  constructor(
    private readonly core: Core,
    config: ChannelConfig,
    private readonly handler: ChannelHandler,
  ) {
    this.session = core.with((s) =>
      core.x.hearth_session_create(
        s.bytes(config.sessionId),
        s.bytes(config.prologue),
        config.prologue.length,
        s.bytes(config.localPublic),
        s.bytes(config.peerPublic),
        s.bytes(config.payload),
        config.payload.length,
        nowUs(),
      ),
    );
    if (this.session === 0) throw new Error("out of memory");
    this.incoming = core.alloc(RECORD_BUFFER);
    this.outgoing = core.alloc(RECORD_BUFFER);
    this.event = core.alloc(EVENT_BYTES);
    this.poller.port1.onmessage = () => {
      this.polling = false;
      this.pump();
    };
  }

  destroy(): void {
    if (this.session === 0) return;
    this.dropPipe();
    clearTimeout(this.timer);
    this.poller.port1.close();
    this.core.x.hearth_session_destroy(this.session);
    for (const ptr of [this.incoming, this.outgoing, this.event, this.writing]) this.core.x.hearth_free(ptr);
    this.session = 0;
  }

  get alive(): boolean {
    return this.session !== 0;
  }

  /** Open: the handshake is over and it has not ended. */
  get open(): boolean {
    return this.session !== 0 && this.core.x.hearth_session_state(this.session) === 1;
  }

  attach(pipe: Pipe): void {
    if (this.session === 0) {
      pipe.close();
      return;
    }
    this.dropPipe();
    const path = this.core.x.hearth_session_path_add(this.session, nowUs());
    if (path < 0) {
      pipe.close();
      return;
    }
    this.pipe = pipe;
    this.path = path;
    pipe.onrecord = (record) => {
      if (this.pipe === pipe) this.receive(record);
    };
    pipe.onclosed = () => {
      if (this.pipe === pipe) this.lose(0);
    };
    this.pump();
  }

  /** The pipe is gone or is taken for dead: tells the core and the handler. */
  lose(error: number): void {
    if (!this.pipe || this.session === 0) return;
    const path = this.path;
    this.dropPipe();
    this.core.x.hearth_session_path_lost(this.session, path, nowUs());
    this.drain();
    this.handler.pathDown(error);
  }

  giveDh(shared: Bytes): void {
    this.call((s) => this.core.with((scope) => this.core.x.hearth_session_give_dh(s, scope.bytes(shared))));
  }

  verdict(accept: boolean): void {
    this.call((s) => this.core.x.hearth_session_verdict(s, accept ? 1 : 0));
  }

  close(reason: number, text: string): void {
    this.call((s) => {
      this.core.with((scope) => this.core.x.hearth_session_close(s, reason, scope.text(text)));
      return 0;
    });
  }

  openStream(lane: number, kind: number, param: number): number {
    return this.call((s) => this.core.x.hearth_stream_open(s, lane, kind, param));
  }

  /** How many bytes were taken; below zero an error. After fewer than offered, writable follows. */
  write(stream: number, data: Uint8Array): number {
    return this.call((s) => {
      // One byte more than there is room for makes the core say when there is room again.
      const room = this.core.x.hearth_stream_writable(s, stream);
      const len = Math.min(data.length, room + 1, WRITE_BUFFER);
      if (this.writing === 0) this.writing = this.core.alloc(WRITE_BUFFER);
      this.core.memory.set(data.subarray(0, len), this.writing);
      return this.core.x.hearth_stream_write(s, stream, this.writing, len);
    });
  }

  finish(stream: number): void {
    this.call((s) => this.core.x.hearth_stream_finish(s, stream));
  }

  reset(stream: number, code: number): void {
    this.call((s) => this.core.x.hearth_stream_reset(s, stream, code));
  }

  stop(stream: number, code: number): void {
    this.call((s) => this.core.x.hearth_stream_stop(s, stream, code));
  }

  consumed(stream: number, len: number): void {
    this.call((s) => this.core.x.hearth_stream_consumed(s, stream, len));
  }

  stats(): ChannelStats {
    if (this.session === 0)
      return {
        bytesIn: 0,
        bytesOut: 0,
        rttUs: 0,
        unackedInteractive: 0,
        unackedBulk: 0,
        sealed: 0,
        acked: 0,
      };
    return this.core.with((s) => {
      const at = s.space(80);
      this.core.x.hearth_session_stats(this.session, at);
      const view = this.core.view;
      return {
        bytesIn: view.getFloat64(at, true),
        bytesOut: view.getFloat64(at + 8, true),
        rttUs: view.getUint32(at + 40, true),
        unackedInteractive: view.getUint32(at + 48, true),
        unackedBulk: view.getUint32(at + 56, true),
        sealed: view.getFloat64(at + 64, true),
        acked: view.getFloat64(at + 72, true),
      };
    });
  }

  private call(fn: (session: Ptr) => number): number {
    if (this.session === 0) return -8;
    const result = fn(this.session);
    this.drain();
    return result;
  }

  private receive(record: Bytes): void {
    if (record.length > RECORD_MAX) {
      this.lose(-2);
      return;
    }
    this.handler.heard();
    this.core.memory.set(record, this.incoming);
    this.core.x.hearth_session_receive(this.session, this.path, this.incoming, record.length, nowUs());
    this.drain();
  }

  /** Events until there are none, then whatever they made us send. Handlers may call in again. */
  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    try {
      while (this.session !== 0 && this.core.x.hearth_session_event(this.session, this.event))
        this.dispatch();
    } finally {
      this.draining = false;
    }
    this.pump();
  }

  private dispatch(): void {
    const view = this.core.view;
    const at = this.event;
    const type = view.getUint32(at, true);
    const stream = view.getUint32(at + 4, true);
    const error = view.getInt32(at + 20, true);
    const data = view.getUint32(at + 24, true);
    const len = view.getUint32(at + 28, true);
    const param = view.getFloat64(at + 32, true);
    const { handler } = this;
    switch (type) {
      case EVENT.WANT_DH:
        handler.wantDh(this.core.read(at + 40, 32));
        break;
      case EVENT.VERDICT:
        handler.verdict(this.core.read(data, len));
        break;
      case EVENT.OPEN:
        handler.open();
        break;
      case EVENT.PATH_UP:
        handler.pathUp();
        break;
      case EVENT.PATH_DOWN:
        if (this.pipe && view.getInt32(at + 16, true) === this.path) {
          this.dropPipe();
          handler.pathDown(error);
        }
        break;
      case EVENT.STREAM_OPENED:
        handler.streamOpened(stream, view.getUint32(at + 12, true), param);
        break;
      case EVENT.STREAM_DATA:
        handler.data(stream, this.core.at(data, len));
        break;
      case EVENT.STREAM_FINISHED:
        handler.finished(stream);
        break;
      case EVENT.STREAM_RESET:
        handler.reset(stream, param);
        break;
      case EVENT.STREAM_STOPPED:
        handler.stopped(stream, param);
        break;
      case EVENT.STREAM_WRITABLE:
        handler.writable(stream);
        break;
      case EVENT.MESSAGE:
        handler.message(stream, data, len);
        break;
      case EVENT.MESSAGE_GAP:
        handler.gap(stream);
        break;
      case EVENT.CLOSED:
        handler.closed(error, len > 0 ? textOf(this.core.read(data, len)) : "");
        break;
      default:
        break;
    }
  }

  private pump(): void {
    if (this.session === 0 || this.draining) return;
    const { pipe } = this;
    let full = false;
    while (pipe && this.pipe === pipe) {
      if (pipe.bufferedAmount > PIPE_FULL_BYTES) {
        full = true;
        break;
      }
      const len = this.core.x.hearth_session_send(
        this.session,
        this.path,
        this.outgoing,
        RECORD_BUFFER,
        nowUs(),
      );
      if (len <= 0) break;
      pipe.send(this.core.read(this.outgoing, len));
      this.polls = 0;
    }
    if (full) this.poll();
    // Sending may have made room in a stream.
    if (this.core.x.hearth_session_event(this.session, this.event)) {
      this.draining = true;
      try {
        this.dispatch();
      } finally {
        this.draining = false;
      }
      this.drain();
      return;
    }
    this.arm();
  }

  private poll(): void {
    if (this.polling) return;
    this.polling = true;
    if (this.polls++ < EAGER_POLLS) {
      this.poller.port2.postMessage(null);
    } else {
      setTimeout(() => {
        this.polling = false;
        this.pump();
      }, 2);
    }
  }

  /** A timer that fires no later is left alone: a tick too early does nothing, and finds the next deadline. */
  private arm(): void {
    if (this.session === 0) return;
    const deadline = this.core.x.hearth_session_deadline_us(this.session);
    if (deadline < 0 || (this.timer !== undefined && this.timerDueUs <= deadline)) return;
    clearTimeout(this.timer);
    const now = nowUs();
    const waitMs = Math.min(60_000, Math.max(0, (deadline - now) / 1000));
    this.timerDueUs = now + waitMs * 1000;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.session === 0) return;
      this.core.x.hearth_session_tick(this.session, nowUs());
      this.drain();
    }, waitMs);
  }

  private dropPipe(): void {
    const { pipe } = this;
    this.pipe = null;
    this.path = -1;
    if (!pipe) return;
    pipe.onrecord = () => undefined;
    pipe.onclosed = () => undefined;
    pipe.close();
  }
}
