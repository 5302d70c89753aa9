// The picture of one computer: messages in, changed rectangles out to the main thread. It has a worker of its own,
// so that no key waits behind a picture that is being decoded. What is not shown yet is merged, never queued:
// one frame is under way at a time.

import { nowUs } from "../worker/clock";
import type { Core, Ptr } from "../worker/core";
import {
  type Figures,
  type Mark,
  type News,
  type Order,
  type PictureEvent,
  type Shown,
  SLOTS,
} from "./messages";
import { area, joined, merge, RECTS_MOST, type Rect } from "./rects";
import { VIDEO_EVENT_BYTES, VIDEO_EVENTS_MOST, Videos } from "./video";
import type { Way } from "./videoprobe";

/** codec.h: an exact pixel is not the computer's. */
const ERR_MISMATCH = -10;
const ENVELOPE_BYTES = 9;
const ENVELOPE_VERSION = 1;
const VIDEO_AT = 32 + RECTS_MOST * 16;
const DECODED_BYTES = VIDEO_AT + 4 + VIDEO_EVENTS_MOST * VIDEO_EVENT_BYTES;
const BAND_BYTES = 1 << 20;
const INPUT_STEP = 64 * 1024;
const BUFFER_STEP = 64 * 1024;
/** A spare buffer that is more than so many times too large is not kept. */
const BUFFER_SLACK = 8;

export interface PictureUser {
  news(news: News): void;
  event(event: PictureEvent, transfer?: Transferable[]): void;
}

export class Picture {
  private readonly out: Ptr;
  private readonly band: Ptr;
  private input: Ptr = 0;
  private inputBytes = 0;
  private decoder: Ptr = 0;
  private guard: Ptr = 0;
  private readonly videos: Videos;
  private run = 0;
  private width = 0;
  private height = 0;
  private canvas = false;
  private waiting: Rect[] = [];
  private waitingMark: Mark | null = null;
  private waitingCount = 0;
  private lastInput = 0;
  private frames = 0;
  private underWay = 0; // the frame on the main thread; 0: none
  private spare: ArrayBuffer | null = null;

  constructor(
    private readonly core: Core,
    private readonly way: () => Way,
    private readonly user: PictureUser,
  ) {
    this.out = core.alloc(DECODED_BYTES);
    this.band = core.alloc(BAND_BYTES);
    this.videos = new Videos(core, {
      painted: (rect) => this.painted(rect),
      wish: (wish) => user.news({ is: "wish", run: this.run, wish }),
    });
  }

  take(order: Order): void {
    switch (order.is) {
      case "renew":
        this.renew(order.run, order.pixels);
        break;
      case "message":
        this.message(order.data, order.receivedUs);
        break;
      case "lost":
        if (this.guard !== 0) this.core.x.hearth_guard_lost(this.guard);
        break;
      case "canvas":
        this.setCanvas(order.on);
        break;
    }
  }

  presented(frame: number, buffer: ArrayBuffer): void {
    this.spare = buffer;
    if (frame !== this.underWay) return;
    this.underWay = 0;
    if (this.waiting.length === 0 && !this.waitingMark) return;
    const shown = this.show();
    if (shown) this.user.news({ is: "shown", run: this.run, shown });
  }

  private renew(run: number, pixels: number): void {
    const { x } = this.core;
    this.run = run;
    this.videos.drop();
    this.waiting = [];
    this.waitingMark = null;
    this.waitingCount = 0;
    if (this.decoder !== 0) x.hearth_decoder_destroy(this.decoder);
    this.decoder = x.hearth_decoder_create(pixels, SLOTS);
    if (this.guard !== 0) x.hearth_guard_destroy(this.guard);
    this.guard = x.hearth_guard_create();
    if (this.decoder === 0 || this.guard === 0) this.user.news({ is: "noMemory" });
  }

  private setCanvas(on: boolean): void {
    const appeared = on && !this.canvas;
    this.canvas = on;
    if (appeared && this.width > 0) {
      this.user.event({ is: "size", width: this.width, height: this.height });
      this.waiting = [{ x: 0, y: 0, w: this.width, h: this.height }];
    } else if (on) {
      return;
    } else {
      this.waiting = [];
    }
    const shown = this.show();
    if (shown) this.user.news({ is: "shown", run: this.run, shown });
  }

  /** The message into the module's memory. */
  private put(data: Uint8Array): Ptr {
    if (this.inputBytes < data.length) {
      if (this.input !== 0) this.core.x.hearth_free(this.input);
      this.inputBytes = Math.ceil(data.length / INPUT_STEP) * INPUT_STEP;
      this.input = this.core.alloc(this.inputBytes);
    }
    this.core.memory.set(data, this.input);
    return this.input;
  }

  private message(data: ArrayBuffer, receivedUs: number): void {
    const bytes = data.byteLength;
    const told = bytes < ENVELOPE_BYTES ? null : this.decode(new Uint8Array(data), receivedUs);
    const shown = told && this.show();
    this.user.news({ is: "decoded", run: this.run, bytes, figures: told, shown });
  }

  private decode(data: Uint8Array, receivedUs: number): Figures | null {
    const { x } = this.core;
    const { run } = this;
    if (this.decoder === 0 || this.guard === 0) return null;
    const envelope = new DataView(data.buffer);
    if (envelope.getUint8(0) !== ENVELOPE_VERSION) {
      this.user.news({ is: "newer" });
      return null;
    }
    const at = this.put(data) + ENVELOPE_BYTES;
    const len = data.length - ENVELOPE_BYTES;
    if (x.hearth_guard_message(this.guard, at, len, receivedUs) === 0) {
      this.user.news({ is: "senseless", run, what: "too many messages" });
      return null;
    }
    const begunUs = nowUs();
    const err = x.hearth_decoder_decode(this.decoder, at, len, this.out);
    const decodedUs = nowUs();
    if (err < 0) {
      const verdict = x.hearth_guard_error(this.guard, receivedUs);
      if (verdict === 0) {
        const reason = err === ERR_MISMATCH ? "exact pixels differ" : `not decoded (${err})`;
        this.user.news({ is: "reset", run, reason });
      } else if (verdict === 2) {
        this.user.news({ is: "senseless", run, what: `error ${err}` });
      }
      return null;
    }
    x.hearth_guard_good(this.guard);
    this.decoded({ epoch: 0, seq: 0, receivedUs, decodedUs });
    this.lastInput = envelope.getUint32(1, true);
    return {
      captureUs: envelope.getUint16(5, true) * 10,
      encodeUs: envelope.getUint16(7, true) * 10,
      decodeUs: decodedUs - begunUs,
      exact: this.core.view.getUint32(this.out + 28, true) / 1000,
      playing: this.videos.playing,
    };
  }

  /** What the decoder wrote to out joins what waits to be shown. */
  private decoded(mark: Mark): void {
    const { view } = this.core;
    mark.seq = view.getUint32(this.out, true);
    mark.epoch = view.getUint32(this.out + 4, true);
    const begins = view.getUint32(this.out + 12, true) !== 0;
    const width = view.getInt32(this.out + 16, true);
    const height = view.getInt32(this.out + 20, true);
    let dirty: Rect[] = [];
    const count = Math.min(RECTS_MOST, view.getUint32(this.out + 24, true));
    for (let i = 0; i < count; i++) {
      const r = this.out + 32 + i * 16;
      dirty.push({
        x: view.getInt32(r, true),
        y: view.getInt32(r + 4, true),
        w: view.getInt32(r + 8, true),
        h: view.getInt32(r + 12, true),
      });
    }
    this.videos.take(this.decoder, this.way(), this.out + VIDEO_AT, begins);
    if (begins || width !== this.width || height !== this.height) {
      this.width = width;
      this.height = height;
      this.user.event({ is: "size", width, height });
      dirty = [{ x: 0, y: 0, w: width, h: height }];
      this.waiting = [];
    }
    if (this.canvas) this.waiting = merge(this.waiting, dirty);
    this.waitingMark = mark;
    this.waitingCount++;
  }

  /** Pixels of a video came, some time after their message. */
  private painted(rect: Rect): void {
    if (!this.canvas) return;
    this.waiting = merge(this.waiting, [rect]);
    const shown = this.show();
    if (shown) this.user.news({ is: "shown", run: this.run, shown });
  }

  /** All that waits, unless a frame is under way. The session is told of it by the caller. */
  private show(): Shown | null {
    const mark = this.waitingMark;
    const shown = mark && { frame: 0, mark, count: this.waitingCount };
    if (this.canvas && this.waiting.length > 0) {
      if (this.underWay !== 0 || this.decoder === 0) return null;
      const rects = joined(this.waiting);
      this.waiting = [];
      const buffer = this.pixels(rects);
      if (!buffer) return null;
      this.frames++;
      this.underWay = this.frames;
      if (shown) shown.frame = this.frames;
      this.user.event(
        {
          is: "frame",
          frame: this.frames,
          rects: rects.flatMap((r) => [r.x, r.y, r.w, r.h]),
          buffer,
          input: this.lastInput,
        },
        [buffer],
      );
    }
    this.waitingMark = null;
    this.waitingCount = 0;
    return shown;
  }

  private pixels(rects: Rect[]): ArrayBuffer | null {
    const buffer = this.buffer(area(rects) * 4);
    const target = new Uint8Array(buffer);
    let at = 0;
    for (const r of rects) {
      const step = Math.max(1, Math.floor(BAND_BYTES / (r.w * 4)));
      for (let y = 0; y < r.h; y += step) {
        const h = Math.min(step, r.h - y);
        const { x } = this.core;
        const len = x.hearth_decoder_copy(this.decoder, r.x, r.y + y, r.w, h, this.band, BAND_BYTES);
        if (len < 0) {
          this.user.news({ is: "reset", run: this.run, reason: `not copied (${len})` });
          return null;
        }
        target.set(this.core.at(this.band, len), at);
        at += len;
      }
    }
    return buffer;
  }

  private buffer(len: number): ArrayBuffer {
    const { spare } = this;
    this.spare = null;
    if (spare && spare.byteLength >= len && spare.byteLength <= BUFFER_SLACK * (len + BUFFER_STEP))
      return spare;
    return new ArrayBuffer(Math.ceil(len / BUFFER_STEP) * BUFFER_STEP);
  }
}
