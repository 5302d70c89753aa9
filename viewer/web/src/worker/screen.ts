// The screen of one computer in its session: its news to the main thread, its messages to the worker that decodes
// them, and acks back to the host for what was shown.

import { create } from "@bufbuild/protobuf";
import type { Rights, SessionState, Use } from "../engine/api";
import { Code, type FromHost, type HostHello, type HostStats, ScreenAckSchema } from "../gen/session_pb";
import { type Figures, type Mark, type News, type Order, type Shown, SLOTS } from "../picture/messages";
import { hex } from "./bytes";
import { nowUs } from "./clock";
import type { Core, Ptr } from "./core";
import { Hands } from "./hands";
import type { FromWorker, Input, ScreenEvent } from "./messages";
import { MAX_PIXELS, type Peer, type PeerUser } from "./peer";

/** The first picture does not wait longer for what the browser decodes. */
const VIDEO_WAIT_MS = 600;
/** Messages that are not decoded yet; a host of ours has at most 4 MiB under way. */
const UNDECODED_MOST_BYTES = 32 << 20;
const CODEC_MOST_PIXELS = 33 * 1024 * 1024;
const NO_PICTURE_MS = 3000;
const NUMBERS_MS = 500;
const HIDDEN_ACK_MS = 500;
const CLIPBOARD_MOST = 512 * 1024;
const RESET_PAUSE_MS = 500;

const PART = { $typeName: "hearth.session.ScreenAck" } as const;

export class Screen implements PeerUser {
  readonly screen = true;
  peer: Peer | null = null;
  private readonly kinds: Promise<number>;
  private kindsFound: (kinds: number) => void = () => undefined;
  private run = 0;
  private pixels = 0; // the most that the decoder takes
  private undecoded = 0;
  private behind = 0; // messages that came and are not shown
  private picture = false;
  private canvas = false;
  private hidden = false;
  private lastAcked: Mark | null = null;
  private readonly underWay = new Map<number, Shown>();
  private newest = { frame: 0, atUs: 0 }; // that the main thread has put
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
    playing: false,
  };
  private hostStats: HostStats | null = null;
  private lastFrames = 0;
  private lastBytes = 0;
  private lastNumbersMs = performance.now();
  private readonly hands = new Hands(
    () => this.peer,
    (event) => this.event(event),
  );
  private sessionState: SessionState = { is: "connecting", step: "finding" };

  /** port: to the worker that decodes. */
  constructor(
    private readonly core: Core,
    private readonly port: MessagePort,
    readonly session: number,
    public viewOnly: boolean,
    private readonly post: (message: FromWorker) => void,
  ) {
    this.kinds = new Promise((resolve) => {
      this.kindsFound = resolve;
    });
    port.onmessage = (event: MessageEvent<News>) => this.news(event.data);
    this.pictureTimer = setTimeout(() => this.explain(), NO_PICTURE_MS);
    this.numbersTimer = setInterval(() => this.numbers(), NUMBERS_MS);
  }

  destroy(): void {
    clearTimeout(this.pictureTimer);
    clearInterval(this.numbersTimer);
    this.port.close();
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
    if (was === "live" && state.is === "lost") this.hands.lost();
    if (was === "lost" && state.is === "live") this.hands.found();
  }

  keysLost(keys: number): void {
    this.hands.tellUnsent(keys);
  }

  rights(rights: Rights): void {
    this.post({ is: "rights", session: this.session, rights });
  }

  begun(hello: HostHello): void {
    this.hands.begun();
    if (this.n.connectMs === 0) this.n.connectMs = performance.now() - this.startedMs;
    const pixels = hello.screen ? hello.screen.width * hello.screen.height : 0;
    this.renew(Math.min(CODEC_MOST_PIXELS, Math.max(MAX_PIXELS, pixels)));
    this.hostWhy = hello.screen ? null : hello.screenError?.message || "This computer has no screen to show.";
    void this.start();
    if (this.hostWhy !== null) this.explain();
  }

  resumed(): void {
    this.hands.resumed();
    // The lane of the screen starts over: the core reports the gap, and so does the host.
    this.order({ is: "lost" });
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
        if (body.value.width * body.value.height > this.pixels) {
          this.renew(Math.min(CODEC_MOST_PIXELS, body.value.width * body.value.height));
          void this.start();
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

  gap(): void {
    this.order({ is: "lost" });
    this.reset("messages were lost");
  }

  message(at: Ptr, len: number): void {
    this.undecoded += len;
    if (this.undecoded > UNDECODED_MOST_BYTES) {
      this.senseless("too many messages");
      return;
    }
    this.behind++;
    const data = this.core.read(at, len).buffer;
    this.order({ is: "message", run: this.run, data, receivedUs: nowUs() }, [data]);
  }

  // ---- from the worker that decodes

  private news(news: News): void {
    if ("run" in news && news.run !== this.run) return;
    switch (news.is) {
      case "way":
        this.kindsFound(news.kinds);
        break;
      case "decoded":
        this.undecoded -= news.bytes;
        if (news.figures) this.decoded(news.figures);
        else this.behind--;
        if (news.shown) this.shown(news.shown);
        break;
      case "shown":
        this.shown(news.shown);
        break;
      case "reset":
        this.reset(news.reason);
        break;
      case "senseless":
        this.senseless(news.what);
        break;
      case "newer":
        this.hostWhy = "The computer speaks a newer version of Hearth. Reload this page.";
        this.explain();
        break;
      case "noMemory":
        this.hostWhy = "There is not enough memory in this browser for so large a screen.";
        this.explain();
        break;
      case "wish":
        this.peer?.say({
          case: "videoControl",
          value: { $typeName: "hearth.session.VideoControl", ...news.wish },
        });
        break;
    }
  }

  private decoded(figures: Figures): void {
    Object.assign(this.n, figures);
    this.n.shown++;
    if (this.picture) return;
    this.picture = true;
    this.hostWhy = null;
    this.why = null;
    this.event({ is: "noPicture", why: null });
    this.tellState();
  }

  /** The main thread may have put it before this is heard. */
  private shown(shown: Shown): void {
    if (shown.frame === 0) this.acknowledge(shown, nowUs());
    else if (shown.frame <= this.newest.frame) this.put(shown, this.newest.atUs);
    else this.underWay.set(shown.frame, shown);
  }

  private put(shown: Shown, atUs: number): void {
    this.n.presentUs = Math.max(0, atUs - shown.mark.decodedUs);
    if (this.n.firstFrameMs === 0) this.n.firstFrameMs = performance.now() - this.startedMs;
    const { run } = this;
    if (this.hidden) setTimeout(() => run === this.run && this.acknowledge(shown, atUs), HIDDEN_ACK_MS);
    else this.acknowledge(shown, atUs);
  }

  // ---- from the main thread

  seen(canvas: boolean, hidden: boolean): void {
    const turned = hidden !== this.hidden;
    if (canvas !== this.canvas) this.order({ is: "canvas", on: canvas });
    this.canvas = canvas;
    this.hidden = hidden;
    this.peer?.watchedChanged();
    // Said again with what changed: the host goes slower, or as fast as it can, from here on.
    if (turned && this.lastAcked) this.say(this.lastAcked, nowUs());
  }

  presented(frame: number, atUs: number): void {
    this.newest = { frame, atUs };
    const shown = this.underWay.get(frame);
    this.underWay.delete(frame);
    if (shown) this.put(shown, atUs);
  }

  /** The worker that decodes is no more. */
  broken(): void {
    this.peer?.end("error", "The part of this page that draws the screen stopped. Reload the page.");
  }

  setViewOnly(on: boolean): void {
    if (on === this.viewOnly) return;
    this.viewOnly = on;
    if (!on) this.peer?.askControl();
  }

  send(input: Input): void {
    if (!this.viewOnly) this.hands.send(input);
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

  private event(event: ScreenEvent): void {
    this.post({ is: "screen", session: this.session, event });
  }

  private order(order: Order, transfer: Transferable[] = []): void {
    this.port.postMessage(order, transfer);
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
    const kinds = await Promise.race([
      this.kinds,
      new Promise<number>((resolve) => setTimeout(resolve, VIDEO_WAIT_MS, 0)),
    ]);
    if (this.peer !== peer) return;
    peer?.say({
      case: "screenStart",
      value: {
        $typeName: "hearth.session.ScreenStart",
        maxPixels: this.pixels,
        cacheSlots: SLOTS,
        video: kinds,
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

  /** A new decoder: what is under way to the one before is of no interest. */
  private renew(pixels: number): void {
    this.run++;
    this.pixels = pixels;
    this.undecoded = 0;
    this.behind = 0;
    this.lastAcked = null;
    this.underWay.clear();
    this.order({ is: "renew", run: this.run, pixels });
  }

  /** Of all that were shown together the last is told: an ACK covers those before it. */
  private acknowledge(shown: Shown, presentedUs: number): void {
    this.behind -= shown.count;
    this.lastAcked = shown.mark;
    this.say(shown.mark, presentedUs);
  }

  private say(mark: Mark, presentedUs: number): void {
    if (!this.peer?.live) return;
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
        queue: Math.max(0, this.behind),
      }),
    });
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
      codec: `${this.hostStats?.codec || "hearth"}${this.n.playing ? " + H.264" : ""}`,
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
