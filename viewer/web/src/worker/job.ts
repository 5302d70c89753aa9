// One line of the list of transfers: how far it is, how fast, and how to stop it.

import type { FilePath, Transfer } from "../engine/api";
import { hex, random } from "./bytes";
import { Stop } from "./transfer";

const SPEED_OVER_MS = 3000;

export interface What {
  name: string;
  direction: Transfer["direction"];
  device: string;
  deviceName: string;
  total: number;
  at: FilePath;
}

/** run() moves what is left; it may be called again after a loss. */
export class Job {
  readonly id = hex(random(8));
  done = 0;
  total: number;
  state: Transfer["state"] = "waiting";
  note = "";
  private samples: { atMs: number; done: number }[] = [];
  stop = new Stop();

  constructor(
    readonly what: What,
    readonly run: (job: Job) => Promise<void>,
    readonly cleanup: () => Promise<void>,
  ) {
    this.total = what.total;
  }

  arm(): void {
    this.stop = new Stop();
  }

  interrupt(keepPart: boolean): void {
    this.stop.say(keepPart);
  }

  moved(done: number): void {
    this.done = done;
    const atMs = performance.now();
    this.samples.push({ atMs, done });
    while (this.samples.length > 2 && atMs - (this.samples[0]?.atMs ?? 0) > SPEED_OVER_MS)
      this.samples.shift();
  }

  snapshot(): Transfer {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    const spanMs = first && last ? last.atMs - first.atMs : 0;
    const speed = first && last && spanMs > 0 ? ((last.done - first.done) * 1000) / spanMs : 0;
    return {
      id: this.id,
      name: this.what.name,
      direction: this.what.direction,
      device: this.what.device,
      deviceName: this.what.deviceName,
      total: this.total,
      done: this.done,
      bytesPerS: this.state === "running" ? Math.max(0, Math.round(speed)) : 0,
      state: this.state,
      note: this.note,
      at: this.what.at,
    };
  }
}
