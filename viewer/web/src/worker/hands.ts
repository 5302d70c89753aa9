// What a person does with one computer: keys, pointer, wheel and text to its session, and what a gap in the
// line costs of them.

import { Buttons } from "./buttons";
import type { Input, ScreenEvent } from "./messages";
import type { Peer } from "./peer";

export class Hands {
  private readonly buttons = new Buttons();
  private missedBefore = 0; // this gap began
  private unsent = { keys: 0, clicks: 0 };
  private motion: { input: number; x: number; y: number } | null = null; // the last place of the pointer

  constructor(
    private readonly peer: () => Peer | null,
    private readonly event: (event: ScreenEvent) => void,
  ) {}

  /** A gap begins. */
  lost(): void {
    this.missedBefore = this.buttons.missed;
    this.tellUnsent(0);
  }

  /** Where the pointer is by now, and without the buttons that were let go meanwhile. */
  found(): void {
    if (this.motion) this.point(this.motion, this.buttons.mend());
  }

  /** A new session: nothing is held there. */
  begun(): void {
    this.buttons.release();
  }

  /** The computer let go of everything when it lost sight of us. */
  resumed(): void {
    this.buttons.release();
    if (this.motion) this.point(this.motion, 0);
  }

  send(input: Input): void {
    const peer = this.peer();
    if (!peer) return;
    switch (input.is) {
      case "key":
        peer.input(
          {
            case: "key",
            value: {
              $typeName: "hearth.session.Key",
              input: input.input,
              down: input.down,
              code: input.code,
              keysym: input.keysym,
              text: input.text,
              locks: input.locks,
            },
          },
          input.down ? 1 : 0,
        );
        break;
      case "pointer": {
        this.motion = input;
        const buttons = this.buttons.take(input.buttons, peer.reached);
        if (buttons !== null) this.point(input, buttons);
        else this.tellUnsent(0);
        break;
      }
      case "motion": {
        const buttons = this.buttons.take(input.buttons, peer.reached);
        if (buttons === null) {
          this.tellUnsent(0);
          break;
        }
        const { dx, dy } = input;
        const value = { $typeName: "hearth.session.Motion", input: input.input, dx, dy, buttons } as const;
        peer.motion({ case: "motion", value }, `motion ${buttons}`);
        break;
      }
      case "wheel":
        // Turning it further later would scroll from where nobody looked.
        if (!peer.reached) break;
        peer.input(
          {
            case: "wheel",
            value: {
              $typeName: "hearth.session.Wheel",
              input: input.input,
              x: input.x,
              y: input.y,
              dx120: input.dx,
              dy120: input.dy,
            },
          },
          0,
        );
        break;
      case "text":
        peer.input(
          { case: "text", value: { $typeName: "hearth.session.Text", input: input.input, text: input.text } },
          [...input.text].length,
        );
        break;
      case "release":
        this.buttons.release();
        peer.input(
          { case: "releaseAll", value: { $typeName: "hearth.session.ReleaseAll", input: input.input } },
          0,
        );
        break;
    }
  }

  /** Motion under the same buttons is replaced by newer motion while it waits. */
  private point(at: { input: number; x: number; y: number }, buttons: number): void {
    const { input, x, y } = at;
    const value = { $typeName: "hearth.session.Pointer", input, x, y, buttons } as const;
    this.peer()?.motion({ case: "pointer", value }, `pointer ${buttons}`);
  }

  /** What this gap cost; told again when it grows. */
  tellUnsent(keys: number): void {
    const clicks = this.buttons.missed - this.missedBefore;
    if (keys === this.unsent.keys && clicks === this.unsent.clicks) return;
    this.unsent = { keys, clicks };
    this.event({ is: "unsent", ...this.unsent });
  }
}
