/* The canvas: the engine owns its pixels, this component its place in the window and its input. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { read } from "../signals";
import { words } from "../words";
import { startInput } from "./input";
import {
  clampView,
  coverView,
  exactView,
  fitView,
  isWhole,
  onDevicePixels,
  type Size,
  type View,
} from "./view";

const EDGE_PX = 36; // this close to an edge a larger picture moves
const PAN_PX = 18; // at most this much in one frame

export type Sizing = "fit" | "one";

export function Screen(props: {
  session: ScreenSession;
  name: string;
  sizing: Sizing;
  watching: boolean;
  footPx: number; // the window's foot that belongs to the bar on a phone
  released: () => void;
  held: (on: boolean) => void; // the mouse belongs to the PC now, or not any more
  canvas: { current: HTMLCanvasElement | null };
}) {
  const { session } = props;
  const w = words.value.session;
  const live = useRef(props);
  live.current = props;
  const view = useRef<View>({ left: 0, top: 0, scale: 1 });
  const stage = useRef<Size>({ width: innerWidth, height: innerHeight });
  const pan = useRef({ x: 0, y: 0, frame: 0 });
  const [finger, setFinger] = useState<{ x: number; y: number } | null>(null);
  const size = read(session.size);

  const place = (wanted: View) => {
    const next = onDevicePixels(wanted, devicePixelRatio);
    view.current = next;
    const canvas = props.canvas.current;
    const picture = session.size.value;
    if (!canvas || !picture) return;
    // By a transform: a layout counts in 64ths of a CSS px, which misses the device pixels of many screens.
    canvas.style.width = `${picture.width}px`;
    canvas.style.height = `${picture.height}px`;
    canvas.style.transform = `translate(${next.left}px, ${next.top}px) scale(${next.scale})`;
    canvas.classList.toggle("exact", isWhole(next, devicePixelRatio));
  };
  const lay = (keep: boolean) => {
    const picture = session.size.value;
    stage.current = { width: innerWidth, height: innerHeight - live.current.footPx };
    if (!picture) {
      // Until the first picture the canvas covers the window, so that it can be focused and found.
      const canvas = props.canvas.current;
      if (canvas) {
        canvas.style.transform = "none";
        canvas.style.width = `${stage.current.width}px`;
        canvas.style.height = `${stage.current.height}px`;
      }
      return;
    }
    place(
      live.current.sizing === "fit"
        ? (live.current.footPx > 0 ? coverView : fitView)(stage.current, picture, devicePixelRatio)
        : exactView(stage.current, picture, devicePixelRatio, keep ? view.current : null),
    );
  };

  useLayoutEffect(() => {
    const canvas = props.canvas.current;
    if (!canvas) return;
    // At once and before anything is awaited: a context taken later may stay black.
    session.attach(canvas);
    lay(false);
    canvas.focus({ preventScroll: true });
    const step = () => {
      pan.current.frame = 0;
      const picture = session.size.value;
      if (!picture || (!pan.current.x && !pan.current.y)) return;
      place(
        clampView(
          { ...view.current, left: view.current.left - pan.current.x, top: view.current.top - pan.current.y },
          stage.current,
          picture,
        ),
      );
      pan.current.frame = requestAnimationFrame(step);
    };
    const stop = startInput({
      session,
      canvas,
      view: () => view.current,
      setView: place,
      stage: () => stage.current,
      picture: () => session.size.value,
      watching: () => live.current.watching,
      released: () => live.current.released(),
      panned: (x, y) => {
        if (live.current.sizing === "fit") return;
        const push = (at: number, room: number) =>
          at < EDGE_PX
            ? -PAN_PX * (1 - at / EDGE_PX)
            : at > room - EDGE_PX
              ? PAN_PX * (1 - (room - at) / EDGE_PX)
              : 0;
        pan.current.x = push(x, stage.current.width);
        pan.current.y = push(y, stage.current.height);
        if (!pan.current.frame && (pan.current.x || pan.current.y))
          pan.current.frame = requestAnimationFrame(step);
      },
      held: (on) => live.current.held(on),
      fingerAt: setFinger,
    });
    const resized = () => lay(true);
    addEventListener("resize", resized);
    const leave = () => {
      pan.current.x = 0;
      pan.current.y = 0;
    };
    canvas.addEventListener("pointerleave", leave);
    return () => {
      removeEventListener("resize", resized);
      canvas.removeEventListener("pointerleave", leave);
      cancelAnimationFrame(pan.current.frame);
      stop();
      session.detach();
    };
  }, [session]);
  useLayoutEffect(() => lay(false), [size?.width, size?.height, props.sizing, props.footPx]);

  const cursor = read(session.cursor);
  useEffect(() => {
    const canvas = props.canvas.current;
    if (canvas) canvas.style.cursor = props.watching ? "default" : cursor.visible ? cursor.css : "none";
  }, [cursor, props.watching, props.canvas]);

  return (
    <>
      <canvas
        ref={props.canvas}
        tabIndex={0}
        role={props.watching ? "img" : "application"}
        aria-label={w.screen(props.name)}
        aria-describedby="chordhint"
      />
      {finger ? (
        <svg
          class="finger"
          width="20"
          height="24"
          viewBox="0 0 20 24"
          aria-hidden="true"
          style={{
            left: `${view.current.left + finger.x * view.current.scale}px`,
            top: `${view.current.top + finger.y * view.current.scale}px`,
          }}
        >
          <path
            d="M2 2l15 11-7 1-4 7z"
            fill="#1b1816"
            stroke="#fff"
            stroke-width="1.5"
            stroke-linejoin="round"
          />
        </svg>
      ) : null}
      <p class="sr" id="chordhint">
        {w.chord(props.name)}
      </p>
    </>
  );
}
