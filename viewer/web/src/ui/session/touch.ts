/* A touch screen as a trackpad: one finger moves, a tap clicks, a second tap held drags, holding is the right
 * button, two fingers scroll, a pinch zooms the view. */
import type { InputPort } from "./input";
import { clampView, revealView, zoomView } from "./view";

const TAP_MS = 250;
const HOLD_MS = 500;
const AGAIN_MS = 300; // a touch this soon after a tap drags
const SLACK_PX = 8; // a finger that moved less than this has not moved
const PINCH_PX = 18; // change of distance that makes two fingers a pinch
const GAIN = 1.25; // CSS px of pointer per CSS px of finger
const SCROLL_120 = 3; // 120ths of a notch per CSS px

interface Finger {
  x: number;
  y: number;
}

type Mode = "idle" | "maybe" | "move" | "drag" | "held" | "two" | "scroll" | "pinch";

export class TouchPad {
  private readonly fingers = new Map<number, Finger>();
  private mode: Mode = "idle";
  private at: { x: number; y: number } | null = null;
  private start = { x: 0, y: 0, time: 0 };
  private lastTap = Number.NEGATIVE_INFINITY;
  private holdTimer = 0;
  private distance = 0;
  private middle: Finger = { x: 0, y: 0 };
  private scrollRest = { x: 0, y: 0 };

  constructor(private readonly port: InputPort) {}

  event(event: PointerEvent): void {
    switch (event.type) {
      case "pointerdown":
        this.down(event);
        break;
      case "pointermove":
        this.move(event);
        break;
      default:
        this.up(event);
    }
  }

  private down(event: PointerEvent): void {
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    clearTimeout(this.holdTimer);
    this.place();
    if (this.fingers.size === 1) {
      this.start = { x: event.clientX, y: event.clientY, time: event.timeStamp };
      if (event.timeStamp - this.lastTap < AGAIN_MS) {
        this.mode = "drag";
        this.press(1);
        return;
      }
      this.mode = "maybe";
      this.holdTimer = window.setTimeout(() => {
        if (this.mode !== "maybe") return;
        this.mode = "held";
        navigator.vibrate?.(12);
        this.click(2);
      }, HOLD_MS);
    } else if (this.fingers.size === 2) {
      if (this.mode === "drag") this.press(0);
      this.mode = "two";
      this.start.time = event.timeStamp;
      [this.distance, this.middle] = this.pair();
    }
  }

  private move(event: PointerEvent): void {
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    const dx = event.clientX - finger.x;
    const dy = event.clientY - finger.y;
    if (this.mode === "maybe" || this.mode === "drag" || this.mode === "move") {
      const far = Math.hypot(event.clientX - this.start.x, event.clientY - this.start.y);
      if (this.mode === "maybe" && far < SLACK_PX) return;
      finger.x = event.clientX;
      finger.y = event.clientY;
      if (this.mode === "maybe") {
        this.mode = "move";
        clearTimeout(this.holdTimer);
      }
      this.glide(dx, dy);
      return;
    }
    finger.x = event.clientX;
    finger.y = event.clientY;
    if (this.fingers.size === 2) this.both();
  }

  private up(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    clearTimeout(this.holdTimer);
    const quick = event.timeStamp - this.start.time < TAP_MS && event.type === "pointerup";
    if (this.mode === "maybe" && quick) {
      this.click(1);
      this.lastTap = event.timeStamp;
    } else if (this.mode === "drag") {
      this.press(0);
      this.lastTap = quick ? event.timeStamp : Number.NEGATIVE_INFINITY;
    } else if (this.mode === "two" && quick) this.click(2);
    this.mode = this.fingers.size === 0 ? "idle" : "held"; // fingers left over do nothing until all are up
  }

  private both(): void {
    const [distance, middle] = this.pair();
    const moved = Math.hypot(middle.x - this.middle.x, middle.y - this.middle.y);
    if (this.mode === "two") {
      if (Math.abs(distance - this.distance) > PINCH_PX) this.mode = "pinch";
      else if (moved > SLACK_PX) this.mode = "scroll";
      else return;
    }
    const picture = this.port.picture();
    if (this.mode === "pinch" && picture) {
      const view = zoomView(
        this.port.view(),
        distance / this.distance,
        middle.x,
        middle.y,
        this.port.stage(),
        picture,
      );
      const moved = {
        ...view,
        left: view.left + middle.x - this.middle.x,
        top: view.top + middle.y - this.middle.y,
      };
      this.port.setView(clampView(moved, this.port.stage(), picture));
    } else if (this.mode === "scroll") this.scroll(middle.x - this.middle.x, middle.y - this.middle.y);
    this.distance = distance;
    this.middle = middle;
  }

  /* Fingers push the page: what is under them follows, so the wheel turns the other way. */
  private scroll(dx: number, dy: number): void {
    if (!this.at || this.port.watching()) return;
    this.scrollRest.x -= dx * SCROLL_120;
    this.scrollRest.y -= dy * SCROLL_120;
    const x = Math.trunc(this.scrollRest.x);
    const y = Math.trunc(this.scrollRest.y);
    this.scrollRest.x -= x;
    this.scrollRest.y -= y;
    if (x || y) this.port.session.wheel(Math.floor(this.at.x), Math.floor(this.at.y), x, y);
  }

  private glide(dx: number, dy: number): void {
    const picture = this.port.picture();
    if (!picture || !this.at) return;
    const view = this.port.view();
    const gain = GAIN / view.scale;
    this.at = {
      x: Math.min(picture.width - 1, Math.max(0, this.at.x + dx * gain)),
      y: Math.min(picture.height - 1, Math.max(0, this.at.y + dy * gain)),
    };
    this.port.setView(revealView(view, this.at.x, this.at.y, 48, this.port.stage(), picture));
    this.tell(this.mode === "drag" ? 1 : 0);
  }

  /* The pointer begins in the middle of what is seen. */
  private place(): void {
    const picture = this.port.picture();
    if (this.at || !picture) return;
    const view = this.port.view();
    const stage = this.port.stage();
    this.at = {
      x: Math.min(picture.width - 1, Math.max(0, (stage.width / 2 - view.left) / view.scale)),
      y: Math.min(picture.height - 1, Math.max(0, (stage.height / 2 - view.top) / view.scale)),
    };
    this.port.fingerAt(this.at);
  }

  private press(buttons: number): void {
    this.tell(buttons);
  }

  private click(button: number): void {
    this.tell(button);
    this.tell(0);
  }

  private tell(buttons: number): void {
    if (!this.at) return;
    this.port.fingerAt(this.at);
    if (!this.port.watching())
      this.port.session.pointer(Math.floor(this.at.x), Math.floor(this.at.y), buttons);
  }

  private pair(): [number, Finger] {
    const [a, b] = [...this.fingers.values()] as [Finger, Finger];
    return [Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)), { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }];
  }
}
