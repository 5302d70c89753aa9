// The main path: a person signs in with a real browser, sees the PC, controls it, types into a terminal
// there, and sees exactly what is on its screen.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { control, signIn } from "./lib/browser.mjs";
import { until } from "./lib/ring.mjs";
import { differences, equalAtRest, hostPicture, pagePicture, pngPicture } from "./lib/screen.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, display;
before(async () => {
  stage = await openStage({ upTo: "page" });
  ({ ring, page, display } = stage);
});
after(() => stage?.close());

test("a wrong password is answered in place and keeps the account name", async () => {
  await page.goto(ring.url);
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").first().waitFor({ timeout: 30000 });
  assert.equal(await page.getByLabel("Account", { exact: true }).inputValue(), ring.account);
});

test("signing in shows the PC online in the ring", async () => {
  await signIn(page, ring);
  await page.getByRole("button", { name: "Control Workshop", exact: true }).waitFor();
});

test("the picture in the page equals the host's framebuffer, pixel for pixel, at rest", async () => {
  await control(page, "Workshop");
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
});

test("what is typed in the page reaches the terminal on the PC", async () => {
  const screen = page.locator('canvas[aria-label="Screen of Workshop"]');
  const box = await screen.boundingBox();
  await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.3);
  const text = "Hearth types: aZ09 @#{}[]|~ \\ \"quotes\" <ok>";
  await page.keyboard.type(text, { delay: 5 });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+d");
  const typed = await until("the text is on the PC", async () => {
    const content = await readFile(join(ring.dir, "typed"), "utf8").catch(() => "");
    return content.includes("\n") ? content : null;
  });
  assert.equal(typed, `${text}\n`);
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
});

test("the statistics have the shape that probe prints", async () => {
  const stats = await page.evaluate(() => window.hearth.stats());
  for (const key of ["connect_ms", "first_frame_ms", "frames", "bytes_in", "bytes_out", "rtt_ms", "exact_share"]) {
    assert.equal(typeof stats[key], "number", key);
  }
  assert.ok(Array.isArray(stats.echo_ms) && stats.echo_ms.length > 0);
});

test("probe writes the picture that the host shows", async () => {
  const shot = join(ring.dir, "shot.png");
  const answer = JSON.parse(await ring.cli(["probe", "Workshop", "--shot", shot, "--json"]));
  assert.ok(answer.frames > 0 && answer.first_frame_ms > 0);
  assert.equal(differences(await hostPicture(display), pngPicture(await readFile(shot))), 0);
});

test("nothing in the page complained", () => {
  const allowed = /401|Failed to load resource/; // the wrong password above
  assert.deepEqual(page.problems.filter((p) => !allowed.test(p)), []);
});
