// A cable is pulled: who looks sees it in time, who does not look finds it in the broker's record, and
// what was under way goes on when the cable is back.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { CableRing, cableMissing } from "./lib/cable.mjs";
import { partBytes } from "./lib/part.mjs";
import { bin, sha256, sleep, until } from "./lib/ring.mjs";

const run = promisify(execFile);
const missing = await cableMissing();
const skip = missing ?? false;
let ring, host, big, hash;

before(async () => {
  if (missing) return;
  ring = await CableRing.start();
  host = await ring.host("Attic");
  await ring.cliLogin("watcher");
  big = join(ring.dir, "big.bin");
  await run("sh", ["-c", 'head -c 50M /dev/urandom > "$1"', "sh", big]);
  hash = await sha256(big);
});
after(async () => {
  await ring?.stop();
});

function hearth(args, home = "cli") {
  return ring.spawn(bin("hearth"), ["--home", join(ring.dir, home), ...args]);
}

test("who looks sees a pulled cable in under 3 s, and the PC again when it is back", { skip }, async () => {
  const watch = hearth(["devices", "--watch", "--json"], "watcher");
  let read = 0;
  const attic = async (online, ms) => {
    return until(`online ${online}`, () => {
      while (read < watch.lines.length) {
        const device = watch.lines[read].startsWith("{") ? JSON.parse(watch.lines[read]) : {};
        read++;
        if (device.name === "Attic" && device.online === online) return device;
      }
      return false;
    }, ms, 10);
  };
  await attic(true, 10000);
  await sleep(2000); // the broker is asking by now
  const pulled = Date.now();
  await ring.pull();
  const gone = await attic(false, 10000);
  const took = Date.now() - pulled;
  assert.ok(took < 3000, `offline was seen after ${took} ms`);
  assert.ok(Math.abs(gone.last_seen - pulled) < 2000, `last seen ${gone.last_seen - pulled} ms off`);
  await ring.plug();
  await attic(true, 60000);
  await watch.stop("SIGINT");
});

test("nobody looks: the broker knows in under 30 s, and since when", { skip }, async () => {
  await until("only the PC is linked", async () => (await ring.metric("links_now")) === 1, 10000, 200);
  const pulled = Date.now();
  await ring.pull();
  await until("the PC's link is gone", async () => (await ring.metric("links_now")) === 0, 40000, 250);
  const took = Date.now() - pulled;
  assert.ok(took < 30000, `the link was given up after ${took} ms`);
  const device = await ring.device("Attic");
  assert.equal(device.online, false);
  // It says something every 10 s; what it said last is what it was last seen by.
  assert.ok(device.last_seen > pulled - 12000 && device.last_seen < pulled + 1000, `${device.last_seen - pulled} ms off`);
  await ring.plug();
  await until("online again by itself", async () => (await ring.device("Attic")).online, 90000, 500);
});

for (const up of [true, false]) {
  test(`5 s without a cable in the middle of a copy ${up ? "to" : "from"} the PC`, { skip }, async () => {
    await ring.shape("80mbit");
    const dir = up ? host.files : ring.dir;
    const target = up ? "Attic:Home/up.bin" : join(ring.dir, "down.bin");
    const copy = hearth(["cp", up ? big : "Attic:Home/up.bin", target]);
    const ping = hearth(["ping", "Attic", "--count", "60", "--json"], "watcher");
    await until("some of it is there", async () => (await partBytes(dir)) > 5 << 20, 30000, 5);
    await ring.pull();
    await sleep(5000);
    const held = await partBytes(dir);
    assert.ok(held < 50 << 20, "it was cut in the middle");
    await ring.plug();
    assert.equal(await copy.ended, 0, copy.lines.slice(-5).join("\n"));
    assert.equal(await sha256(up ? join(dir, "up.bin") : target), hash);
    assert.equal(await ping.ended, 0, ping.lines.slice(-5).join("\n"));
    assert.equal(JSON.parse(ping.lines.at(-1)).count, 60);
  });
}

for (const up of [true, false]) {
  test(`a copy ${up ? "to" : "from"} the PC over 20 Mbit/s never stalls`, { skip }, async () => {
    await ring.shape("20mbit");
    const dir = up ? host.files : ring.dir;
    const target = up ? "Attic:Home/slow.bin" : join(ring.dir, "slow.bin");
    const copy = hearth(["cp", up ? big : "Attic:Home/up.bin", target]);
    let had = 0, moved = Date.now(), longest = 0;
    while (copy.code === undefined) {
      const now = await partBytes(dir);
      if (now !== had) {
        longest = Math.max(longest, Date.now() - moved);
        had = now;
        moved = Date.now();
      }
      await Promise.race([copy.ended, sleep(50)]);
    }
    assert.equal(copy.code, 0, copy.lines.slice(-5).join("\n"));
    longest = Math.max(longest, Date.now() - moved);
    assert.ok(longest < 2000, `nothing moved for ${longest} ms`);
    assert.equal(await sha256(up ? join(dir, "slow.bin") : target), hash);
  });
}
