import { beforeEach, describe, expect, it } from "vitest";
import type { Core } from "../worker/core";
import type { News, PictureEvent } from "./messages";
import { Picture } from "./picture";
import type { Rect } from "./rects";

const WIDTH = 640;
const HEIGHT = 480;

/** The module, as far as a picture touches it: each message names what the decoder shall say of it. */
function fakeCore() {
  const memory = new Uint8Array(4 << 20);
  const view = new DataView(memory.buffer);
  let next = 64;
  let step: { begins: boolean; dirty: Rect[]; error: number } = { begins: false, dirty: [], error: 0 };
  let seq = 0;
  const core = {
    view,
    memory,
    at: (ptr: number, len: number) => memory.subarray(ptr, ptr + len),
    alloc: (len: number) => {
      const at = next;
      next += len;
      return at;
    },
    x: {
      hearth_free: () => undefined,
      hearth_decoder_create: () => 1,
      hearth_decoder_destroy: () => undefined,
      hearth_guard_create: () => 2,
      hearth_guard_destroy: () => undefined,
      hearth_guard_message: () => 1,
      hearth_guard_good: () => undefined,
      hearth_guard_error: () => 0,
      hearth_guard_lost: () => undefined,
      hearth_decoder_decode: (_decoder: number, _at: number, _len: number, out: number) => {
        if (step.error < 0) return step.error;
        view.setUint32(out, ++seq, true);
        view.setUint32(out + 4, 7, true);
        view.setUint32(out + 12, step.begins ? 1 : 0, true);
        view.setInt32(out + 16, WIDTH, true);
        view.setInt32(out + 20, HEIGHT, true);
        view.setUint32(out + 24, step.dirty.length, true);
        view.setUint32(out + 28, 1000, true);
        for (const [i, r] of step.dirty.entries())
          for (const [k, n] of [r.x, r.y, r.w, r.h].entries())
            view.setInt32(out + 32 + i * 16 + k * 4, n, true);
        return 0;
      },
      hearth_decoder_copy: (_d: number, _x: number, _y: number, w: number, h: number) => w * h * 4,
    },
  };
  return {
    core: core as unknown as Core,
    say: (dirty: Rect[], begins = false, error = 0) => {
      step = { begins, dirty, error };
    },
  };
}

let module: ReturnType<typeof fakeCore>;
let news: News[];
let events: PictureEvent[];
let picture: Picture;

beforeEach(() => {
  module = fakeCore();
  news = [];
  events = [];
  picture = new Picture(module.core, () => ({ kinds: 0, acceleration: {} }), {
    news: (one) => news.push(one),
    event: (one) => events.push(one),
  });
  picture.take({ is: "renew", run: 1, pixels: WIDTH * HEIGHT });
});

function message(dirty: Rect[], begins = false, error = 0): void {
  module.say(dirty, begins, error);
  const data = new ArrayBuffer(32);
  new DataView(data).setUint8(0, 1);
  picture.take({ is: "message", run: 1, data, receivedUs: 1 });
}

const frames = () => events.filter((e) => e.is === "frame");
const shown = () =>
  news.flatMap((n) => ((n.is === "decoded" || n.is === "shown") && n.shown ? [n.shown] : []));
const box = (x: number, y: number, w: number, h: number): Rect => ({ x, y, w, h });

describe("a picture", () => {
  it("is told at once, and shows nothing, while there is no canvas", () => {
    message([], true);
    message([box(0, 0, 16, 16)]);
    expect(shown().map((s) => [s.frame, s.mark.seq, s.count])).toEqual([
      [0, 1, 1],
      [0, 2, 1],
    ]);
    expect(frames()).toEqual([]);
  });

  it("is whole when the canvas appears", () => {
    message([], true);
    picture.take({ is: "canvas", on: true });
    expect(frames().map((f) => f.rects)).toEqual([[0, 0, WIDTH, HEIGHT]]);
  });

  it("has one frame under way; what comes meanwhile is one frame more, told by its last message", () => {
    picture.take({ is: "canvas", on: true });
    message([], true);
    message([box(0, 0, 16, 16)]);
    message([box(0, 0, 32, 16)]);
    message([box(600, 400, 16, 16)]);
    expect(frames().length).toBe(1);
    expect(shown().map((s) => [s.frame, s.mark.seq, s.count])).toEqual([[1, 1, 1]]);
    picture.presented(1, new ArrayBuffer(0));
    expect(frames().map((f) => f.rects)[1]).toEqual([0, 0, 32, 16, 600, 400, 16, 16]);
    expect(shown()[1]).toMatchObject({ frame: 2, mark: { seq: 4, epoch: 7 }, count: 3 });
    picture.presented(2, new ArrayBuffer(0));
    expect(frames().length).toBe(2);
  });

  it("that does not decode is asked for anew, and its bytes are told", () => {
    message([], false, -5);
    expect(news).toEqual([
      { is: "reset", run: 1, reason: "not decoded (-5)" },
      { is: "decoded", run: 1, bytes: 32, figures: null, shown: null },
    ]);
  });

  it("of a newer kind is not guessed at", () => {
    picture.take({ is: "message", run: 1, data: new Uint8Array(32).fill(2).buffer, receivedUs: 1 });
    expect(news[0]).toEqual({ is: "newer" });
  });
});
