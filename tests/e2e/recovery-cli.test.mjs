// The password is lost: the recovery key lets its owner in again, and leaves a mark in the account's log.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Ring } from "./lib/ring.mjs";

const run = promisify(execFile);
const RECOVERY = 5;
let ring, made;

before(async () => {
  ring = await Ring.start({ signUp: false });
  made = JSON.parse(await ring.cli(["signup", ring.url, ring.account, "--password-file", join(ring.dir, "password"), "--json"]));
  await writeFile(join(ring.dir, "recovery"), made.recovery_key, { mode: 0o600 });
  await writeFile(join(ring.dir, "new-password"), "quite another one", { mode: 0o600 });
});
after(async () => {
  await ring?.stop();
});

const recover = (home) => ring.cli(["login", ring.url, ring.account, "--recovery-file", join(ring.dir, "recovery"),
  "--password-file", join(ring.dir, "new-password")], { home });

/** The kinds of the log's entries, in order, as the broker holds them. */
async function kinds() {
  const { stdout } = await run("sqlite3", [join(ring.dir, "broker/broker.db"), "select hex(substr(bytes, 2, 1)) from entry order by seq"]);
  return stdout.trim().split("\n").map((kind) => Number.parseInt(kind, 16));
}

test("a new home signs in by the recovery key, and the log says so before it is added", async () => {
  await recover("other");
  assert.deepEqual(await kinds(), [1, 2, RECOVERY, 2]);
});

test("the new password is in force and the old one is not", async () => {
  const old = await ring.cliFails(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "third" });
  assert.equal(old.code, 3, old.stderr);
  await ring.cli(["login", ring.url, ring.account, "--password-file", join(ring.dir, "new-password")], { home: "third" });
});

test("a program that is signed in already leaves the mark too, and takes the log as it now is", async () => {
  await recover("cli");
  assert.deepEqual(await kinds(), [1, 2, RECOVERY, 2, 2, RECOVERY]);
  assert.equal((await ring.devices()).length, 3);
});
