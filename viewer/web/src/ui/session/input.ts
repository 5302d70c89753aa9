/* Mouse, wheel and keyboard of the screen's canvas, turned into what the engine takes. Owns its listeners. */
import type { ScreenSession } from "../../engine/api";
import { HoldRule, MotionCounter } from "./hold";
import { TouchPad } from "./touch";
import { type Size, toHost, type View } from "./view";
import { WheelCounter } from "./wheel";

export interface InputPort {
  session: ScreenSession;
  canvas: HTMLCanvasElement;
  view(): View;
  setView(view: View): void;
  stage(): Size;
  picture(): Size | null;
  /* True while this person may only watch. */
  watching(): boolean;
  /* Ctrl+Alt+Shift+H was pressed: the keyboard goes to the bar. */
  released(): void;
  /* The pointer came close to an edge of a picture that is larger than the window. */
  panned(x: number, y: number): void;
  /* The mouse is held for the PC, or given back. */
  held(on: boolean): void;
  /* Where the finger's own pointer stands, in host pixels; null hides it. */
  fingerAt(at: { x: number; y: number } | null): void;
}

/* EditContext, where the browser has it, lets a canvas take composed text. */
interface EditContextLike extends EventTarget {
  readonly text: string;
  updateText(start: number, end: number, text: string): void;
}
type EditContextMaker = new () => EditContextLike;

const PASTE_MS = 60; // a browser that has nothing to paste says nothing

export function isReleaseChord(event: KeyboardEvent): boolean {
  return event.ctrlKey && event.altKey && event.shiftKey && event.code === "KeyH";
}

export function startInput(port: InputPort): () => void {
  const { canvas, session } = port;
  const off = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    passive = false,
  ) => canvas.addEventListener(type, handler, { signal: off.signal, passive });

  startPointer(port, on, off.signal);
  startWheel(port, on);
  const composes = startComposition(port, off.signal);

  const paste = startPaste(port, off.signal);
  const key = (event: KeyboardEvent, down: boolean) => {
    if (isReleaseChord(event)) {
      event.preventDefault();
      session.releaseAll();
      if (down) port.released();
      return;
    }
    if (port.watching()) return; // the page's own keys, Tab above all, keep working
    if (event.isComposing || event.keyCode === 229 || event.key === "Process") return;
    if (composes && event.key === "Dead") return;
    paste.flush();
    // Left to the browser, so that it gives its clipboard without a question; the key follows the text.
    if (down && isPasteChord(event)) return paste.hold(event);
    event.preventDefault();
    session.keyEvent(event, down);
  };
  on("keydown", (event) => key(event, true));
  on("keyup", (event) => key(event, false));
  on("blur", () => session.releaseAll());
  const hidden = () => session.setHidden(document.hidden);
  document.addEventListener("visibilitychange", hidden, { signal: off.signal });
  addEventListener("blur", () => session.releaseAll(), { signal: off.signal });
  hidden();

  return () => {
    off.abort();
    session.releaseAll();
  };
}

function isPasteChord(event: KeyboardEvent): boolean {
  if (event.altKey || event.repeat) return false;
  if (event.code === "Insert") return event.shiftKey && !event.ctrlKey && !event.metaKey;
  return (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "v";
}

/* Pasting: the text goes first, then the key that was held for it. */
function startPaste(port: InputPort, signal: AbortSignal) {
  const { canvas, session } = port;
  let held: KeyboardEvent | null = null;
  let timer = 0;
  const flush = () => {
    clearTimeout(timer);
    const event = held;
    held = null;
    if (event) session.keyEvent(event, true);
  };
  const paste = (event: ClipboardEvent) => {
    if (document.activeElement !== canvas || port.watching()) return;
    event.preventDefault();
    const text = event.clipboardData?.getData("text/plain");
    if (text && session.rights.value.clipboardIn) session.sendClipboard(text);
    flush();
  };
  document.addEventListener("paste", paste, { signal });
  const hold = (event: KeyboardEvent) => {
    held = event;
    timer = window.setTimeout(flush, PASTE_MS);
  };
  return { hold, flush };
}

type On = <K extends keyof HTMLElementEventMap>(
  type: K,
  handler: (event: HTMLElementEventMap[K]) => void,
  passive?: boolean,
) => void;

function startPointer(port: InputPort, on: On, signal: AbortSignal): void {
  const { canvas, session } = port;
  const touch = new TouchPad(port);
  const stop = (event: Event) => event.preventDefault();
  const at = (event: PointerEvent) => {
    const picture = port.picture();
    return picture ? toHost(port.view(), event.clientX, event.clientY, picture, devicePixelRatio) : null;
  };
  const hold = startHold(port, signal);
  const send = (event: PointerEvent) => {
    if (event.pointerType === "touch") {
      touch.event(event);
      return;
    }
    if (hold(event)) return;
    if (event.type === "pointermove") port.panned(event.clientX, event.clientY);
    const host = at(event);
    if (host && !port.watching()) session.pointer(host.x, host.y, event.buttons);
  };
  on("pointerdown", (event) => {
    event.preventDefault();
    if (document.activeElement !== canvas && event.pointerType !== "touch")
      canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    if (event.pointerType !== "touch") port.fingerAt(null);
    send(event);
  });
  on("pointermove", send);
  // Beside a smaller picture the pointer slides along its edge: a throw into a corner must arrive there.
  const beside = (event: PointerEvent) => {
    if (event.target === canvas.parentElement && event.pointerType !== "touch" && event.buttons === 0)
      send(event);
  };
  canvas.parentElement?.addEventListener("pointermove", beside, { signal });
  on("pointerup", send);
  on("pointercancel", (event) => {
    if (event.pointerType === "touch") touch.event(event);
    else session.releaseAll();
  });
  // The browser's own meanings of these: selection, paste by middle button, history, menus.
  for (const type of [
    "mousedown",
    "mouseup",
    "auxclick",
    "contextmenu",
    "dragstart",
    "selectstart",
  ] as const) {
    on(type, stop);
  }
}

/* Gives a function that takes the mouse's events while it is held for the PC. */
function startHold(port: InputPort, signal: AbortSignal): (event: PointerEvent) => boolean {
  const { canvas, session } = port;
  const rule = new HoldRule();
  const counter = new MotionCounter();
  const locked = () => document.pointerLockElement === canvas;
  const stop = session.cursor.subscribe((cursor) => {
    rule.shown(cursor.visible);
    if (cursor.visible && locked()) document.exitPointerLock();
  });
  const changed = () => {
    port.held(locked());
    if (!locked()) rule.givenBack(session.cursor.value.visible);
  };
  document.addEventListener("pointerlockchange", changed, { signal });
  signal.addEventListener("abort", () => {
    stop();
    if (locked()) document.exitPointerLock();
  });
  return (event) => {
    if (port.watching()) return false;
    if (locked()) {
      const { dx, dy } = counter.take(event.movementX, event.movementY, port.view().scale);
      if (dx || dy || event.type !== "pointermove") session.motion(dx, dy, event.buttons);
      return true;
    }
    const { visible } = session.cursor.value;
    if (event.type === "pointermove") rule.moved(visible, event.timeStamp);
    if (event.type === "pointerdown" && rule.wants(visible, event.timeStamp))
      void Promise.resolve(canvas.requestPointerLock?.()).catch(() => undefined);
    return false;
  };
}

function startWheel(port: InputPort, on: On): void {
  const counter = new WheelCounter();
  on("wheel", (event) => {
    event.preventDefault();
    const picture = port.picture();
    if (!picture || port.watching()) return;
    const { dx, dy } = counter.take(event);
    if (dx === 0 && dy === 0) return;
    if (document.pointerLockElement === port.canvas) {
      port.session.wheel(-1, -1, dx, dy);
      return;
    }
    const { x, y } = toHost(port.view(), event.clientX, event.clientY, picture, devicePixelRatio);
    port.session.wheel(x, y, dx, dy);
  });
}

/* Text from an input method arrives as text, not as keys. Returns whether dead keys are composed here. */
function startComposition(port: InputPort, signal: AbortSignal): boolean {
  const Maker = (window as unknown as { EditContext?: EditContextMaker }).EditContext;
  if (!Maker || matchMedia("(pointer: coarse)").matches) return false;
  const context = new Maker();
  let composing = false;
  const type = (text: string) => {
    if (text && !port.watching()) port.session.typeText(text);
    context.updateText(0, context.text.length, "");
  };
  context.addEventListener("compositionstart", () => (composing = true), { signal });
  context.addEventListener(
    "compositionend",
    (event) => {
      composing = false;
      type((event as CompositionEvent).data);
    },
    { signal },
  );
  context.addEventListener(
    "textupdate",
    (event) => {
      if (!composing) type((event as Event & { text: string }).text);
    },
    { signal },
  );
  const canvas = port.canvas as HTMLCanvasElement & { editContext: EditContextLike | null };
  try {
    canvas.editContext = context;
  } catch {
    return false;
  }
  signal.addEventListener("abort", () => {
    canvas.editContext = null;
  });
  return true;
}
