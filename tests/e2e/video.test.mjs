// A moving picture: it reaches the page and the command as a video stream, is good while it plays, and exact
// when it rests. Where the browser decodes no video the same picture comes as before.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { control, openBrowser, openPage, signIn } from "./lib/browser.mjs";
import { Ring, root, sleep, until } from "./lib/ring.mjs";
import { differences, equalAtRest, hostPicture, pagePicture, pngPicture } from "./lib/screen.mjs";

const run = promisify(execFile);
const AREA = { x: 320, y: 160, w: 640, h: 352 };

let ring, browser, page, display, movie;
before(async () => {
  ring = await Ring.start();
  display = await ring.display("1280x720", { terminal: false });
  await ring.host("Workshop", { display });
  const program = join(ring.dir, "movie");
  await run("cc", ["-O2", "-std=gnu17", join(root, "tests/e2e/lib/movie.c"), "-o", program, "-lxcb", "-lxcb-shm", "-lm"]);
  movie = ring.spawn(program, [AREA.x, AREA.y, AREA.w, AREA.h, 24].map(String), {
    env: { ...process.env, DISPLAY: display },
  });
  await movie.line(/moving/);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await ring?.stop();
});

/** Peak signal to noise over the moving area, in dB. */
function psnr(a, b) {
  let sum = 0;
  for (let y = AREA.y; y < AREA.y + AREA.h; y++) {
    for (let i = (y * a.width + AREA.x) * 3; i < (y * a.width + AREA.x + AREA.w) * 3; i++) {
      sum += (a.rgb[i] - b.rgb[i]) ** 2;
    }
  }
  return 10 * Math.log10((255 * 255 * AREA.w * AREA.h * 3) / (sum + 1));
}

async function freeze() {
  movie.signal("SIGUSR1");
  await until("the picture is frozen", () => movie.lines.at(-1) === "frozen");
}

async function goOn() {
  movie.signal("SIGUSR2");
  await until("the picture moves", () => movie.lines.at(-1) === "moving");
}

const codec = (of) => of.evaluate(() => window.hearth.stats().codec);

test("a moving picture comes to the page as video", async () => {
  page = await openPage(browser);
  await signIn(page, ring);
  await control(page, "Workshop");
  await until("a video stream plays", async () => (await codec(page)).includes("H.264"), 15000, 200);
});

test("what plays in the page is what is on the PC", async () => {
  await freeze();
  await sleep(200); // the last packet is decoded and shown, refinement has not begun
  const [host, seen] = [await hostPicture(display), await pagePicture(page, "Workshop")];
  const quality = psnr(host, seen);
  assert.ok(quality >= 33, `only ${quality.toFixed(1)} dB`);
});

test("the picture is exact when it rests", async () => {
  assert.equal(await equalAtRest(display, () => pagePicture(page, "Workshop")), 0);
  assert.ok(!(await codec(page)).includes("H.264"), "the stream is closed");
});

test("it plays on, and a window over it is exact", async () => {
  await goOn();
  await until("a video stream plays", async () => (await codec(page)).includes("H.264"), 15000, 200);
  const over = { x: 400, y: 220, w: 320, h: 160 };
  const box = ring.spawn("xmessage", ["-geometry", `${over.w}x${over.h}+${over.x}+${over.y}`, "Text over a moving picture"], {
    env: { ...process.env, DISPLAY: display },
  });
  const inside = (picture) => {
    const rgb = [];
    // Whole cells of 16 pixels inside the window.
    for (let y = 240; y < 368; y++) rgb.push(picture.rgb.subarray((y * picture.width + 416) * 3, (y * picture.width + 704) * 3));
    return { width: 288, height: 128, rgb: Buffer.concat(rgb) };
  };
  await until("the box is above the movie", async () => {
    const a = inside(await hostPicture(display));
    await sleep(150);
    return differences(a, inside(await hostPicture(display))) === 0;
  });
  await until("the box is exact in the page while the movie plays", async () => {
    const [host, seen] = [inside(await hostPicture(display)), inside(await pagePicture(page, "Workshop"))];
    return differences(host, seen) === 0;
  }, 10000, 200);
  assert.ok((await codec(page)).includes("H.264"), "the stream goes on");
  await box.stop();
});

test("hearth probe decodes it too and ends exact", async () => {
  const shot = join(ring.dir, "shot.png");
  const probe = ring.cli(["probe", "Workshop", "--seconds", "3", "--shot", shot, "--json"]);
  await sleep(2000);
  await freeze();
  const result = JSON.parse(await probe);
  assert.ok(result.frames > 20);
  assert.equal(differences(await hostPicture(display), pngPicture(await readFile(shot))), 0);
  await goOn();
});

test("a browser that decodes no video gets pictures, exact at rest as well", async () => {
  assert.deepEqual(page.problems, []);
  await page.context().close();
  // A worker cannot be changed from outside, so its script is, before it is served.
  const web = join(ring.dir, "web");
  await cp(join(root, "viewer/web/dist"), web, { recursive: true });
  for (const name of await readdir(join(web, "assets"))) {
    const file = join(web, "assets", name);
    if (/\.(br|gz)$/.test(name)) await rm(file);
    else if (/\.js$/.test(name)) {
      await writeFile(file, `try { delete globalThis.VideoDecoder } catch {}\n${await readFile(file, "utf8")}`);
    }
  }
  await ring.broker.stop();
  await ring.startBroker(["--web", web]);
  await until("the PC is back", async () => (await ring.device("Workshop"))?.online, 15000, 200);
  const other = await openPage(browser);
  await signIn(other, ring);
  await control(other, "Workshop");
  await sleep(3000);
  assert.equal(await other.evaluate(() => typeof VideoDecoder), "undefined");
  assert.ok(!(await codec(other)).includes("H.264"));
  await freeze();
  assert.equal(await equalAtRest(display, () => pagePicture(other, "Workshop")), 0);
});
