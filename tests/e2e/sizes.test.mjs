// The picture at every scale: the PC changes its resolution while somebody looks; a picture larger than the window
// is reached by panning; on screens of 1, 1.25, 1.5 and 2 pixels a point it is sharp and the pointer is where it is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { control, openPage, signIn } from "./lib/browser.mjs";
import { sleep, until } from "./lib/ring.mjs";
import { equalAtRest, hostPicture, pagePicture, pngPicture } from "./lib/screen.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, browser, display, env;
before(async () => {
  stage = await openStage({ upTo: "browser" });
  ({ ring, browser, display } = stage);
  env = { ...process.env, DISPLAY: display };
});
after(() => stage?.close());

const canvasOf = (page) => page.locator('canvas[aria-label="Screen of Workshop"]');
const pointer = () => {
  const [, x, y] = execFileSync("xdotool", ["getmouselocation"], { env }).toString().match(/x:(\d+) y:(\d+)/);
  return { x: Number(x), y: Number(y) };
};

async function session(options) {
  const page = await openPage(browser, options);
  await signIn(page, ring);
  await control(page, "Workshop");
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  return page;
}

async function sizing(page, name) {
  await page.keyboard.press("Control+Alt+Shift+H");
  await page.getByRole("button", { name, exact: true }).click();
  await canvasOf(page).focus();
}

/** Where the canvas lies, in CSS px, fractions included. */
const box = (page) => canvasOf(page).evaluate((node) => {
  const { left, top, width, height } = node.getBoundingClientRect();
  return { left, top, width, height, pixels: node.width };
});

/** The pointer goes to host pixels by way of the window; how far off it is there. */
async function worstError(page, dpr) {
  let worst = 0;
  for (const [x, y] of spots) {
    const { left, top, width, pixels } = await box(page);
    const scale = width / pixels;
    // A mouse stands on device pixels.
    const grid = (at) => Math.floor(at * dpr) / dpr;
    // Off first, so that each spot is a movement.
    await page.mouse.move(grid(left + (x > 640 ? 500 : 700) * scale), grid(top + 300 * scale));
    await page.mouse.move(grid(left + (x + 0.5) * scale), grid(top + (y + 0.5) * scale));
    let off = Infinity;
    for (const end = Date.now() + 3000; off > 1 && Date.now() < end; await sleep(30)) {
      const at = pointer();
      off = Math.max(Math.abs(at.x - x), Math.abs(at.y - y));
    }
    worst = Math.max(worst, off);
  }
  return worst;
}

/** Host pixels whose look on the glass differs, over the part of the picture that is seen and nothing covers. */
async function wrongPixels(page, dpr) {
  const host = await hostPicture(display);
  const { left, top } = await box(page);
  const shot = pngPicture(await page.screenshot({ scale: "device" }));
  let wrong = 0, seen = 0;
  const x0 = Math.round(left * dpr), y0 = Math.round(top * dpr);
  for (let y = 0; y < host.height; y++) for (let x = 0; x < host.width; x++) {
    const sx = x + x0, sy = y + y0;
    if (sx < 0 || sy < 0 || sx >= shot.width || sy >= shot.height) continue;
    seen++;
    const a = (y * host.width + x) * 3, b = (sy * shot.width + sx) * 3;
    if (host.rgb[a] !== shot.rgb[b] || host.rgb[a + 1] !== shot.rgb[b + 1] || host.rgb[a + 2] !== shot.rgb[b + 2]) wrong++;
  }
  assert.ok(seen > 100_000, `${seen} pixels compared`);
  return wrong;
}

const spots = [[0, 0], [1279, 0], [0, 719], [1279, 719], [640, 360], [333, 517]];

test("a change of the PC's resolution is followed, and the picture is exact again", async () => {
  const page = await session({});
  const xrandr = (...args) => execFileSync("xrandr", args, { env });
  xrandr("--newmode", "1024x600", "40", "1024", "1048", "1096", "1200", "600", "601", "604", "640");
  xrandr("--newmode", "m641", "25", "641", "656", "752", "800", "479", "490", "492", "525");
  for (const size of ["1024x600", "641x479", "1280x720"]) {
    const mode = size === "641x479" ? "m641" : size;
    if (size !== "1280x720") xrandr("--addmode", "screen", mode);
    xrandr("--output", "screen", "--mode", mode);
    const [width, height] = size.split("x").map(Number);
    await until(`the page has ${size}`, () => canvasOf(page).evaluate((node, w) => node.width === w, width), 10000);
    assert.equal(await canvasOf(page).evaluate((node) => node.height), height);
    assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
    const at = await box(page);
    assert.ok(at.left >= -0.5 && at.top >= -0.5 && at.left + at.width <= 1280.5, `it fits: ${JSON.stringify(at)}`);
    await page.mouse.move(at.left + at.width - 1, at.top + at.height - 1);
    await until("the pointer reaches the new corner", () => {
      const p = pointer();
      return p.x >= width - 2 && p.y >= height - 2;
    });
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

for (const dpr of [1, 1.25, 1.5, 2]) {
  test(`at ${dpr} pixels a point the pointer is right to a pixel, and 1:1 is sharp`, async () => {
    const page = await session({ deviceScaleFactor: dpr, viewport: { width: 1100, height: 700 } });
    const errors = { fit: await worstError(page, dpr) };
    await sizing(page, "1:1");
    const scale = await box(page);
    assert.ok(Math.abs(scale.width / scale.pixels - 1 / dpr) < 1e-4, "a host pixel is a device pixel");
    if (dpr > 1.2) errors.exact = await worstError(page, dpr);
    for (const [name, off] of Object.entries(errors)) assert.ok(off <= 1, `${name}: ${off} px off`);
    // The pointer rests away from the edges and from what it could light up; bar and tab are gone by themselves.
    const { left, top } = await box(page);
    await page.mouse.move(left + 900 / dpr, top + 500 / dpr);
    await page.locator(".sbar.folded").waitFor({ state: "attached" });
    await page.locator(".stab").waitFor({ state: "detached" });
    assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
    assert.equal(await wrongPixels(page, dpr), 0);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  });
}

test("a picture larger than the window is panned by going to its edge, and clicks stay right", async () => {
  const page = await session({});
  await page.setViewportSize({ width: 700, height: 480 });
  await sizing(page, "1:1");
  await page.mouse.move(350, 240);
  await page.mouse.move(698, 478, { steps: 5 });
  await until("the right lower corner is in view", async () => {
    const at = await box(page);
    return Math.abs(at.left + at.width - 700) < 1 && Math.abs(at.top + at.height - 480) < 1;
  });
  await page.mouse.move(699, 479);
  await until("the pointer is in the PC's corner", () => pointer().x === 1279 && pointer().y === 719);
  await page.mouse.move(2, 300, { steps: 5 });
  await until("and back to the left", async () => Math.abs((await box(page)).left) < 1);
  await page.context().close();
});
