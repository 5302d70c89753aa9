// The first command of the README, as a newcomer runs it: one line of JSON, a URL that signs in, a PC to control.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { control, openBrowser, openPage } from "./lib/browser.mjs";
import { Program, freePort, root } from "./lib/ring.mjs";

let dir, port, quickstart, answer, browser;
async function begin(...args) {
  quickstart = new Program(join(root, "scripts/quickstart"), ["--port", String(port), "--data", join(dir, "data"), "--demo-desktop", "--no-build", "--json", ...args]);
  const [line] = await quickstart.line(/^\{"url".*\}$/, 60000);
  answer = JSON.parse(line);
}
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "hearth-quickstart-"));
  port = await freePort();
  browser = await openBrowser();
  await begin();
});
after(async () => {
  await browser?.close();
  await quickstart?.stop("SIGTERM", 15000);
  await rm(dir, { recursive: true, force: true });
});

test("the URL signs in, leaves no secret in the address bar, and the PC can be controlled", async () => {
  for (const key of ["url", "account", "password", "device"]) assert.equal(typeof answer[key], "string");
  const page = await openPage(browser);
  await page.goto(answer.url);
  await page.getByRole("button", { name: `Control ${answer.device}`, exact: true }).waitFor({ timeout: 30000 });
  assert.ok(!page.url().includes(answer.password));
  await control(page, answer.device);
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("it ends all it started, and goes on with the same account when run again", async () => {
  const { account, password } = answer;
  await quickstart.stop("SIGINT", 15000);
  await begin();
  assert.equal(answer.account, account);
  assert.equal(answer.password, password);
});

test("--lan serves TLS with the certificate whose fingerprint it prints", async () => {
  await quickstart.stop("SIGINT", 15000);
  await rm(join(dir, "data"), { recursive: true, force: true });
  await begin("--lan");
  assert.match(answer.url, /^https:/);
  const page = await openPage(browser, { ignoreHTTPSErrors: true });
  await page.goto(answer.url);
  await page.getByRole("button", { name: `Control ${answer.device}`, exact: true }).waitFor({ timeout: 30000 });
  await control(page, answer.device);
});
