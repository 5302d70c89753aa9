// A phone: the screen is a trackpad. Tap, drag, hold, two fingers, pinch, and the row of keys a phone lacks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { sleep, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, page, cdp, display, input;
before(async () => {
  stage = await openStage({ watch: true, page: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 3 } });
  ({ page, display, input } = stage);
  cdp = await page.context().newCDPSession(page);
});
after(() => stage?.close());

const canvas = () => page.locator('canvas[aria-label="Screen of Workshop"]');
const touch = (type, points) => cdp.send("Input.dispatchTouchEvent", {
  type, touchPoints: points.map(([x, y], id) => ({ x, y, id })),
});
const seen = (what, mark, wanted) => until(what, () => input.since(mark).join(" ") === wanted)
  .catch((error) => { throw new Error(`${error.message}: ${input.since(mark).join(" ")}`); });
const pointer = () => {
  const out = execFileSync("xdotool", ["getmouselocation"], { env: { ...process.env, DISPLAY: display } }).toString();
  const [, x, y] = out.match(/x:(\d+) y:(\d+)/);
  return { x: Number(x), y: Number(y) };
};
async function tap(x, y) {
  await touch("touchStart", [[x, y]]);
  await touch("touchEnd", []);
}
/** Fingers from there to there, in steps as a hand makes them. */
async function slide(from, to, steps = 12) {
  await touch("touchStart", from);
  for (let i = 1; i <= steps; i++)
    await touch("touchMove", from.map(([x, y], n) => [x + ((to[n][0] - x) * i) / steps, y + ((to[n][1] - y) * i) / steps]));
  await touch("touchEnd", []);
}

test("nothing of the page scrolls sideways or zooms", async () => {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await canvas().waitFor();
});

test("one finger moves the pointer, a tap clicks where it stands", async () => {
  await slide([[180, 400]], [[150, 380]]);
  await sleep(400);
  const before = pointer();
  await slide([[180, 300]], [[230, 340]]);
  await until("the pointer moved right and down", () => pointer().x > before.x && pointer().y > before.y);
  await sleep(400);
  const rest = pointer();
  const mark = input.mark();
  await tap(60, 200);
  await seen("the click", mark, "+1 -1");
  assert.deepEqual(pointer(), rest, "a tap does not move the pointer");
});

test("holding is the right button", async () => {
  await sleep(400);
  const mark = input.mark();
  await touch("touchStart", [[180, 300]]);
  await until("the right click", () => input.since(mark).join(" ") === "+3 -3", 3000);
  await touch("touchEnd", []);
  await sleep(200);
  assert.equal(input.since(mark).join(" "), "+3 -3");
});

test("tap and slide again drags", async () => {
  await sleep(400);
  const mark = input.mark();
  await tap(180, 300);
  await slide([[180, 300]], [[220, 330]]);
  await seen("a click, then a press that is let go at the end", mark, "+1 -1 +1 -1");
});

test("two fingers scroll", async () => {
  await sleep(400);
  const mark = input.mark();
  await slide([[150, 500], [210, 500]], [[150, 300], [210, 300]]);
  await until("wheel clicks downwards", () => input.since(mark).filter((e) => e === "+5").length >= 2);
  assert.ok(input.since(mark).every((e) => /[45]$/.test(e)), input.since(mark).join(" "));
});

test("pinching zooms the picture here and does nothing there", async () => {
  await sleep(400); // what the scrolling before still brings
  const mark = input.mark();
  const width = async () => (await canvas().boundingBox()).width;
  const was = await width();
  await slide([[170, 300], [190, 300]], [[90, 300], [270, 300]]);
  const large = await width();
  assert.ok(large > was * 1.5, `${was} to ${large}`);
  await slide([[90, 300], [270, 300]], [[170, 300], [190, 300]]);
  assert.ok((await width()) < large / 1.5);
  await sleep(300);
  assert.deepEqual(input.since(mark), []);
});

test("two fingers tapped are the right button", async () => {
  const mark = input.mark();
  await touch("touchStart", [[150, 300], [210, 300]]);
  await touch("touchEnd", []);
  await seen("the right click", mark, "+3 -3");
});

test("the key row sends its keys, and a lit modifier holds for one key", async () => {
  const mark = input.mark();
  const row = page.getByRole("group", { name: "Keys" });
  await row.getByRole("button", { name: "Esc" }).tap();
  await row.getByRole("button", { name: "Up", exact: true }).tap();
  await seen("the keys", mark, "+Escape -Escape +Up -Up");
  await row.getByRole("button", { name: "Ctrl" }).tap();
  await row.getByRole("button", { name: "Tab" }).tap();
  await row.getByRole("button", { name: "Tab" }).tap();
  await seen("Ctrl for one key", mark,
    "+Escape -Escape +Up -Up +Control_L +Tab -Tab -Control_L +Tab -Tab");
});

test("the on-screen keyboard types, rewrites and takes back", async () => {
  const mark = input.mark();
  await page.getByRole("button", { name: "On-screen keyboard" }).tap();
  await page.locator("textarea.softin").waitFor({ state: "attached" });
  const compose = (text) => cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  // A phone's keyboard composes word by word and corrects what it composed.
  await compose("t");
  await compose("te");
  await compose("to");
  await cdp.send("Input.insertText", { text: "to" });
  await seen("the word with its correction", mark, "+t -t +e -e +BackSpace -BackSpace +o -o");
});

test("a picture wider than the phone is shown at the height it has and follows the pointer", async () => {
  const box = await canvas().boundingBox();
  assert.ok(box.width > 360, `${box.width}`);
  for (let i = 0; i < 6; i++) await slide([[60, 300]], [[340, 300]]);
  await until("the right edge is in view", async () => {
    const now = await canvas().boundingBox();
    return Math.abs(now.x + now.width - 360) < 2;
  });
  assert.deepEqual(page.problems, []);
});
