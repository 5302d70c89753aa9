import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Core } from "../worker/core";
import { VIDEO_EVENT_BYTES, Videos, type VideoWish } from "./video";
import { H264, type Way } from "./videoprobe";

const EVENTS_AT = 4096;
const DATA_AT = 64;
const WAY: Way = { kinds: 1 << H264, acceleration: { [H264]: "no-preference" } };

/** The browser's decoder, as far as the worker touches it: packets stay in it until the test lets them out. */
class Decoder {
  static all: Decoder[] = [];
  state = "unconfigured";
  decodeQueueSize = 0;
  config: { codec: string; hardwareAcceleration: string } | null = null;
  ondequeue: (() => void) | null = null;
  fed: { type: string; bytes: number[] }[] = [];
  constructor(readonly init: { output(frame: unknown): void; error(): void }) {
    Decoder.all.push(this);
  }
  configure(config: { codec: string; hardwareAcceleration: string }) {
    this.config = config;
    this.state = "configured";
  }
  decode(chunk: { type: string; data: Uint8Array }) {
    this.fed.push({ type: chunk.type, bytes: [...chunk.data] });
    this.decodeQueueSize++;
  }
  close() {
    this.state = "closed";
  }
  drain() {
    this.decodeQueueSize = 0;
    this.ondequeue?.();
  }
  fail() {
    this.state = "closed";
    this.init.error();
  }
}

function fakeCore() {
  const memory = new Uint8Array(1 << 16);
  const painted: number[][] = [];
  const core = {
    view: new DataView(memory.buffer),
    at: (ptr: number, len: number) => memory.subarray(ptr, ptr + len),
    alloc: () => 8192,
    x: {
      hearth_free: () => undefined,
      hearth_decoder_video_paint: (...args: number[]) => {
        painted.push(args);
        return 0;
      },
    },
  };
  return { core: core as unknown as Core, memory, painted };
}

const frame = (closed: string[], name: string, width = 32) => ({
  format: "I420",
  visibleRect: { width, height: 16 },
  allocationSize: () => width * 24,
  copyTo: async () => [
    { offset: 0, stride: width },
    { offset: width * 16, stride: width / 2 },
    { offset: width * 20, stride: width / 2 },
  ],
  close: () => closed.push(name),
});

const settled = () => new Promise((done) => setTimeout(done, 0));

describe("video streams of the worker", () => {
  let wishes: VideoWish[];
  let shown: number;
  let videos: Videos;
  let fake: ReturnType<typeof fakeCore>;

  function tell(...events: { type: number; key?: boolean; len?: number; sps?: number }[]) {
    const { view } = fake.core;
    view.setUint32(EVENTS_AT, events.length, true);
    events.forEach((event, i) => {
      const at = EVENTS_AT + 4 + i * VIDEO_EVENT_BYTES;
      const words = [
        event.type,
        7,
        event.key ? 1 : 0,
        event.sps ?? 0x64001f,
        16,
        32,
        32,
        16,
        DATA_AT,
        event.len ?? 3,
      ];
      words.forEach((word, k) => {
        view.setUint32(at + k * 4, word, true);
      });
    });
    videos.take(1, WAY, EVENTS_AT, false);
  }
  const OPEN = { type: 9 };
  const KEY = { type: 10, key: true };
  const DELTA = { type: 10 };
  const CLOSE = { type: 11 };
  const decoder = () => Decoder.all.at(-1) as Decoder;

  beforeEach(() => {
    Decoder.all = [];
    Object.assign(globalThis, {
      VideoDecoder: Decoder,
      EncodedVideoChunk: class {
        constructor(init: object) {
          Object.assign(this, init);
        }
      },
    });
    wishes = [];
    shown = 0;
    fake = fakeCore();
    fake.memory.set([1, 2, 3, 4], DATA_AT);
    videos = new Videos(fake.core, { painted: () => shown++, wish: (wish) => wishes.push(wish) });
  });

  afterEach(() => {
    Reflect.deleteProperty(globalThis, "VideoDecoder");
    Reflect.deleteProperty(globalThis, "EncodedVideoChunk");
  });

  it("decodes packets by the profile of the stream", () => {
    tell(OPEN, KEY);
    tell(DELTA);
    expect(decoder().config?.codec).toBe("avc1.64001f");
    expect(decoder().fed.map((f) => f.type)).toEqual(["key", "delta"]);
    expect(decoder().fed[0]?.bytes).toEqual([1, 2, 3]);
    expect(videos.playing).toBe(true);
  });

  it("paints a picture and closes it at once", async () => {
    const closed: string[] = [];
    tell(OPEN, KEY);
    decoder().init.output(frame(closed, "first"));
    await settled();
    expect(closed).toEqual(["first"]);
    expect(shown).toBe(1);
    // screen, stream, size, planes, strides, step, chroma
    expect(fake.painted).toEqual([[1, 7, 32, 16, 8192, 512, 640, 32, 16, 1, 0]]);
  });

  it("shows the newest of pictures that come together", async () => {
    const closed: string[] = [];
    tell(OPEN, KEY);
    for (const name of ["a", "b", "c"]) decoder().init.output(frame(closed, name));
    await settled();
    expect(closed.sort()).toEqual(["a", "b", "c"]);
    expect(shown).toBe(2); // a was under way; b gave way to c
  });

  it("paints nothing of a stream that is closed", async () => {
    const closed: string[] = [];
    tell(OPEN, KEY);
    const { init } = decoder();
    tell(CLOSE);
    init.output(frame(closed, "late"));
    await settled();
    expect([shown, closed, decoder().state, videos.playing]).toEqual([0, ["late"], "closed", false]);
  });

  it("asks to pause before it drops, and to go on when the decoder has caught up", () => {
    tell(OPEN, KEY);
    for (let i = 0; i < 3; i++) tell(DELTA);
    expect(wishes).toEqual([{ stream: 7, pause: true, key: false, none: false }]);
    tell(DELTA); // was on its way: decoded all the same
    expect(decoder().fed).toHaveLength(5);
    decoder().drain();
    expect(wishes.at(-1)).toEqual({ stream: 7, pause: false, key: false, none: false });
  });

  it("asks for a key only after a real drop, and waits for it", () => {
    tell(OPEN, KEY);
    for (let i = 0; i < 30; i++) tell(DELTA);
    const fed = decoder().fed.length;
    expect(wishes.filter((w) => w.key)).toHaveLength(1);
    decoder().drain();
    tell(DELTA);
    expect(decoder().fed).toHaveLength(fed);
    tell(KEY);
    expect(decoder().fed.at(-1)?.type).toBe("key");
  });

  it("tries once more in software, then says that no video works", () => {
    tell(OPEN, KEY);
    decoder().fail();
    expect(Decoder.all).toHaveLength(2);
    expect(decoder().config?.hardwareAcceleration).toBe("prefer-software");
    expect(wishes.at(-1)?.key).toBe(true);
    tell(DELTA);
    expect(decoder().fed).toHaveLength(0);
    decoder().fail();
    expect(wishes.at(-1)?.none).toBe(true);
  });

  it("takes no picture whose planes it cannot read", async () => {
    tell(OPEN, KEY);
    decoder().init.output({ ...frame([], "opaque"), format: null });
    await settled();
    expect(shown).toBe(0);
    expect(wishes.at(-1)?.none).toBe(true);
  });
});
