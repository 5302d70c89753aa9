import { afterEach, describe, expect, it, vi } from "vitest";
import { Cursors } from "./cursor";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What the browser does for it, without pixels. */
function browser() {
  const revoked: string[] = [];
  let made = 0;
  class Canvas {
    getContext() {
      return { putImageData() {} };
    }
    async convertToBlob() {
      return new Blob();
    }
  }
  vi.stubGlobal("OffscreenCanvas", Canvas);
  vi.stubGlobal("ImageData", class {});
  vi.stubGlobal("URL", {
    createObjectURL: () => `blob:here/${made++}`,
    revokeObjectURL: (url: string) => revoked.push(url),
  });
  return revoked;
}

describe("a host's pointer in the page (rule 10)", () => {
  it("is not shown when it is empty or larger than a browser takes", async () => {
    const cursors = new Cursors();
    for (const [width, height] of [
      [0, 16],
      [16, 0],
      [129, 16],
      [16, 129],
      [0xffffffff, 1],
    ] as const)
      expect(await cursors.shape(width, height, 0, 0, new Uint8Array(4))).toBe("default");
  });

  it("becomes an address of the page's own and two numbers inside the image", async () => {
    browser();
    const css = await new Cursors().shape(16, 24, 0xffffffff, 99, new Uint8Array(16 * 24 * 4));
    expect(css).toBe('url("blob:here/0") 15 23, default');
  });

  it("is kept for the newest shapes only", async () => {
    const revoked = browser();
    const cursors = new Cursors();
    for (let i = 0; i < 40; i++) await cursors.shape(1, 1, 0, 0, new Uint8Array([i, 0, 0, 255]));
    expect(revoked).toEqual(Array.from({ length: 8 }, (_, i) => `blob:here/${i}`));
    cursors.dispose();
    expect(revoked.length).toBe(40);
  });
});
