// 200 MB up and down, from the CLI and from the page, through kill -9 of broker and host in the middle;
// equal by SHA-256. And the refusals: nothing is overwritten silently, nothing leaves its root.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { openBrowser, openPage, signIn } from "./lib/browser.mjs";
import { partBytes } from "./lib/part.mjs";
import { Ring, bin, sha256, sleep, until } from "./lib/ring.mjs";

const run = promisify(execFile);
const size = Number(process.env.HEARTH_FILE_MB ?? 200);
let ring, browser, page, host, big, hash;

before(async () => {
  ring = await Ring.start();
  host = await ring.host("Attic");
  big = join(ring.dir, "big.bin");
  await run("sh", ["-c", `head -c ${size}M /dev/urandom > "$1"`, "sh", big]);
  hash = await sha256(big);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await ring?.stop();
});

const rss = async (program) => Number((await readFile(`/proc/${program.pid}/status`, "utf8")).match(/VmRSS:\s+(\d+)/)[1]) / 1024;

async function killBoth() {
  ring.broker.signal("SIGKILL");
  await ring.broker.ended;
  await sleep(200);
  await ring.startBroker();
  await sleep(1500);
  host.signal("SIGKILL");
  await host.ended;
  host = await ring.startHost("Attic");
}

test("hearth cp up, through kill -9 of broker and host", async () => {
  const copy = ring.spawn(bin("hearth"), ["--home", join(ring.dir, "cli"), "cp", big, "Attic:Home/up.bin"]);
  await until("some of it is there", async () => (await partBytes(host.files)) > (size << 20) / 20, 30000, 5);
  assert.ok(!(await readdir(host.files)).includes("up.bin"), "a half file is never under the final name");
  await killBoth();
  assert.equal(await copy.ended, 0, copy.lines.slice(-5).join("\n"));
  assert.equal(await sha256(join(host.files, "up.bin")), hash);
  assert.equal(await partBytes(host.files), 0);
});

test("hearth cp down, through kill -9 of broker and host", async () => {
  const dir = join(ring.dir, "down");
  await mkdir(dir);
  const copy = ring.spawn(bin("hearth"), ["--home", join(ring.dir, "cli"), "cp", "Attic:Home/up.bin", join(dir, "down.bin")]);
  await until("some of it is there", async () => (await partBytes(dir)) > (size << 20) / 20, 30000, 5);
  await killBoth();
  assert.equal(await copy.ended, 0, copy.lines.slice(-5).join("\n"));
  assert.equal(await sha256(join(dir, "down.bin")), hash);
  assert.equal(await partBytes(dir), 0);
});

test("memory of broker and host stays flat", async () => {
  assert.ok((await rss(ring.broker)) < 80, `broker ${await rss(ring.broker)} MB`);
  assert.ok((await rss(host)) < 160, `host ${await rss(host)} MB`);
});

test("an interrupted cp goes on where it was", async () => {
  const copy = ring.spawn(bin("hearth"), ["--home", join(ring.dir, "cli"), "cp", big, "Attic:Home/again.bin"]);
  await until("some of it is there", async () => (await partBytes(host.files)) > (size << 20) / 20, 30000, 5);
  copy.signal("SIGKILL");
  await copy.ended;
  const kept = await partBytes(host.files);
  assert.ok(kept > 0);
  await ring.cli(["cp", big, "Attic:Home/again.bin"]);
  assert.equal(await sha256(join(host.files, "again.bin")), hash);
});

test("nothing is overwritten silently", async () => {
  const small = join(ring.dir, "small");
  await writeFile(small, "new");
  await writeFile(join(host.files, "kept"), "old");
  const result = await ring.cliFails(["cp", small, "Attic:Home/kept"]);
  assert.equal(result.code, 6, result.stderr);
  assert.equal(await readFile(join(host.files, "kept"), "utf8"), "old");
  await ring.cli(["cp", "--force", small, "Attic:Home/kept"]);
  assert.equal(await readFile(join(host.files, "kept"), "utf8"), "new");
});

test("a path outside its root is refused", async () => {
  await symlink("/etc", join(host.files, "way-out"));
  for (const path of ["Home/../../etc/passwd", "Home/way-out/passwd", "Home//etc/passwd"]) {
    const result = await ring.cliFails(["cp", `Attic:${path}`, join(ring.dir, "stolen")]);
    assert.notEqual(result.code, 0, path);
    assert.ok(result.stderr.length > 10, "it says why");
  }
});

test("names of any bytes go both ways, folders too", async () => {
  const dir = join(ring.dir, "names");
  await mkdir(join(dir, "inner"), { recursive: true });
  const names = [Buffer.from("line\nbreak"), Buffer.from([0x66, 0xff, 0xfe, 0x6f]), Buffer.from("été 日本 🙂"), Buffer.from(" leading and trailing ")];
  for (const [i, name] of names.entries()) await writeFile(Buffer.concat([Buffer.from(`${dir}/inner/`), name]), `content ${i}`);
  await ring.cli(["cp", "-r", dir, "Attic:Home/names"]);
  await ring.cli(["cp", "-r", "Attic:Home/names", join(ring.dir, "names-back")]);
  await run("diff", ["-r", dir, join(ring.dir, "names-back")]);
});

test("a read-only target and a missing one say so", async () => {
  const small = join(ring.dir, "small");
  if (process.getuid() !== 0) {
    await mkdir(join(host.files, "locked"));
    await chmod(join(host.files, "locked"), 0o555);
    assert.equal((await ring.cliFails(["cp", small, "Attic:Home/locked/x"])).code, 8);
  }
  assert.equal((await ring.cliFails(["cp", "Attic:Home/not-there", join(ring.dir, "x")])).code, 4);
});

test("a full disk keeps the old file and says so", async (t) => {
  const mount = join(host.files, "tiny");
  await mkdir(mount);
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", mount]);
  } catch {
    t.skip("mounting is not allowed here");
    return;
  }
  try {
    await writeFile(join(mount, "old"), "old");
    const result = await ring.cliFails(["cp", "--force", "--timeout", "5", big, "Attic:Home/tiny/old"]);
    assert.equal(result.code, 8, result.stderr);
    assert.match(result.stderr, /space|full/i);
    assert.equal(await readFile(join(mount, "old"), "utf8"), "old");
  } finally {
    await run("umount", [mount]);
  }
});

test("the page sends 200 MB, through kill -9 of broker and host", async () => {
  page = await openPage(browser);
  await signIn(page, ring);
  await page.getByRole("button", { name: "Files of Attic" }).or(page.getByRole("link", { name: "Files of Attic" })).first().click();
  const send = page.getByLabel("Send files", { exact: true });
  await send.waitFor({ state: "attached", timeout: 20000 });
  await rm(join(host.files, "again.bin"));
  await rm(join(host.files, "up.bin"));
  await send.setInputFiles(big);
  await until("some of it is there", async () => (await partBytes(host.files)) > (size << 20) / 20, 30000, 5);
  await killBoth();
  await until("the file is whole", async () => (await readdir(host.files)).includes("big.bin"), 180000, 200);
  assert.equal(await sha256(join(host.files, "big.bin")), hash);
});

test("the page fetches 200 MB, through kill -9 of broker and host", async () => {
  const button = page.getByRole("button", { name: "Download big.bin", exact: true });
  await button.waitFor({ timeout: 20000 });
  const coming = page.waitForEvent("download", { timeout: 240000 });
  await button.click();
  await sleep(700);
  await killBoth();
  const download = await coming;
  const path = join(ring.dir, "page-down.bin");
  await download.saveAs(path);
  assert.equal(await sha256(path), hash);
});
