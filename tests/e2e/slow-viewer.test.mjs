// Two windows on one PC, of which one stops taking anything: the other sees every change as before and controls the
// PC, the host keeps nothing for the stopped one, and that one is exact soon after it goes on.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { bin, Ring, root, sleep, until } from "./lib/ring.mjs";
import { equalAtRest, hostPicture } from "./lib/screen.mjs";

const run = promisify(execFile);
const MOVIE = { x: 700, y: 40, w: 480, h: 320 };
const STOPPED_MS = 6000; // the broker gives a socket up that takes nothing for 10 s

let ring, source, quick, slow, stopped, movie;
const env = (display) => ({ ...process.env, DISPLAY: display });

before(async () => {
  ring = await Ring.start();
  source = await ring.display("1280x720");
  quick = await ring.display("1280x720", { terminal: false });
  slow = await ring.display("1280x720", { terminal: false });
  await ring.host("Workshop", { display: source });
  // Two computers of the account: one of them has one link to the broker.
  await ring.cli(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "second" });
  const view = (home, display) =>
    ring.spawn(bin("hearth-view"), ["--home", join(ring.dir, home), "--fullscreen", "Workshop"], { env: env(display) });
  view(ring.home, quick);
  stopped = view("second", slow);
  const program = join(ring.dir, "movie");
  await run("cc", ["-O2", "-std=gnu17", join(root, "tests/e2e/lib/movie.c"), "-o", program, "-lxcb", "-lxcb-shm", "-lm"]);
  movie = ring.spawn(program, [MOVIE.x, MOVIE.y, MOVIE.w, MOVIE.h, 15].map(String), { env: env(source) });
  await movie.line(/moving/);
});
after(async () => {
  stopped?.signal("SIGCONT");
  await ring?.stop();
});

/** Colour of a place that only the root window paints. */
async function colour(display) {
  const { rgb, width } = await hostPicture(display);
  const at = (700 * width + 1270) * 3;
  return rgb.subarray(at, at + 3).toString("hex");
}

async function paint(hex) {
  await run("xsetroot", ["-solid", `#${hex}`], { env: env(source) });
}

/** MB of the host's own memory. */
async function memory() {
  const status = await readFile(`/proc/${ring.hosts.get("Workshop").pid}/status`, "utf8");
  return Number(status.match(/^RssAnon:\s+(\d+)/m)[1]) / 1024;
}

test("both windows show the PC while a picture moves on it", async () => {
  await paint("305070");
  for (const display of [quick, slow])
    await until("the colour is there", async () => (await colour(display)) === "305070");
});

test("while one of them is stopped, the other sees all that changes and reaches the PC", async () => {
  stopped.signal("SIGSTOP");
  const before = await memory(), end = Date.now() + STOPPED_MS;
  let turns = 0;
  for (; Date.now() < end; turns++) {
    const hex = (0x204060 + turns * 0x010203).toString(16).padStart(6, "0");
    await paint(hex);
    await until(`the other shows #${hex}`, async () => (await colour(quick)) === hex, 3000);
  }
  assert.ok(turns >= 4, `${turns} changes in ${STOPPED_MS} ms`);
  await run("xdotool", ["mousemove", "300", "200", "click", "1"], { env: env(quick) });
  await sleep(200);
  await run("xdotool", ["type", "--delay", "12", "seen by one"], { env: env(quick) });
  await run("xdotool", ["key", "Return"], { env: env(quick) });
  await run("xdotool", ["key", "ctrl+d"], { env: env(quick) });
  const typed = await until("the text is on the PC", async () => {
    const content = await readFile(join(ring.dir, "typed"), "utf8").catch(() => "");
    return content.includes("\n") ? content : null;
  });
  assert.equal(typed, "seen by one\n");
  const grown = (await memory()) - before;
  assert.ok(grown < 64, `the host grew by ${grown} MB for a viewer that takes nothing`);
});

test("the stopped one goes on with the newest picture, and both are exact at rest", async () => {
  stopped.signal("SIGCONT");
  await paint("a0c0e0");
  await until("it shows the newest colour", async () => (await colour(slow)) === "a0c0e0", 5000);
  movie.signal("SIGUSR1");
  await movie.line(/frozen/);
  for (const display of [quick, slow]) assert.equal(await equalAtRest(source, () => hostPicture(display)), 0);
});
