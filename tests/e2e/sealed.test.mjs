// The broker can read none of it: text planted in a file name, a file, typed keys, the clipboard and the
// screen is looked for in every relayed byte, in the broker's folder and in a dump of its memory.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Ring, freePort, until } from "./lib/ring.mjs";

const run = promisify(execFile);
const planted = {
  "file name": "PlantedFileName7Q",
  "file content": "PlantedFileContent8R",
  "typed text": "plantedtyping9s",
  clipboard: "PlantedClipboard2T",
};
// 16 pixels of one rare colour, as a host's framebuffer has it and as the page would.
const pattern = Buffer.from("5a3c7b00".repeat(16), "hex");
const patternRgba = Buffer.from("7b3c5aff".repeat(16), "hex");

let ring, display, tap, proxyPort;
const captured = [];
before(async () => {
  ring = await Ring.start();
  // A wire tap in front of the broker: every byte both ways is kept.
  proxyPort = await freePort();
  tap = createServer((socket) => {
    const upstream = connect(ring.port, "127.0.0.1");
    for (const [from, to] of [[socket, upstream], [upstream, socket]]) {
      from.on("data", (bytes) => {
        captured.push(bytes);
        to.write(bytes);
      });
      from.on("close", () => to.destroy());
      from.on("error", () => to.destroy());
    }
  }).listen(proxyPort, "127.0.0.1");
  display = await ring.display("800x600");
  await run("xsetroot", ["-solid", "#7b3c5a"], { env: { ...process.env, DISPLAY: display } });
});
after(async () => {
  await ring?.stop();
  tap?.close();
});

function look(where, bytes) {
  for (const [what, text] of Object.entries(planted)) {
    for (const encoding of ["utf8", "utf16le"]) {
      assert.equal(bytes.indexOf(Buffer.from(text, encoding)), -1, `${what} (${encoding}) is in ${where}`);
    }
    assert.equal(bytes.indexOf(Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1)), -1, `${what} (base64) is in ${where}`);
  }
  assert.equal(bytes.indexOf(pattern), -1, `the screen is in ${where}`);
  assert.equal(bytes.indexOf(patternRgba), -1, `the screen is in ${where}`);
}

async function* filesBelow(dir) {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesBelow(join(dir, entry.name));
    else if (entry.isFile()) yield join(dir, entry.name);
  }
}

test("a session with everything in it, through the tap", async () => {
  const direct = ring.url;
  ring.url = `http://127.0.0.1:${proxyPort}`;
  await ring.cli(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "tapped" });
  const enrolled = await ring.host("Vault", { display });
  await mkdir(join(enrolled.files, "Documents"), { recursive: true });
  const local = join(ring.dir, "local.txt");
  await writeFile(local, `${planted["file content"]}\n`.repeat(2000));
  const remote = `Vault:Home/Documents/${planted["file name"]}.txt`;
  await ring.cli(["cp", local, remote], { home: "tapped" });
  await ring.cli(["cp", remote, join(ring.dir, "back.txt")], { home: "tapped" });
  assert.equal(await readFile(join(ring.dir, "back.txt"), "utf8"), await readFile(local, "utf8"));
  const env = { ...process.env, DISPLAY: display };
  const owner = ring.spawn("sh", ["-c", `printf %s ${planted.clipboard} | xclip -selection clipboard -i -quiet`], { env });
  await ring.cli(["probe", "Vault", "--seconds", "3", "--click", "200,200", "--type", planted["typed text"], "--shot", join(ring.dir, "s.png"), "--json"], { home: "tapped" });
  owner.signal("SIGTERM");
  await until("the text was typed", async () => {
    await ring.cli(["probe", "Vault", "--seconds", "1", "--key", "Return", "--json"], { home: "tapped" });
    return (await readFile(join(ring.dir, "typed"), "utf8").catch(() => "")).includes(planted["typed text"]);
  }, 15000);
  ring.url = direct;
});

test("nothing planted is in the relayed bytes", () => {
  const bytes = Buffer.concat(captured);
  assert.ok(bytes.length > 100_000, `only ${bytes.length} bytes went through the tap`);
  look("the relayed bytes", bytes);
});

test("nothing planted is in the broker's memory", async (t) => {
  const core = join(ring.dir, "core");
  try {
    await run("gcore", ["-a", "-o", core, String(ring.broker.pid)], { maxBuffer: 64 << 20 });
  } catch (error) {
    t.skip(`gcore is not allowed here: ${String(error).slice(0, 100)}`);
    return;
  }
  const file = `${core}.${ring.broker.pid}`;
  assert.ok((await stat(file)).size > 1 << 20);
  look("the broker's memory", await readFile(file));
});

test("nothing planted is in the broker's folder", async () => {
  let n = 0;
  for await (const file of filesBelow(join(ring.dir, "broker"))) {
    look(file, await readFile(file));
    n++;
  }
  assert.ok(n > 0);
});
