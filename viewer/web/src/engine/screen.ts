// The screen of one computer on the main thread: the canvas, the keys and the numbers. Pixels come decoded
// from a worker of their own and are put when they arrive (measured best: no animation frame, one 2D canvas).

import type { PictureEvent, ToPicture } from "../picture/messages";
import type { Way } from "../picture/videoprobe";
import type { Input, ScreenEvent, ScreenNumbers, ToWorker } from "../worker/messages";
import type { CursorShape, Rights, ScreenSession, SessionState, SessionStats, Unsent, Use } from "./api";
import { Cursors, NO_CURSOR } from "./cursor";
import { type KeyWanted, wantedOf, wantedOfCode } from "./keys";
import { Signal } from "./signal";

const ECHO_SAMPLES_MOST = 256;
const ECHO_WAITING_MOST = 64;
const ECHO_LATEST_MS = 5000;
const TEXT_MOST = 1000; // characters a message: 4096 bytes at most four each

const NO_RIGHTS: Rights = {
  view: false,
  control: false,
  clipboardIn: false,
  clipboardOut: false,
  filesRead: false,
  filesWrite: false,
};

const NO_STATS: SessionStats = {
  connect_ms: 0,
  first_frame_ms: 0,
  frames: 0,
  bytes_in: 0,
  bytes_out: 0,
  path: "relay",
  rtt_ms: 0,
  exact_share: 0,
  echo_ms: [],
  codec: "",
  width: 0,
  height: 0,
  frames_per_s: 0,
  bits_per_s: 0,
  capture_ms: 0,
  encode_ms: 0,
  network_ms: 0,
  decode_ms: 0,
  present_ms: 0,
};

const round = (ms: number) => Math.round(ms * 100) / 100;

/** MouseEvent.buttons: 1 left, 2 right, 4 middle, 8 back, 16 forward. Ours: 1 left, 2 middle, 4 right, 8, 16. */
function hostButtons(buttons: number): number {
  return (buttons & 0x19) | ((buttons & 2) << 1) | ((buttons & 4) >> 1);
}

export class ScreenView implements ScreenSession {
  readonly state = new Signal<SessionState>({ is: "connecting", step: "finding" });
  readonly rights = new Signal<Rights>(NO_RIGHTS);
  readonly size = new Signal<{ width: number; height: number } | null>(null);
  readonly noPicture = new Signal<string | null>(null);
  readonly cursor = new Signal<CursorShape>(NO_CURSOR);
  readonly unsent = new Signal<Unsent>({ keys: 0, clicks: 0 });
  readonly viewers = new Signal<Use[]>([]);
  readonly stats = new Signal<SessionStats>(NO_STATS);
  readonly remoteClipboard = new Signal<string | null>(null);
  private canvas: HTMLCanvasElement | null = null;
  private context: CanvasRenderingContext2D | null = null;
  private hidden = false;
  private inputs = 0;
  private readonly cursors = new Cursors();
  private cursorTurn = 0;
  private shape = NO_CURSOR.css;
  /** Physical keys that are down, with what was sent, so that each goes up as it went down. */
  private readonly held = new Map<string, KeyWanted>();
  private waiting: { input: number; atMs: number }[] = [];
  private echoes: number[] = [];

  constructor(
    readonly device: string,
    private readonly session: number,
    private readonly picture: Worker,
    private readonly post: (message: ToWorker) => void,
    private readonly wayFound: (way: Way) => void,
    private readonly closed: () => void,
  ) {
    picture.onmessage = (event: MessageEvent<PictureEvent>) => this.show(event.data);
    picture.onerror = () => this.post({ is: "broken", session });
  }

  attach(canvas: HTMLCanvasElement): void {
    this.canvas = canvas;
    // At once, before anything is awaited: made later the canvas can stay black until the first key.
    this.context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    const size = this.size.value;
    if (size) {
      canvas.width = size.width;
      canvas.height = size.height;
    }
    this.tellShown();
  }

  detach(): void {
    this.canvas = null;
    this.context = null;
    this.tellShown();
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.tellShown();
  }

  setViewOnly(on: boolean): void {
    if (on) this.releaseAll();
    this.post({ is: "viewOnly", session: this.session, on });
  }

  keyEvent(event: KeyboardEvent, down: boolean): void {
    // While an input method composes, its text comes through typeText.
    if (event.isComposing || event.key === "Process") return;
    const name = event.code || event.key;
    if (down) {
      const wanted = wantedOf(event);
      if (wanted.code === 0 && wanted.keysym === 0) return;
      this.held.set(name, wanted);
      this.key(wanted, true, event.timeStamp);
      return;
    }
    const wanted = this.held.get(name) ?? wantedOf(event);
    this.held.delete(name);
    if (wanted.code !== 0 || wanted.keysym !== 0) this.key({ ...wanted, text: "" }, false, 0);
  }

  chord(codes: string[]): void {
    const keys = codes.map(wantedOfCode).filter((k): k is KeyWanted => k !== null);
    for (const key of keys) this.key(key, true, 0);
    for (const key of keys.reverse()) this.key(key, false, 0);
  }

  typeText(text: string): void {
    for (let at = 0; at < text.length; ) {
      let end = Math.min(text.length, at + TEXT_MOST);
      // Not between the halves of one character.
      if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1] as string)) end--;
      this.send({ is: "text", input: this.next(performance.now()), text: text.slice(at, end) });
      at = end;
    }
  }

  releaseAll(): void {
    this.held.clear();
    this.send({ is: "release", input: this.next(0) });
  }

  pointer(x: number, y: number, buttons: number): void {
    const input = this.next(0);
    this.send({ is: "pointer", input, x: Math.round(x), y: Math.round(y), buttons: hostButtons(buttons) });
  }

  motion(dx: number, dy: number, buttons: number): void {
    this.send({ is: "motion", input: this.next(0), dx, dy, buttons: hostButtons(buttons) });
  }

  wheel(x: number, y: number, dx120: number, dy120: number): void {
    const [dx, dy] = [Math.round(dx120), Math.round(dy120)];
    if (dx === 0 && dy === 0) return;
    this.send({ is: "wheel", input: this.next(0), x: Math.round(x), y: Math.round(y), dx, dy });
  }

  sendClipboard(text: string): void {
    this.post({ is: "clipboard", session: this.session, text });
  }

  tryNow(): void {
    this.post({ is: "try", session: this.session });
  }

  end(): void {
    if (this.state.value.is !== "ended") this.releaseAll();
    this.post({ is: "close", session: this.session });
    this.picture.terminate();
    this.cursors.dispose();
    this.closed();
  }

  // ---- from the workers

  private show(event: PictureEvent): void {
    switch (event.is) {
      case "size":
        this.size.set({ width: event.width, height: event.height });
        if (this.canvas && (this.canvas.width !== event.width || this.canvas.height !== event.height)) {
          this.canvas.width = event.width;
          this.canvas.height = event.height;
        }
        break;
      case "frame": {
        const { frame, rects, buffer } = event;
        let at = 0;
        for (let i = 0; i + 3 < rects.length; i += 4) {
          const [x = 0, y = 0, w = 0, h = 0] = rects.slice(i, i + 4);
          const pixels = new Uint8ClampedArray(buffer, at, w * h * 4);
          this.context?.putImageData(new ImageData(pixels, w, h), x, y);
          at += w * h * 4;
        }
        const nowMs = performance.now();
        const atUs = Math.round((performance.timeOrigin + nowMs) * 1000);
        this.post({ is: "presented", session: this.session, frame, atUs });
        this.picture.postMessage({ is: "presented", frame, buffer } satisfies ToPicture, [buffer]);
        this.echo(event.input, nowMs);
        break;
      }
      case "way":
        this.wayFound(event.way);
        break;
    }
  }

  hear(event: ScreenEvent): void {
    switch (event.is) {
      case "cursor":
        void this.showCursor(event);
        break;
      case "viewers":
        this.viewers.set(event.list);
        break;
      case "clipboard":
        this.remoteClipboard.set(event.text);
        break;
      case "unsent":
        this.unsent.set({ keys: event.keys, clicks: event.clicks });
        break;
      case "noPicture":
        this.noPicture.set(event.why);
        break;
      case "numbers":
        this.stats.set(this.statsOf(event.numbers));
        break;
    }
  }

  private async showCursor(event: Extract<ScreenEvent, { is: "cursor" }>): Promise<void> {
    const turn = ++this.cursorTurn;
    // Without pixels: the shape is the same as before.
    if (event.rgba)
      this.shape = await this.cursors.shape(event.width, event.height, event.hotX, event.hotY, event.rgba);
    if (turn === this.cursorTurn)
      this.cursor.set({ visible: event.visible, css: event.visible ? this.shape : "none" });
  }

  private tellShown(): void {
    this.post({ is: "shown", session: this.session, canvas: this.canvas !== null, hidden: this.hidden });
  }

  private key(wanted: KeyWanted, down: boolean, atMs: number): void {
    this.send({ is: "key", input: this.next(down ? atMs || performance.now() : 0), down, ...wanted });
  }

  /** Number of the next event; atMs > 0: its echo is timed from there. */
  private next(atMs: number): number {
    this.inputs = (this.inputs + 1) >>> 0 || 1;
    if (atMs > 0 && this.waiting.length < ECHO_WAITING_MOST) this.waiting.push({ input: this.inputs, atMs });
    return this.inputs;
  }

  private send(input: Input): void {
    this.post({ is: "input", session: this.session, input });
  }

  private echo(input: number, nowMs: number): void {
    if (this.waiting.length === 0) return;
    const answered = this.waiting.filter((w) => w.input <= input);
    this.waiting = this.waiting.filter((w) => w.input > input && nowMs - w.atMs < ECHO_LATEST_MS);
    for (const one of answered)
      if (nowMs - one.atMs < ECHO_LATEST_MS) this.echoes.push(round(nowMs - one.atMs));
    if (this.echoes.length > ECHO_SAMPLES_MOST) this.echoes = this.echoes.slice(-ECHO_SAMPLES_MOST);
  }

  private statsOf(n: ScreenNumbers): SessionStats {
    const size = this.size.value;
    return {
      connect_ms: round(n.connectMs),
      first_frame_ms: round(n.firstFrameMs),
      frames: n.frames,
      bytes_in: n.bytesIn,
      bytes_out: n.bytesOut,
      path: "relay",
      rtt_ms: round(n.rttMs),
      exact_share: n.exactShare,
      echo_ms: [...this.echoes],
      codec: n.codec,
      width: size?.width ?? 0,
      height: size?.height ?? 0,
      frames_per_s: round(n.framesPerS),
      bits_per_s: Math.round(n.bitsPerS),
      capture_ms: round(n.captureMs),
      encode_ms: round(n.encodeMs),
      network_ms: round(n.rttMs / 2),
      decode_ms: round(n.decodeMs),
      present_ms: round(n.presentMs),
    };
  }
}
