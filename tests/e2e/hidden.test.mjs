// A page that nobody sees costs next to nothing, and is exact at once when it is looked at again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sleep } from "./lib/ring.mjs";
import { equalAtRest, pagePicture } from "./lib/screen.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, display;
before(async () => {
  stage = await openStage({ display: { size: "640x480", terminal: false, wm: false } });
  ({ ring, page, display } = stage);
});
after(() => stage?.close());

/** What a browser tells the page of a tab in the background; headless Chromium shows every tab. */
const hide = (hidden) => page.evaluate((on) => {
  Object.defineProperty(document, "visibilityState", { value: on ? "hidden" : "visible", configurable: true });
  Object.defineProperty(document, "hidden", { value: on, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);
const frames = () => page.evaluate(() => window.hearth.stats().frames);

test("a hidden page is sent at most one message per second, and shown again it is exact", async () => {
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  const busy = ring.spawn("sh", ["-c", "while :; do xsetroot -solid '#204060'; sleep 0.05; xsetroot -solid '#804020'; sleep 0.05; done"],
    { env: { ...process.env, DISPLAY: display } });
  await sleep(1000);
  const lively = await frames();
  await sleep(2000);
  assert.ok((await frames()) - lively > 6, "the picture moves while it is seen");

  await hide(true);
  await sleep(3000);
  const before = await frames();
  await sleep(6000);
  const came = (await frames()) - before;
  assert.ok(came <= 7, `${came} messages in 6 s`);

  busy.signal("SIGTERM");
  await hide(false);
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  assert.deepEqual(page.problems, []);
});
