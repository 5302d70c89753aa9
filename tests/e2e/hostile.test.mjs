// A broker that lies: it rolls the log back, forks it, swaps a key, weakens the key derivation, or is another
// broker under the same address. Every program refuses, says why, and gives nothing away.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { openPage } from "./lib/browser.mjs";
import { bin, sleep, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

const run = promisify(execFile);
let stage, ring, browser, page, host;

before(async () => {
  stage = await openStage({ name: "Cellar", display: null, upTo: "ring" });
  ({ ring, browser, page, host } = stage);
});
after(() => stage?.close());

const data = () => join(ring.dir, "broker");
async function database() {
  const name = (await readdir(data())).find((n) => n.endsWith(".db") || n.endsWith(".sqlite"));
  return join(data(), name);
}
const sql = async (text) => (await run("sqlite3", [await database(), text])).stdout.trim();

/** Do something to the broker's data while it is down. */
async function tamper(change) {
  await ring.broker.stop();
  await change();
  await ring.startBroker();
}

async function keepingTheData(work) {
  const copy = join(ring.dir, `kept-${Math.random()}`);
  await ring.broker.stop();
  await cp(data(), copy, { recursive: true });
  await ring.startBroker();
  try {
    await work();
  } finally {
    await ring.broker.stop();
    await run("rm", ["-rf", data()]);
    await cp(copy, data(), { recursive: true });
    await ring.startBroker();
  }
}

test("weak key derivation parameters are refused before the password is used", async () => {
  await keepingTheData(async () => {
    await tamper(() => sql("UPDATE account SET kdf_mem_kib = 1024, kdf_passes = 1"));
    const result = await ring.cliFails(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "weak" });
    assert.equal(result.code, 7, result.stderr);
    const other = await openPage(browser);
    await other.goto(ring.url);
    await other.getByLabel("Account", { exact: true }).fill(ring.account);
    await other.getByLabel("Password", { exact: true }).fill(ring.password);
    await other.getByRole("button", { name: "Sign in", exact: true }).click();
    await other.getByRole("alert").first().waitFor({ timeout: 20000 });
    assert.equal(await other.getByRole("list", { name: "Devices" }).count(), 0);
    await other.context().close();
  });
});

test("a rolled-back log is refused by the CLI, the host and the page", async () => {
  await ring.cli(["rename", "Cellar", "Cellar two"]);
  await until("the host has the new entry", async () => (await ring.device("Cellar two"))?.online);
  await page.getByText("Cellar two").first().waitFor();
  await keepingTheData(async () => {
    await tamper(() => sql("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)"));
    const result = await ring.cliFails(["devices"]);
    assert.equal(result.code, 7, result.stderr);
    assert.match(result.stderr, /forgotten|history/i);
    assert.equal(await Promise.race([host.ended, sleep(70000).then(() => "still running")]), 7);
    await page.getByText(/history|log/i).first().waitFor({ timeout: 70000 });
  });
});

test("a forked log is refused", async () => {
  host = await ring.startHost("Cellar");
  await cp(join(ring.dir, "cli"), join(ring.dir, "cli-before"), { recursive: true });
  await ring.broker.stop();
  await cp(data(), join(ring.dir, "fork"), { recursive: true });
  await ring.startBroker();
  await ring.cli(["rename", "Cellar two", "Left"]);
  await ring.broker.stop();
  await run("rm", ["-rf", data()]);
  await cp(join(ring.dir, "fork"), data(), { recursive: true });
  await ring.startBroker();
  await ring.cli(["rename", "Cellar two", "Right"], { home: "cli-before" });
  const result = await ring.cliFails(["devices"]);
  assert.equal(result.code, 7, result.stderr);
  await host.stop();
});

test("a swapped key in the log is refused", async () => {
  await keepingTheData(async () => {
    await ring.broker.stop();
    // Byte 100 of entry 2 lies in the Ed25519 key of the certificate that adds the host.
    const hex = await sql("SELECT hex(bytes) FROM entry WHERE seq = 2");
    const flipped = `${hex.slice(0, 240)}${hex[240] === "0" ? "1" : "0"}${hex.slice(241)}`;
    await sql(`UPDATE entry SET bytes = x'${flipped}' WHERE seq = 2`);
    // A true broker refuses to serve such an account; either way nobody gets in.
    await ring.startBroker().catch(() => {});
    const result = await ring.cliFails(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "swapped" });
    assert.notEqual(result.code, 0);
    assert.ok(result.stderr.length > 10);
  });
});

test("another broker under the same address gets nothing", async () => {
  await ring.broker.stop();
  await cp(data(), join(ring.dir, "true-broker"), { recursive: true });
  await run("rm", ["-rf", data()]);
  await ring.startBroker();
  const attacker = join(ring.dir, "attacker-password");
  await writeFile(attacker, "attacker password", { mode: 0o600 });
  await ring.cli(["signup", ring.url, ring.account, "--password-file", attacker], { home: "attacker" });
  const known = await ring.cliFails(["devices"], { home: "cli-before" });
  assert.ok([3, 7].includes(known.code), `${known.code} ${known.stderr}`);
  const login = await ring.cliFails(["login", ring.url, ring.account, "--password-file", join(ring.dir, "password")], { home: "fooled" });
  assert.equal(login.code, 3, login.stderr);
  await ring.broker.stop();
  await run("rm", ["-rf", data()]);
  await cp(join(ring.dir, "true-broker"), data(), { recursive: true });
  await ring.startBroker();
});

test("a view-only host takes no key, whatever the viewer wants", async () => {
  // The first home keeps the history that the broker lost on the way here, and rightly refuses it.
  ring.home = "fresh";
  await ring.cliLogin();
  const display = await ring.display("800x600");
  await ring.host("Loft", { display, args: ["--view-only"] });
  const result = await ring.cliFails(["probe", "Loft", "--seconds", "2", "--click", "200,200", "--type", "forbidden", "--json"]);
  assert.equal(result.code, 3, result.stderr);
  assert.equal(await readFile(join(ring.dir, "typed"), "utf8").catch(() => ""), "");
});

test("a broker that is not there is named, with what to do", async () => {
  await ring.broker.stop();
  const result = await ring.cliFails(["devices", "--timeout", "3"], { home: "cli-before" });
  assert.equal(result.code, 5, result.stderr);
  assert.match(result.stderr, /127\.0\.0\.1/);
  const port = ring.port;
  await ring.startBroker();
  const second = ring.spawn(bin("hearth-broker"), ["--listen", `127.0.0.1:${port}`, "--data", join(ring.dir, "other")]);
  assert.notEqual(await second.ended, 0);
  assert.match(second.lines.join("\n"), /in use|another/i);
});
