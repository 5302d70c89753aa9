// The video streams of one screen in the worker: packets to the browser's decoder, its pictures painted into the
// decoder of the screen, from where they are shown like everything else. Nothing here is waited for: a message
// is acknowledged before its video is decoded. Rules: docs/wire-screen.md "Video".

import type { Core, Ptr } from "../worker/core";
import type { Rect } from "./rects";
import { H264, H264_FULL, readable, type Way } from "./videoprobe";

export const VIDEO_EVENTS_MOST = 12;
export const VIDEO_EVENT_BYTES = 40;

const OPEN = 9;
const PACKET = 10;
const CLOSE = 11;
/** Packets in the decoder: beyond, the host is asked to pause; at LOW again it may go on. */
const QUEUE_HIGH = 3;
const QUEUE_LOW = 1;
/** What may still arrive after that; beyond, packets are dropped and a key is asked for. */
const QUEUE_MOST = 24;
const FAILURES_MOST = 2;

export interface VideoWish {
  stream: number;
  pause: boolean;
  key: boolean;
  none: boolean;
}

export interface VideoUser {
  /** The rectangle has new pixels in the decoder of the screen. */
  painted(rect: Rect): void;
  /** To be said to the host. */
  wish(wish: VideoWish): void;
}

class Stream {
  private decoder: VideoDecoder | null = null;
  private next: VideoFrame | null = null;
  private copying = false;
  private planes = new Uint8Array(0);
  private memory: Ptr = 0;
  private memoryBytes = 0;
  private keyWanted = true;
  private paused = false;
  private failures = 0;
  private count = 0;
  private software = false;
  private closed = false;

  constructor(
    private readonly core: Core,
    private readonly screen: Ptr,
    private readonly user: VideoUser,
    readonly id: number,
    readonly rect: Rect,
    private readonly codec: string,
    private readonly way: Way,
  ) {
    this.begin();
  }

  packet(key: boolean, data: Uint8Array): void {
    const { decoder } = this;
    if (decoder?.state !== "configured") return;
    if (this.keyWanted && !key) return;
    if (decoder.decodeQueueSize >= QUEUE_MOST) {
      this.keyWanted = true;
      this.wish({ key: true });
      return;
    }
    this.keyWanted = false;
    // The chunk takes a copy.
    decoder.decode(
      new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp: this.count++ * 1000, data }),
    );
    if (!this.paused && decoder.decodeQueueSize > QUEUE_HIGH) {
      this.paused = true;
      this.wish({});
    }
  }

  close(): void {
    this.closed = true;
    this.next?.close();
    this.next = null;
    if (this.decoder && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    if (this.memory !== 0) this.core.x.hearth_free(this.memory);
    this.memory = 0;
  }

  private wish(what: Partial<VideoWish>): void {
    this.user.wish({ stream: this.id, pause: this.paused, key: false, none: false, ...what });
  }

  private begin(): void {
    const full = this.codec.startsWith("avc1.f4");
    const usual = this.way.acceleration[full ? H264_FULL : H264] ?? "prefer-software";
    this.decoder = new VideoDecoder({
      output: (frame) => this.came(frame),
      error: () => this.failed(),
    });
    this.decoder.ondequeue = () => this.dequeued();
    try {
      this.decoder.configure({
        codec: this.codec,
        optimizeForLatency: true,
        hardwareAcceleration: this.software ? "prefer-software" : usual,
      });
    } catch {
      this.failed();
    }
  }

  private dequeued(): void {
    if (!this.paused || !this.decoder || this.decoder.decodeQueueSize > QUEUE_LOW) return;
    this.paused = false;
    this.wish({});
  }

  /** Once more without the hardware, from a key on; then without video. */
  private failed(): void {
    if (this.closed) return;
    if (++this.failures >= FAILURES_MOST) {
      this.decoder = null;
      this.wish({ none: true });
      return;
    }
    this.software = true;
    this.keyWanted = true;
    this.paused = false;
    this.begin();
    this.wish({ key: true });
  }

  /** The newest is painted; one that waits for its turn meanwhile gives way. */
  private came(frame: VideoFrame): void {
    if (this.closed) {
      frame.close();
      return;
    }
    this.next?.close();
    this.next = frame;
    if (!this.copying) void this.paint();
  }

  private async paint(): Promise<void> {
    this.copying = true;
    for (let frame = this.next; frame; frame = this.next) {
      this.next = null;
      const { format } = frame;
      const visible = frame.visibleRect;
      const [width, height] = [visible?.width ?? 0, visible?.height ?? 0];
      let layout: PlaneLayout[] = [];
      try {
        const size = frame.allocationSize();
        if (this.planes.length !== size) this.planes = new Uint8Array(size);
        layout = await frame.copyTo(this.planes);
      } catch {
        layout = [];
      } finally {
        frame.close();
      }
      if (this.closed) break;
      if (!readable(format) || !this.put(width, height, format, layout)) {
        this.failures = FAILURES_MOST;
        this.failed();
        break;
      }
      this.user.painted(this.rect);
    }
    this.copying = false;
  }

  private put(
    width: number,
    height: number,
    format: VideoPixelFormat | null,
    layout: PlaneLayout[],
  ): boolean {
    const [y, u, v] = layout;
    const together = format === "NV12";
    if (!y || !u || (!together && !v) || y.offset !== 0) return false;
    const full = format === "I444";
    // The size is the codec's to check; the planes must hold what it will read.
    const rows = full ? height : Math.ceil(height / 2);
    const last = Math.max(u.offset + u.stride * rows, v ? v.offset + v.stride * rows : 0, y.stride * height);
    if (last > this.planes.length || y.stride < width || u.stride < (full || together ? width : width / 2))
      return false;
    if (this.memoryBytes !== this.planes.length) {
      if (this.memory !== 0) this.core.x.hearth_free(this.memory);
      this.memory = this.core.alloc(this.planes.length);
      this.memoryBytes = this.planes.length;
    }
    this.core.at(this.memory, this.planes.length).set(this.planes);
    return (
      this.core.x.hearth_decoder_video_paint(
        this.screen,
        this.id,
        width,
        height,
        this.memory,
        u.offset,
        together ? u.offset + 1 : (v?.offset ?? 0),
        y.stride,
        u.stride,
        together ? 2 : 1,
        full ? 1 : 0,
      ) === 0
    );
  }
}

export class Videos {
  private readonly streams = new Map<number, Stream>();

  constructor(
    private readonly core: Core,
    private readonly user: VideoUser,
  ) {}

  get playing(): boolean {
    return this.streams.size > 0;
  }

  /** Follow what a decoded message says at `at`: a count, and the events. fresh: a new epoch. */
  take(screen: Ptr, way: Way, at: Ptr, fresh: boolean): void {
    if (fresh) this.drop();
    const { view } = this.core;
    const count = Math.min(VIDEO_EVENTS_MOST, view.getUint32(at, true));
    const events = Array.from({ length: count }, (_, i) => at + 4 + i * VIDEO_EVENT_BYTES);
    for (const event of events) {
      // Opening takes memory, which may move: the view is asked for anew.
      const now = this.core.view;
      const id = now.getUint32(event + 4, true);
      switch (now.getUint32(event, true)) {
        case OPEN: {
          const sps = now
            .getUint32(event + 12, true)
            .toString(16)
            .padStart(6, "0");
          const rect = {
            x: now.getInt32(event + 16, true),
            y: now.getInt32(event + 20, true),
            w: now.getInt32(event + 24, true),
            h: now.getInt32(event + 28, true),
          };
          this.streams.get(id)?.close();
          if (way.kinds !== 0)
            this.streams.set(id, new Stream(this.core, screen, this.user, id, rect, `avc1.${sps}`, way));
          break;
        }
        case PACKET: {
          const data = this.core.at(now.getUint32(event + 32, true), now.getUint32(event + 36, true));
          this.streams.get(id)?.packet(now.getUint32(event + 8, true) !== 0, data);
          break;
        }
        case CLOSE:
          this.streams.get(id)?.close();
          this.streams.delete(id);
          break;
      }
    }
  }

  drop(): void {
    for (const stream of this.streams.values()) stream.close();
    this.streams.clear();
  }
}
