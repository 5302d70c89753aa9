// A key that is held while a program dies goes up on the PC: X itself would keep it down for ever.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { control, openBrowser, openMortalBrowser, openPage, signIn } from "./lib/browser.mjs";
import { Ring, until } from "./lib/ring.mjs";

const run = promisify(execFile);
const SHIFT = 50;
let ring, host, display, browser, mortal;

before(async () => {
  ring = await Ring.start();
  display = await ring.display("1024x640");
  host = await ring.host("Workshop", { display });
});
after(async () => {
  await browser?.close();
  await mortal?.browser.close().catch(() => undefined);
  await ring?.stop();
});

/** The X keycodes that are down. */
async function down() {
  const program = `
import ctypes
x = ctypes.CDLL("libX11.so.6")
x.XOpenDisplay.restype = ctypes.c_void_p
d = ctypes.c_void_p(x.XOpenDisplay(None))
keys = ctypes.create_string_buffer(32)
x.XQueryKeymap(d, keys)
print(" ".join(str(i) for i in range(256) if keys.raw[i // 8] >> (i % 8) & 1))`;
  const { stdout } = await run("python3", ["-c", program], { env: { ...process.env, DISPLAY: display } });
  return stdout.trim().split(" ").filter(Boolean).map(Number);
}

async function hold(page) {
  await signIn(page, ring);
  const screen = await control(page, "Workshop");
  const box = await screen.boundingBox();
  await page.mouse.click(box.x + box.width * 0.25, box.y + box.height * 0.3);
  await page.keyboard.down("Shift");
  await until("Shift is down", async () => (await down()).includes(SHIFT), 5000);
}

async function goesUp(ms) {
  const start = Date.now();
  await until("nothing is down", async () => (await down()).length === 0, ms + 2000, 10);
  assert.ok(Date.now() - start < ms, `it took ${Date.now() - start} ms`);
}

test("the browser is killed", async () => {
  mortal = await openMortalBrowser();
  await hold(await openPage(mortal.browser));
  mortal.kill();
  await goesUp(2000);
});

test("the host is killed", async () => {
  browser = await openBrowser();
  await hold(await openPage(browser));
  host.signal("SIGKILL");
  await host.ended;
  await goesUp(1000);
});

test("the host ends in order", async () => {
  await browser.close();
  browser = await openBrowser();
  host = await ring.runHost("Workshop", { display });
  await hold(await openPage(browser));
  await ring.stopHost("Workshop");
  await goesUp(1000);
});
