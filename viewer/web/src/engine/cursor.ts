// The host's pointer as a CSS cursor. Images are made once per shape; the newest SHAPES_MOST stay.

import type { CursorShape } from "./api";

const SHAPES_MOST = 32;
/** Browsers ignore larger cursor images. */
const SIDE_MOST_PX = 128;

export class Cursors {
  private readonly made = new Map<string, string>();

  async shape(width: number, height: number, hotX: number, hotY: number, rgba: Uint8Array): Promise<string> {
    if (width > SIDE_MOST_PX || height > SIDE_MOST_PX || width === 0 || height === 0) return "default";
    const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(rgba));
    const key = `${width}x${height} ${hotX},${hotY} ${new Uint8Array(digest).join(" ")}`;
    const known = this.made.get(key);
    if (known) return known;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (!context) return "default";
    context.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
    const url = URL.createObjectURL(await canvas.convertToBlob({ type: "image/png" }));
    const css = `url("${url}") ${Math.min(hotX, width - 1)} ${Math.min(hotY, height - 1)}, default`;
    this.made.set(key, css);
    const [oldest] = this.made.keys();
    if (this.made.size > SHAPES_MOST && oldest !== undefined) {
      const old = this.made.get(oldest);
      this.made.delete(oldest);
      if (old) URL.revokeObjectURL(old.slice(5, old.indexOf('")')));
    }
    return css;
  }

  dispose(): void {
    for (const css of this.made.values()) URL.revokeObjectURL(css.slice(5, css.indexOf('")')));
    this.made.clear();
  }
}

export const NO_CURSOR: CursorShape = { visible: true, css: "default" };
