// The picture of one computer in the worker: messages in, changed rectangles out to the main thread, acks
// back to the host. What is not shown yet is merged, never queued: one frame is under way at a time.

import { create } from "@bufbuild/protobuf";
import type { Rights, SessionState, Use } from "../engine/api";
import { Code, type FromHost, type HostHello, type HostStats, ScreenAckSchema } from "../gen/session_pb";
import { Buttons } from "./buttons";
import { hex } from "./bytes";
import { nowUs } from "./channel";
import type { FromWorker, Input, ScreenEvent } from "./messages";
import { MAX_PIXELS, type Peer, type PeerUser } from "./peer";
import { area, joined, merge, RECTS_MOST, type Rect } from "./rects";
import { VIDEO_EVENT_BYTES, VIDEO_EVENTS_MOST, Videos } from "./video";
import { videoWay, type Way } from "./videoprobe";
import type { Core, Ptr } from "./wasm";

/** For exact tiles that the host may have kept here, 16 KiB each. */
const SLOTS = 1024;
/** codec.h: an exact pixel is not the computer's. */
const ERR_MISMATCH = -10;
const ENVELOPE_BYTES = 9;
const ENVELOPE_VERSION = 1;
const VIDEO_AT = 32 + RECTS_MOST * 16;
const DECODED_BYTES = VIDEO_AT + 4 + VIDEO_EVENTS_MOST * VIDEO_EVENT_BYTES;
/** The first picture does not wait longer for what the browser decodes. */
const VIDEO_WAIT_MS = 600;
const BAND_BYTES = 1 << 20;
const BUFFER_STEP = 64 * 1024;
/** A spare buffer that is more than so many times too large is not kept. */
const BUFFER_SLACK = 8;
const CODEC_MOST_PIXELS = 33 * 1024 * 1024;
const NO_PICTURE_MS = 3000;
const NUMBERS_MS = 500;
const HIDDEN_ACK_MS = 500;
const CLIPBOARD_MOST = 512 * 1024;
const RESET_PAUSE_MS = 500;

interface Mark {
  epoch: number;
  seq: number;
  receivedUs: number;
  decodedUs: number;
}

const PART = { $typeName: "hearth.session.ScreenAck" } as const;

export class Screen implements PeerUser {
  readonly screen = true;
  peer: Peer | null = null;
  private readonly out: Ptr;
  private readonly band: Ptr;
  private decoder: Ptr = 0;
  private guard: Ptr = 0;
  private readonly videos: Videos;
  private way: Way = { kinds: 0, acceleration: {} };
  private decoderPixels = 0;
  private picture = false;
  private width = 0;
  private height = 0;
  private canvas = false;
  private hidden = false;
  private waiting: Rect[] = [];
  private waitingMarks: Mark[] = [];
  private lastAcked: Mark | null = null;
  private input = 0;
  private frames = 0;
  private underWay: { frame: number; marks: Mark[] } | null = null;
  private spare: ArrayBuffer | null = null;
  private why: string | null = null;
  private hostWhy: string | null = null;
  private resetMs = 0;
  private clipboardSerial = 0n;
  private readonly pictureTimer: ReturnType<typeof setTimeout>;
  private readonly numbersTimer: ReturnType<typeof setInterval>;
  private readonly startedMs = performance.now();
  private readonly n = {
    connectMs: 0,
    firstFrameMs: 0,
    shown: 0,
    exact: 0,
    captureUs: 0,
    encodeUs: 0,
    decodeUs: 0,
    presentUs: 0,
  };
  private hostStats: HostStats | null = null;
  private lastFrames = 0;
  private lastBytes = 0;
  private lastNumbersMs = performance.now();
  private readonly buttons = new Buttons();
  private missedBefore = 0; // this gap began
  private unsent = { keys: 0, clicks: 0 };
  private motion: { input: number; x: number; y: number } | null = null; // the last place of the pointer
  private sessionState: SessionState = { is: "connecting", step: "finding" };

  constructor(
    private readonly core: Core,
    readonly session: number,
    public viewOnly: boolean,
    private readonly post: (message: FromWorker, transfer?: Transferable[]) => void,
  ) {
    this.out = core.alloc(DECODED_BYTES);
    this.band = core.alloc(BAND_BYTES);
    void videoWay();
    this.videos = new Videos(core, {
      painted: (rect) => this.painted(rect),
      wish: (wish) =>
        this.peer?.say({
          case: "videoControl",
          value: { $typeName: "hearth.session.VideoControl", ...wish },
        }),
    });
    this.pictureTimer = setTimeout(() => this.explain(), NO_PICTURE_MS);
    this.numbersTimer = setInterval(() => this.numbers(), NUMBERS_MS);
  }

  destroy(): void {
    clearTimeout(this.pictureTimer);
    clearInterval(this.numbersTimer);
    this.videos.drop();
    if (this.decoder !== 0) this.core.x.hearth_decoder_destroy(this.decoder);
    if (this.guard !== 0) this.core.x.hearth_guard_destroy(this.guard);
    this.core.x.hearth_free(this.out);
    this.core.x.hearth_free(this.band);
    this.decoder = 0;
    this.guard = 0;
    this.peer = null;
  }

  // ---- PeerUser

  get watched(): boolean {
    return this.canvas && !this.hidden;
  }

  state(state: SessionState): void {
    const was = this.sessionState.is;
    this.sessionState = state;
    this.tellState();
    if (was === "live" && state.is === "lost") {
      this.missedBefore = this.buttons.missed;
      this.tellUnsent(0);
    }
    // Where the pointer is by now, and without the buttons that were let go meanwhile.
    if (was === "lost" && state.is === "live" && this.motion) this.point(this.motion, this.buttons.mend());
  }

  keysLost(keys: number): void {
    this.tellUnsent(keys);
  }

  rights(rights: Rights): void {
    this.post({ is: "rights", session: this.session, rights });
  }

  begun(hello: HostHello): void {
    this.buttons.release();
    if (this.n.connectMs === 0) this.n.connectMs = performance.now() - this.startedMs;
    const pixels = hello.screen ? hello.screen.width * hello.screen.height : 0;
    this.renewDecoder(Math.min(CODEC_MOST_PIXELS, Math.max(MAX_PIXELS, pixels)));
    this.hostWhy = hello.screen ? null : hello.screenError?.message || "This computer has no screen to show.";
    void this.start();
    if (this.hostWhy !== null) this.explain();
  }

  resumed(): void {
    // The computer let go of everything when it lost sight of us.
    this.buttons.release();
    if (this.motion) this.point(this.motion, 0);
    // The lane of the screen starts over: the core reports the gap, and so does the host.
    if (this.guard !== 0) this.core.x.hearth_guard_lost(this.guard);
    this.reset("a new path");
  }

  heard(message: FromHost): void {
    const { body } = message;
    switch (body.case) {
      case "cursor": {
        const c = body.value;
        const whole =
          c.rgba.length > 0 && c.rgba.length === c.width * c.height * 4 && c.width <= 256 && c.height <= 256;
        this.event({
          is: "cursor",
          visible: c.visible,
          width: c.width,
          height: c.height,
          hotX: c.hotX,
          hotY: c.hotY,
          rgba: whole ? new Uint8Array(c.rgba) : null,
        });
        break;
      }
      case "clipboard":
        if (!body.value.tooLarge && body.value.text.length <= CLIPBOARD_MOST)
          this.event({ is: "clipboard", text: body.value.text });
        break;
      case "viewers": {
        const list: Use[] = body.value.viewers.map((v) => ({
          deviceId: hex(v.deviceId),
          name: v.name,
          sinceMs: Number(v.sinceMs),
          viewOnly: v.viewOnly,
        }));
        this.event({ is: "viewers", list });
        break;
      }
      case "stats":
        this.hostStats = body.value;
        break;
      case "screen":
        if (body.value.width * body.value.height > this.decoderPixels) {
          this.renewDecoder(Math.min(CODEC_MOST_PIXELS, body.value.width * body.value.height));
          this.start();
        }
        break;
      case "error":
        if (message.re !== 0) break;
        // The display went away, or was never there: a picture that comes later ends it.
        if (body.value.code === Code.UNAVAILABLE || !this.picture) {
          this.picture = false;
          this.hostWhy = body.value.message || "The computer cannot show its screen.";
          this.explain();
        }
        break;
      default:
        break;
    }
  }

  screenOpened(): void {
    this.waiting = [];
  }

  gap(): void {
    if (this.guard !== 0) this.core.x.hearth_guard_lost(this.guard);
    this.reset("messages were lost");
  }

  message(at: Ptr, len: number): void {
    const receivedUs = nowUs();
    if (this.decoder === 0 || this.guard === 0 || len < ENVELOPE_BYTES) return;
    const { view } = this.core;
    if (view.getUint8(at) !== ENVELOPE_VERSION) {
      this.hostWhy = "The computer speaks a newer version of Hearth. Reload this page.";
      this.explain();
      return;
    }
    const input = view.getUint32(at + 1, true);
    this.n.captureUs = view.getUint16(at + 5, true) * 10;
    this.n.encodeUs = view.getUint16(at + 7, true) * 10;
    const { x } = this.core;
    if (x.hearth_guard_message(this.guard, at + ENVELOPE_BYTES, len - ENVELOPE_BYTES, receivedUs) === 0) {
      this.senseless("too many messages");
      return;
    }
    const err = x.hearth_decoder_decode(this.decoder, at + ENVELOPE_BYTES, len - ENVELOPE_BYTES, this.out);
    const decodedUs = nowUs();
    if (err < 0) {
      const verdict = x.hearth_guard_error(this.guard, receivedUs);
      if (verdict === 0) this.reset(err === ERR_MISMATCH ? "exact pixels differ" : `not decoded (${err})`);
      else if (verdict === 2) this.senseless(`error ${err}`);
      return;
    }
    x.hearth_guard_good(this.guard);
    this.n.decodeUs = decodedUs - receivedUs;
    const now = this.core.view;
    const mark: Mark = {
      seq: now.getUint32(this.out, true),
      epoch: now.getUint32(this.out + 4, true),
      receivedUs,
      decodedUs,
    };
    const width = now.getInt32(this.out + 16, true);
    const height = now.getInt32(this.out + 20, true);
    const resized =
      now.getUint32(this.out + 12, true) !== 0 || width !== this.width || height !== this.height;
    this.n.exact = now.getUint32(this.out + 28, true) / 1000;
    this.input = input;
    let dirty: Rect[] = [];
    const count = Math.min(RECTS_MOST, now.getUint32(this.out + 24, true));
    for (let i = 0; i < count; i++) {
      const r = this.out + 32 + i * 16;
      dirty.push({
        x: now.getInt32(r, true),
        y: now.getInt32(r + 4, true),
        w: now.getInt32(r + 8, true),
        h: now.getInt32(r + 12, true),
      });
    }
    this.videos.take(this.decoder, this.way, this.out + VIDEO_AT, now.getUint32(this.out + 12, true) !== 0);
    if (resized) {
      this.width = width;
      this.height = height;
      this.event({ is: "size", width, height });
      dirty = [{ x: 0, y: 0, w: width, h: height }];
      this.waiting = [];
    }
    this.n.shown++;
    if (!this.picture) {
      this.picture = true;
      this.hostWhy = null;
      this.why = null;
      this.event({ is: "noPicture", why: null });
      this.tellState();
    }
    if (!this.canvas) {
      this.acknowledge([mark], decodedUs);
      return;
    }
    this.waiting = merge(this.waiting, dirty);
    this.waitingMarks.push(mark);
    this.show();
  }

  // ---- from the main thread

  shown(canvas: boolean, hidden: boolean): void {
    const appeared = canvas && !this.canvas;
    const turned = hidden !== this.hidden;
    this.canvas = canvas;
    this.hidden = hidden;
    this.peer?.watchedChanged();
    // Said again with what changed: the host goes slower, or as fast as it can, from here on.
    if (turned && this.lastAcked) this.acknowledge([this.lastAcked], nowUs());
    if (!canvas) {
      this.acknowledge(this.waitingMarks, nowUs());
      this.waiting = [];
      this.waitingMarks = [];
    } else if (appeared && this.picture) {
      this.event({ is: "size", width: this.width, height: this.height });
      this.waiting = [{ x: 0, y: 0, w: this.width, h: this.height }];
      this.show();
    }
  }

  presented(frame: number, atUs: number, buffer: ArrayBuffer): void {
    if (this.underWay?.frame !== frame) return;
    const { marks } = this.underWay;
    this.underWay = null;
    this.spare = buffer;
    const last = marks[marks.length - 1];
    if (last) this.n.presentUs = Math.max(0, atUs - last.decodedUs);
    if (this.n.firstFrameMs === 0) this.n.firstFrameMs = performance.now() - this.startedMs;
    if (this.hidden) setTimeout(() => this.acknowledge(marks, atUs), HIDDEN_ACK_MS);
    else this.acknowledge(marks, atUs);
    if (this.waiting.length > 0 || this.waitingMarks.length > 0) this.show();
  }

  setViewOnly(on: boolean): void {
    if (on === this.viewOnly) return;
    this.viewOnly = on;
    if (!on) this.peer?.askControl();
  }

  send(input: Input): void {
    const peer = this.peer;
    if (!peer || this.viewOnly) return;
    switch (input.is) {
      case "key":
        peer.input(
          {
            case: "key",
            value: {
              $typeName: "hearth.session.Key",
              input: input.input,
              down: input.down,
              code: input.code,
              keysym: input.keysym,
              text: input.text,
              locks: input.locks,
            },
          },
          input.down ? 1 : 0,
        );
        break;
      case "pointer": {
        this.motion = input;
        const buttons = this.buttons.take(input.buttons, peer.reached);
        if (buttons !== null) this.point(input, buttons);
        else this.tellUnsent(0);
        break;
      }
      case "motion": {
        const buttons = this.buttons.take(input.buttons, peer.reached);
        if (buttons === null) {
          this.tellUnsent(0);
          break;
        }
        const { dx, dy } = input;
        const value = { $typeName: "hearth.session.Motion", input: input.input, dx, dy, buttons } as const;
        peer.motion({ case: "motion", value }, `motion ${buttons}`);
        break;
      }
      case "wheel":
        // Turning it further later would scroll from where nobody looked.
        if (!peer.reached) break;
        peer.input(
          {
            case: "wheel",
            value: {
              $typeName: "hearth.session.Wheel",
              input: input.input,
              x: input.x,
              y: input.y,
              dx120: input.dx,
              dy120: input.dy,
            },
          },
          0,
        );
        break;
      case "text":
        peer.input(
          { case: "text", value: { $typeName: "hearth.session.Text", input: input.input, text: input.text } },
          [...input.text].length,
        );
        break;
      case "release":
        this.buttons.release();
        peer.input(
          { case: "releaseAll", value: { $typeName: "hearth.session.ReleaseAll", input: input.input } },
          0,
        );
        break;
    }
  }

  /** Motion under the same buttons is replaced by newer motion while it waits. */
  private point(at: { input: number; x: number; y: number }, buttons: number): void {
    const { input, x, y } = at;
    const value = { $typeName: "hearth.session.Pointer", input, x, y, buttons } as const;
    this.peer?.motion({ case: "pointer", value }, `pointer ${buttons}`);
  }

  /** What this gap cost; told again when it grows. */
  private tellUnsent(keys: number): void {
    const clicks = this.buttons.missed - this.missedBefore;
    if (keys === this.unsent.keys && clicks === this.unsent.clicks) return;
    this.unsent = { keys, clicks };
    this.event({ is: "unsent", ...this.unsent });
  }

  sendClipboard(text: string): void {
    this.clipboardSerial++;
    const tooLarge = new TextEncoder().encode(text).length > CLIPBOARD_MOST;
    this.peer?.say({
      case: "clipboard",
      value: {
        $typeName: "hearth.session.Clipboard",
        serial: this.clipboardSerial,
        text: tooLarge ? "" : text,
        tooLarge,
      },
    });
  }

  // ---- inside

  private event(event: ScreenEvent, transfer?: Transferable[]): void {
    this.post({ is: "screen", session: this.session, event }, transfer);
  }

  /** For people the session lives when there is a picture, or when it is known why there is none. */
  private tellState(): void {
    const state = this.sessionState;
    const shown: SessionState =
      state.is === "live" && !this.picture && this.why === null
        ? { is: "connecting", step: "picture" }
        : state;
    this.post({ is: "session", session: this.session, state: shown });
  }

  private setWhy(why: string | null): void {
    if (this.why === why) return;
    this.why = why;
    this.event({ is: "noPicture", why });
    this.tellState();
  }

  private explain(): void {
    if (this.picture) return;
    const name = this.peer?.name ?? "The computer";
    const state = this.sessionState;
    if (this.hostWhy !== null) this.setWhy(this.hostWhy);
    else if (state.is === "live")
      this.setWhy(`${name} is connected but has sent no picture yet. Check that its screen is on.`);
    else if (state.is === "connecting")
      this.setWhy(
        state.step === "finding"
          ? `The server has not reached ${name} yet. Check that it is switched on and connected.`
          : `${name} was found and the secure connection is still being made. A slow network can be the cause.`,
      );
  }

  private async start(): Promise<void> {
    const { peer } = this;
    this.way = await Promise.race([
      videoWay(),
      new Promise<Way>((resolve) => setTimeout(resolve, VIDEO_WAIT_MS, this.way)),
    ]);
    if (this.peer !== peer) return;
    peer?.say({
      case: "screenStart",
      value: {
        $typeName: "hearth.session.ScreenStart",
        maxPixels: this.decoderPixels,
        cacheSlots: SLOTS,
        video: this.way.kinds,
      },
    });
  }

  /** The computer errs again and again, or floods. */
  private senseless(what: string): void {
    this.peer?.end(
      "error",
      `${this.peer.name} sends pictures that make no sense (${what}). Update Hearth there, and reload this page.`,
    );
  }

  private reset(reason: string): void {
    const now = performance.now();
    if (now - this.resetMs < RESET_PAUSE_MS) return;
    this.resetMs = now;
    this.peer?.say({ case: "screenReset", value: { $typeName: "hearth.session.ScreenReset", reason } });
  }

  private renewDecoder(pixels: number): void {
    this.videos.drop();
    this.lastAcked = null;
    if (this.decoder !== 0) this.core.x.hearth_decoder_destroy(this.decoder);
    this.decoder = this.core.x.hearth_decoder_create(pixels, SLOTS);
    this.decoderPixels = pixels;
    if (this.guard !== 0) this.core.x.hearth_guard_destroy(this.guard);
    this.guard = this.core.x.hearth_guard_create();
    if (this.decoder === 0) {
      this.hostWhy = "There is not enough memory in this browser for so large a screen.";
      this.explain();
    }
  }

  /** Pixels of a video came, some time after their message. */
  private painted(rect: Rect): void {
    if (!this.canvas) return;
    this.waiting = merge(this.waiting, [rect]);
    this.show();
  }

  private show(): void {
    if (!this.canvas || this.underWay || this.decoder === 0) return;
    const rects = joined(this.waiting);
    const marks = this.waitingMarks;
    this.waiting = [];
    this.waitingMarks = [];
    if (rects.length === 0) {
      this.acknowledge(marks, nowUs());
      return;
    }
    const buffer = this.buffer(area(rects) * 4);
    const target = new Uint8Array(buffer);
    let at = 0;
    const list: number[] = [];
    for (const r of rects) {
      list.push(r.x, r.y, r.w, r.h);
      const step = Math.max(1, Math.floor(BAND_BYTES / (r.w * 4)));
      for (let y = 0; y < r.h; y += step) {
        const h = Math.min(step, r.h - y);
        const len = this.core.x.hearth_decoder_copy(
          this.decoder,
          r.x,
          r.y + y,
          r.w,
          h,
          this.band,
          BAND_BYTES,
        );
        if (len < 0) {
          this.reset(`not copied (${len})`);
          return;
        }
        target.set(this.core.at(this.band, len), at);
        at += len;
      }
    }
    this.frames++;
    this.underWay = { frame: this.frames, marks };
    this.event({ is: "frame", frame: this.frames, rects: list, buffer, input: this.input }, [buffer]);
  }

  /** Of all that were shown together the last is told: an ACK covers those before it. */
  private acknowledge(marks: Mark[], presentedUs: number): void {
    const mark = marks[marks.length - 1];
    if (!mark || !this.peer?.live) return;
    this.lastAcked = mark;
    this.peer.say({
      case: "screenAck",
      value: create(ScreenAckSchema, {
        ...PART,
        epoch: mark.epoch,
        seq: mark.seq,
        receivedUs: BigInt(mark.receivedUs),
        decodedUs: BigInt(mark.decodedUs),
        presentedUs: BigInt(Math.max(mark.decodedUs, Math.round(presentedUs))),
        hidden: this.hidden || !this.canvas,
        queue: this.waitingMarks.length + (this.underWay?.marks.length ?? 0),
      }),
    });
  }

  private buffer(len: number): ArrayBuffer {
    const { spare } = this;
    this.spare = null;
    if (spare && spare.byteLength >= len && spare.byteLength <= BUFFER_SLACK * (len + BUFFER_STEP))
      return spare;
    return new ArrayBuffer(Math.ceil(len / BUFFER_STEP) * BUFFER_STEP);
  }

  private numbers(): void {
    const now = performance.now();
    const seconds = (now - this.lastNumbersMs) / 1000;
    const stats = this.peer?.stats() ?? null;
    const bytesIn = stats?.bytesIn ?? this.lastBytes;
    const numbers = {
      connectMs: this.n.connectMs,
      firstFrameMs: this.n.firstFrameMs,
      frames: this.n.shown,
      bytesIn,
      bytesOut: stats?.bytesOut ?? 0,
      rttMs: (stats?.rttUs ?? 0) / 1000,
      exactShare: this.n.exact,
      codec: `${this.hostStats?.codec || "hearth"}${this.videos.playing ? " + H.264" : ""}`,
      framesPerS: (this.n.shown - this.lastFrames) / seconds,
      bitsPerS: (Math.max(0, bytesIn - this.lastBytes) * 8) / seconds,
      captureMs: this.n.captureUs / 1000,
      encodeMs: this.n.encodeUs / 1000,
      decodeMs: this.n.decodeUs / 1000,
      presentMs: this.n.presentUs / 1000,
    };
    this.lastFrames = this.n.shown;
    this.lastBytes = bytesIn;
    this.lastNumbersMs = now;
    this.event({ is: "numbers", numbers });
  }
}
