// Who is there, seen in time; and nobody signs in again because a program died.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { control } from "./lib/browser.mjs";
import { sleep, until } from "./lib/ring.mjs";
import { equalAtRest, pagePicture } from "./lib/screen.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, host, display;
const card = () => page.getByRole("list", { name: "Devices" }).getByRole("listitem").filter({ hasText: "Workshop" });
const words = async () => (await card().first().innerText()).replace(/\s+/g, " ");

before(async () => {
  stage = await openStage({ display: { size: "1024x640" }, upTo: "ring" });
  ({ ring, page, host, display } = stage);
  await until("online is shown", async () => /Online/.test(await words()));
});
after(() => stage?.close());

async function seenWithin(what, pattern, ms) {
  const start = Date.now();
  await until(what, async () => pattern.test(await words()), ms + 3000, 25);
  const took = Date.now() - start;
  assert.ok(took < ms, `${what} took ${took} ms`);
}

test("a killed host is seen offline in under 2 s, and online again", async () => {
  host.signal("SIGKILL");
  await seenWithin("offline", /Last seen|Offline/i, 2000);
  host = await ring.startHost("Workshop", { display });
  await seenWithin("online again", /Online/, 2000);
});

test("a silent death is seen in under 3 s while someone looks", async () => {
  host.signal("SIGSTOP");
  await seenWithin("offline", /Last seen|Offline/i, 3000);
  host.signal("SIGCONT");
  await seenWithin("online again", /Online/, 62000);
});

test("in use is shown, by whom", async () => {
  const probe = ring.cli(["probe", "Workshop", "--seconds", "4", "--json"]);
  await seenWithin("in use", /In use|controls|viewing|working/i, 6000);
  await probe;
  await seenWithin("free again", /Online/, 4000);
});

test("kill -9 and restart of the broker: the session goes on, nobody signs in again", async () => {
  await control(page, "Workshop");
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  const frames = (await page.evaluate(() => window.hearth.stats())).frames;
  ring.broker.signal("SIGKILL");
  await ring.broker.ended;
  const screen = page.locator('canvas[aria-label="Screen of Workshop"]');
  const box = await screen.boundingBox();
  await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.3);
  await page.keyboard.type("held while away");
  await page.keyboard.press("Enter");
  await sleep(300);
  await ring.startBroker();
  await until("frames flow again", async () => (await page.evaluate(() => window.hearth.stats())).frames > frames, 70000, 200);
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop"), 15000), 0);
});

test("a host that was killed during a session comes back by itself", async () => {
  host.signal("SIGKILL");
  await host.ended;
  await sleep(500);
  const before = (await page.evaluate(() => window.hearth.stats())).frames;
  host = await ring.startHost("Workshop", { display });
  await until("frames flow again", async () => {
    const stats = await page.evaluate(() => window.hearth.stats());
    return stats.frames !== before && stats.frames > 0;
  }, 90000, 200);
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop"), 15000), 0);
});

test("SIGTERM drains the broker and it ends in order", async () => {
  assert.equal(await ring.broker.stop("SIGTERM", 8000), 0);
  await ring.startBroker();
});
