// The desktop viewer on a display of its own: its window shows the host's screen exactly, what is done in it
// happens on the host, and it comes back by itself when the host does.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { bin, Ring, sleep, until } from "./lib/ring.mjs";
import { differences, equalAtRest, hostPicture } from "./lib/screen.mjs";

const run = promisify(execFile);
const TEXT = "Hearth types: aZ09 @#{}[]|~ \\ 'quotes' <ok>";

let ring, source, target, view;
const env = (display) => ({ ...process.env, DISPLAY: display });
const on = (display, file, ...args) => run(file, args, { env: env(display) });

before(async () => {
  ring = await Ring.start();
  source = await ring.display("1280x720");
  target = await ring.display("1280x720", { terminal: false });
  await ring.host("Workshop", { display: source });
  view = startView("--fullscreen");
});
after(async () => {
  await ring?.stop();
});

function startView(...args) {
  return ring.spawn(bin("hearth-view"), ["--home", join(ring.dir, "cli"), ...args, "Workshop"], { env: env(target) });
}

test("the window shows the host's screen, pixel for pixel, at rest", async () => {
  // The pointer may be drawn by neither: both are taken without it.
  assert.equal(await equalAtRest(source, () => hostPicture(target), 15000), 0);
});

test("what is typed in the window reaches the terminal on the host", async () => {
  await on(target, "xdotool", "mousemove", "300", "200", "click", "1");
  await sleep(300);
  await on(target, "xdotool", "type", "--delay", "12", TEXT);
  await on(target, "xdotool", "key", "Return");
  await sleep(300);
  await on(target, "xdotool", "key", "ctrl+d");
  const typed = await until("the text is on the host", async () => {
    const content = await readFile(join(ring.dir, "typed"), "utf8").catch(() => "");
    return content.includes("\n") ? content : null;
  });
  assert.equal(typed, `${TEXT}\n`);
  assert.equal(await equalAtRest(source, () => hostPicture(target)), 0);
});

test("the pointer stands on the host where it is in the window", async () => {
  for (const [x, y] of [[0, 0], [1279, 719], [640, 360], [17, 701]]) {
    await on(target, "xdotool", "mousemove", String(x), String(y));
    await until(`the host's pointer is at ${x},${y}`, async () => {
      const { stdout } = await on(source, "xdotool", "getmouselocation", "--shell");
      return stdout.includes(`X=${x}\n`) && stdout.includes(`Y=${y}\n`);
    });
  }
});

test("text copied on either side is there on the other", async () => {
  const copy = (display, text) => ring.spawn("sh", ["-c", `printf %s "$TEXT" | xclip -selection clipboard -quiet`],
    { env: { ...env(display), TEXT: text } });
  const paste = async (display) => (await on(display, "timeout", "2", "xclip", "-selection", "clipboard", "-o").catch(() => ({ stdout: "" }))).stdout;
  copy(source, "vom Rechner – 10 °C");
  await until("it is here", async () => (await paste(target)) === "vom Rechner – 10 °C");
  copy(target, "back to the host");
  await until("it is there", async () => (await paste(source)) === "back to the host");
});

test("a host that is killed and comes back shows its screen again without a word from the person", async () => {
  const host = ring.hosts.get("Workshop");
  host.child.kill("SIGKILL");
  await until("the old picture is dimmed", async () => differences(await hostPicture(source), await hostPicture(target)) > 100000);
  await until("the title says so", async () => /Workshop.{1,3}connecting again/.test((await on(target, "xwininfo", "-root", "-tree")).stdout));
  await ring.startHost("Workshop", { display: source });
  assert.equal(await equalAtRest(source, () => hostPicture(target), 20000), 0);
  assert.equal(view.code, undefined);
});

test("the window closes by its chord and by a signal, in order", async () => {
  await on(target, "xdotool", "key", "ctrl+alt+shift+q");
  assert.equal(await view.ended, 0);
  const second = startView();
  await until("the window is there", async () => /Workshop/.test((await on(target, "xwininfo", "-root", "-tree")).stdout));
  second.child.kill("SIGTERM");
  assert.equal(await second.ended, 130);
});

test("it says what to do when there is no such device and no display", async () => {
  const home = join(ring.dir, "cli");
  const absent = await run(bin("hearth-view"), ["--home", home, "Nowhere"], { env: env(target), timeout: 20000 }).catch((error) => error);
  assert.equal(absent.code, 4);
  assert.match(absent.stderr, /hearth devices/);
  const blind = await run(bin("hearth-view"), ["--home", home, "Workshop"], { env: { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" }, timeout: 20000 }).catch((error) => error);
  assert.equal(blind.code, 1);
  assert.match(blind.stderr, /DISPLAY/);
});
