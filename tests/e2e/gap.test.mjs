// A line that falls silent: the picture is dimmed at once and says its age, keys arrive in order after the gap,
// clicks are not sent and that is said, and nothing ever stays pressed on the PC.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sleep, until } from "./lib/ring.mjs";
import { equalAtRest, pagePicture } from "./lib/screen.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, display, input;
before(async () => {
  stage = await openStage({ watch: true });
  ({ ring, page, display, input } = stage);
});
after(async () => {
  ring?.broker?.signal("SIGCONT");
  await stage?.close();
});

const stale = () => page.locator("main.stage.stale");
const canvas = () => page.locator('canvas[aria-label="Screen of Workshop"]');
const seen = (what, mark, wanted) => until(what, () => input.since(mark).join(" ") === wanted)
  .catch((error) => { throw new Error(`${error.message}: ${input.since(mark).join(" ")}`); });

/** Until the page knows; gives how long it took. */
async function silence(key = "a") {
  ring.broker.signal("SIGSTOP");
  const began = Date.now();
  await page.keyboard.press(key);
  await stale().waitFor({ timeout: 5000 });
  return Date.now() - began;
}

async function voice() {
  ring.broker.signal("SIGCONT");
  await stale().waitFor({ state: "detached", timeout: 20000 });
}

test("a line that falls silent dims the picture within a second and says its age", async () => {
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  // Patience grows with the round trip, and the first one is measured while everything starts.
  await page.waitForFunction(() => window.hearth.stats().rtt_ms < 50);
  await canvas().focus();
  const mark = input.mark();
  const took = await silence();
  assert.ok(took < 1000, `dimmed after ${took} ms`);
  await page.getByText(/^This picture is \d+ s old$/).waitFor();
  await voice();
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  await seen("the key arrives once", mark, "+a -a");
});

test("a picture that stands still notices it too, without a key", async () => {
  ring.broker.signal("SIGSTOP");
  await stale().waitFor({ timeout: 2500 });
  await voice();
});

test("keys of a gap are counted, and arrive in order; a click in it is not sent, and that is said", async () => {
  const mark = input.mark();
  await silence();
  await page.keyboard.press("b");
  await page.keyboard.press("c");
  await page.mouse.click(400, 300);
  await page.getByText(/^3 keys you typed are held and will be sent\.|3 keys you typed/).waitFor();
  await page.getByText(/A click made out of touch was not sent/).waitFor();
  await voice();
  await seen("the keys arrive in order", mark, "+a -a +b -b +c -c");
  await page.getByText(/A click made out of touch was not sent/).waitFor();
});

test("a button let go in a gap goes up after it", async () => {
  const mark = input.mark();
  await page.mouse.move(500, 400);
  await page.mouse.down();
  await seen("the press", mark, "+1");
  await silence();
  await page.mouse.up();
  await voice();
  await until("the button goes up once", () => input.since(mark).filter((e) => e === "-1").length === 1);
  await page.mouse.move(520, 410);
  await sleep(300);
  assert.deepEqual(input.since(mark).filter((e) => /1$/.test(e)), ["+1", "-1"]);
});

test("a button pressed in a gap and held over its end is no press until the next one", async () => {
  const mark = input.mark();
  await silence();
  await page.mouse.down();
  await voice();
  await page.mouse.move(540, 420);
  await page.mouse.up();
  await page.mouse.click(540, 420);
  await seen("only the new press", mark, "+a -a +1 -1");
});

test("after a gap so long that the path is given up, everything is as after a short one", async () => {
  const mark = input.mark();
  await page.mouse.down();
  await seen("the press", mark, "+1");
  await silence();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await sleep(3000);
  await page.keyboard.press("z");
  await page.mouse.up();
  await voice();
  await until("the keys arrive in order", () =>
    input.since(mark).filter((e) => !/1$/.test(e)).join(" ") === "+a -a +z -z");
  await until("the button is up", () => input.since(mark).filter((e) => /1$/.test(e)).join(" ") === "+1 -1");
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
});

test("a modifier is let go when the page loses the focus", async () => {
  const mark = input.mark();
  await canvas().focus();
  await page.keyboard.down("Shift");
  await seen("Shift is held", mark, "+Shift_L");
  await canvas().evaluate((node) => node.blur());
  await seen("Shift is let go", mark, "+Shift_L -Shift_L");
  await page.keyboard.up("Shift");
});

test("a modifier is let go when the line drops", async () => {
  const mark = input.mark();
  await canvas().focus();
  await page.keyboard.down("Control");
  await seen("Control is held", mark, "+Control_L");
  await ring.broker.stop("SIGKILL");
  await until("Control is let go", () => input.since(mark).includes("-Control_L"));
  await ring.startBroker();
  await stale().waitFor({ state: "detached", timeout: 20000 });
  await page.keyboard.up("Control");
  await page.keyboard.press("d");
  await until("the next key is plain", () => input.since(mark).slice(-2).join(" ") === "+d -d");
});

test("a modifier is let go when the session ends", async () => {
  const mark = input.mark();
  await canvas().focus();
  await page.keyboard.down("Alt");
  await seen("Alt is held", mark, "+Alt_L");
  await page.goto("about:blank");
  await until("Alt is let go", () => input.since(mark).includes("-Alt_L"));
});
