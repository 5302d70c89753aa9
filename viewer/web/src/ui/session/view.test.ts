import { describe, expect, it } from "vitest";
import {
  clampView,
  coverView,
  exactView,
  fitView,
  isWhole,
  onDevicePixels,
  revealView,
  toHost,
  zoomView,
} from "./view";

const picture = { width: 1920, height: 1080 };

describe("the view of a picture", () => {
  it("fit shows the whole picture in the middle", () => {
    const view = fitView({ width: 960, height: 800 }, picture, 1);
    expect(view).toEqual({ left: 0, top: 130, scale: 0.5 });
  });
  it("a picture of the window's own size is not resampled", () => {
    const view = fitView({ width: 1920, height: 1081 }, picture, 1);
    expect(view.scale).toBe(1);
    expect(isWhole(view, 1)).toBe(true);
  });
  it("1:1 is one host pixel on one device pixel", () => {
    const view = exactView({ width: 1200, height: 800 }, picture, 2, null);
    expect(view.scale).toBe(0.5);
    expect(isWhole(view, 2)).toBe(true);
    expect(isWhole({ ...view, scale: 0.75 }, 2)).toBe(false);
    expect(isWhole({ ...view, scale: 0.4 }, 2)).toBe(false);
  });
  it("a larger picture always covers the window", () => {
    const stage = { width: 800, height: 600 };
    expect(clampView({ left: 50, top: 50, scale: 1 }, stage, picture)).toEqual({ left: 0, top: 0, scale: 1 });
    expect(clampView({ left: -9000, top: -9000, scale: 1 }, stage, picture)).toEqual({
      left: -1120,
      top: -480,
      scale: 1,
    });
  });
  it("a phone held upright is filled to its height", () => {
    const view = coverView({ width: 360, height: 632 }, picture, 3);
    expect(view.scale).toBeCloseTo(632 / 1080);
    expect(view.left).toBe(0);
  });
});

describe("pointer mapping", () => {
  it("every host pixel of the edge is reached and none beyond it", () => {
    const view = fitView({ width: 960, height: 540 }, picture, 1);
    expect(toHost(view, 0, 0, picture, 1)).toEqual({ x: 0, y: 0 });
    expect(toHost(view, 959.5, 539.5, picture, 1)).toEqual({ x: 1919, y: 1079 });
    expect(toHost(view, 5000, -20, picture, 1)).toEqual({ x: 1919, y: 0 });
  });
  it("is exact at 1:1 for all pixels of a line", () => {
    const view = exactView({ width: 3000, height: 2000 }, picture, 1, null);
    for (let x = 0; x < picture.width; x++) {
      expect(toHost(view, view.left + x, view.top + 7, picture, 1)).toEqual({ x, y: 7 });
      expect(toHost(view, view.left + x + 0.99, view.top + 7.5, picture, 1)).toEqual({ x, y: 7 });
    }
  });
  it("reaches the last pixel of a smaller picture, at any density", () => {
    for (const dpr of [1, 1.25, 2]) {
      const view = fitView({ width: 700, height: 700 }, picture, dpr);
      const last = (length: number) => Math.ceil(length * dpr - 1) / dpr;
      const at = toHost(
        view,
        view.left + last(picture.width * view.scale),
        view.top + last(picture.height * view.scale),
        picture,
        dpr,
      );
      expect(at).toEqual({ x: picture.width - 1, y: picture.height - 1 });
      expect(toHost(view, view.left, view.top, picture, dpr)).toEqual({ x: 0, y: 0 });
    }
  });
  it("begins on a device pixel", () => {
    expect(onDevicePixels({ left: 3.2, top: -7.6, scale: 1 }, 1)).toEqual({ left: 3, top: -8, scale: 1 });
    expect(onDevicePixels({ left: 3.3, top: 5, scale: 1 }, 1.25)).toEqual({ left: 3.2, top: 4.8, scale: 1 });
  });
  it("survives a scale that has no short binary form", () => {
    const view = { left: 13, top: 0, scale: 1 / 3 };
    for (let x = 0; x < 300; x++) expect(toHost(view, 13 + x / 3, 0, picture, 1).x).toBe(x);
  });
  it("zooming keeps the host point under the fingers", () => {
    const stage = { width: 360, height: 640 };
    const start = { left: -100, top: -50, scale: 0.8 };
    const before = toHost(start, 180, 300, picture, 1);
    const after = toHost(zoomView(start, 1.5, 180, 300, stage, picture), 180, 300, picture, 1);
    expect(Math.abs(after.x - before.x)).toBeLessThanOrEqual(1);
    expect(Math.abs(after.y - before.y)).toBeLessThanOrEqual(1);
  });
  it("reveal moves by no more than is needed", () => {
    const stage = { width: 400, height: 400 };
    const start = { left: -200, top: -200, scale: 1 };
    expect(revealView(start, 400, 400, 40, stage, picture)).toEqual(start);
    expect(revealView(start, 590, 400, 40, stage, picture).left).toBe(-230);
  });
});
