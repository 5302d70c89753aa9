// What the worker of a picture says to the worker of its session, over a port, and to the main thread.
// A run begins with each new session with the computer: what is said of an older one is of no interest.

import type { VideoWish } from "./video";
import type { Way } from "./videoprobe";

/** For exact tiles that the host may have kept here, 16 KiB each. */
export const SLOTS = 1024;

/** The last of some messages that are shown together; times of the wall clock in microseconds. */
export interface Mark {
  epoch: number;
  seq: number;
  receivedUs: number;
  decodedUs: number;
}

/** What one message told, for the statistics. */
export interface Figures {
  captureUs: number;
  encodeUs: number;
  decodeUs: number;
  exact: number; // share, 0 to 1
  playing: boolean; // a video stream is open
}

/** count messages up to mark are in this frame for the main thread. frame 0: they change nothing to be seen. */
export interface Shown {
  frame: number;
  mark: Mark;
  count: number;
}

/** From the session. */
export type Order =
  | { is: "renew"; run: number; pixels: number }
  | { is: "message"; run: number; data: ArrayBuffer; receivedUs: number }
  | { is: "lost" }
  | { is: "canvas"; on: boolean };

/** To the session. */
export type News =
  | { is: "way"; kinds: number }
  | { is: "decoded"; run: number; bytes: number; figures: Figures | null; shown: Shown | null }
  | { is: "shown"; run: number; shown: Shown }
  | { is: "reset"; run: number; reason: string }
  | { is: "senseless"; run: number; what: string }
  | { is: "newer" }
  | { is: "noMemory" }
  | { is: "wish"; run: number; wish: VideoWish };

/** From the main thread. way: as found before by this page. */
export type ToPicture =
  | { is: "start"; hearth: WebAssembly.Module; jpeg: WebAssembly.Module; port: MessagePort; way: Way | null }
  | { is: "presented"; frame: number; buffer: ArrayBuffer };

/** To the main thread: pixels follow each other in buffer as R, G, B, 255; the buffer comes back. */
export type PictureEvent =
  | { is: "way"; way: Way }
  | { is: "size"; width: number; height: number }
  | {
      is: "frame";
      frame: number;
      rects: number[]; // x, y, w, h each
      buffer: ArrayBuffer;
      input: number; // last input applied before the capture; 0 = none
    };
