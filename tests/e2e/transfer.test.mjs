// Keys while a file goes each way and fills the link: 10 Mbit/s, 40 ms. Every key arrives, once and in order,
// before the files do; the files go on meanwhile and arrive whole.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { ringIn } from "../bench/lib/ring.mjs";
import { Space, tool } from "../bench/lib/space.mjs";
import { cableMissing } from "./lib/cable.mjs";
import { partBytes } from "./lib/part.mjs";
import { Program, bin, sha256, until } from "./lib/ring.mjs";
import { equalAtRest, hostPicture } from "./lib/screen.mjs";

const run = promisify(execFile);
const megabytes = 16, keys = "the quick brown fox jumps over the lazy dog 0123456789 ".repeat(3);
const missing = (await cableMissing()) ?? (existsSync("/dev/net/tun") && existsSync(tool("bench_link")) ? undefined : "no TUN device, or no bench_link");
const skip = missing ?? false;
let space, ring, host, source, target, input, view, big, hash;

/** A program on the viewer's side of the link. */
function there(file, args, display) {
  const program = new Program(...space.inB(file, args), { env: { ...process.env, DISPLAY: display ?? "" } });
  ring.programs.push(program);
  return program;
}
const hearth = (...args) => there(bin("hearth"), ["--home", join(ring.dir, ring.home), ...args]);

before(async () => {
  if (missing) return;
  space = new Space();
  await space.open("10m-40ms");
  ring = await ringIn(space);
  source = await ring.display("1280x720", { terminal: false });
  target = await ring.display("1280x720", { terminal: false });
  input = await ring.watchInput(source);
  host = await ring.host("Attic", { display: source });
  big = join(ring.dir, "big.bin");
  await run("sh", ["-c", `head -c ${megabytes}M /dev/urandom > "$1" && cp "$1" "$2"`, "sh", big, join(host.files, "there.bin")]);
  hash = await sha256(big);
  view = there(bin("hearth-view"), ["--home", join(ring.dir, ring.home), "Attic", "--fullscreen"], target);
});
after(async () => {
  await ring?.stop();
  await space?.close();
});

test("every key arrives in order while a file goes each way, and the files arrive whole", { skip }, async () => {
  assert.equal(await equalAtRest(source, () => hostPicture(target), 20000), 0);
  const down = join(ring.dir, "down.bin");
  const copies = [hearth("cp", big, "Attic:Home/up.bin"), hearth("cp", "Attic:Home/there.bin", down)];
  const moved = () => Promise.all([partBytes(host.files), partBytes(ring.dir)]);
  await until("both files are under way", async () => (await moved()).every((bytes) => bytes > 1 << 20), 30000, 20);
  const before = await moved();
  const mark = input.mark();
  await run("xdotool", ["type", "--delay", "25", keys], { env: { ...process.env, DISPLAY: target } });
  const name = (c) => (c === " " ? "space" : c);
  const wanted = [...keys].flatMap((c) => [`+${name(c)}`, `-${name(c)}`]);
  await until("the last key is on the PC", () => input.since(mark).length >= wanted.length, 15000);
  for (const [i, copy] of copies.entries()) assert.equal(copy.code, undefined, `copy ${i} was over before the keys were`);
  const after = await moved();
  assert.deepEqual(input.since(mark), wanted);
  for (const i of [0, 1]) assert.ok(after[i] > before[i], `copy ${i} stood still`);
  for (const copy of copies) assert.equal(await copy.ended, 0, copy.lines.slice(-5).join("\n"));
  assert.equal(await sha256(join(host.files, "up.bin")), hash);
  assert.equal(await sha256(down), hash);
  assert.equal(view.code, undefined);
  assert.equal(await equalAtRest(source, () => hostPicture(target), 15000), 0);
});
