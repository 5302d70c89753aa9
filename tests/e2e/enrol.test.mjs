// A newcomer: makes an account in the page, adds a PC by its code and four words, renames it, controls it
// from a second device and turns that device away.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { control, openBrowser, openPage, signIn } from "./lib/browser.mjs";
import { Ring, bin, until } from "./lib/ring.mjs";

let ring, browser, page, enroll, asked;
before(async () => {
  ring = await Ring.start({ signUp: false, account: "odile", password: "a long pass phrase 7" });
  browser = await openBrowser();
  page = await openPage(browser);
});
after(async () => {
  await browser?.close();
  await ring?.stop();
});

function startEnrolling(name) {
  const program = ring.spawn(bin("hearth-host"), ["enroll", ring.url, "--name", name, "--home", join(ring.dir, `host-${name}`), "--json"]);
  return program;
}

async function openAdd() {
  await page.getByRole("button", { name: "Add a PC" }).or(page.getByRole("link", { name: "Add a PC" })).first().click();
  await page.getByRole("heading", { name: "Add a PC", level: 1 }).waitFor();
}

async function typeCode(code) {
  await page.getByLabel("Code, first half").fill(code.slice(0, 4));
  await page.getByLabel("Code, second half").fill(code.slice(-4));
}

test("signing up shows the recovery key once and asks for one group of it", async () => {
  await page.goto(ring.url);
  await page.getByText("Create an account").first().click();
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("Password", { exact: true }).fill(ring.password);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  const field = page.getByLabel(/type group/);
  await field.waitFor({ timeout: 30000 });
  const groups = await page.getByRole("list", { name: /Recovery key/ }).getByRole("listitem").allInnerTexts();
  assert.equal(groups.length, 8);
  const wanted = Number((await field.evaluate((n) => n.labels[0].textContent)).match(/\d+/)[0]);
  const goOn = page.getByRole("button", { name: "I have kept it, go on" });
  await field.fill("0000");
  assert.ok(await goOn.isDisabled(), "a wrong group does not let one go on");
  await field.fill(groups[wanted - 1].trim());
  await goOn.click();
  await page.getByRole("heading", { name: "Your ring" }).waitFor();
});

test("a code that nobody shows is answered in place", async () => {
  await openAdd();
  await typeCode("ZZZZ-ZZZZ");
  await page.getByText(/No PC shows this code/).waitFor({ timeout: 15000 });
});

test("the page finds the PC, shows the words that the PC shows, and adds it", async () => {
  enroll = startEnrolling("garden-pc");
  asked = JSON.parse((await enroll.line(/\{.*"code".*\}/))[0]);
  assert.match(asked.code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await typeCode(asked.code.toLowerCase());
  const yes = page.getByRole("button", { name: /They match/ });
  await until("the words can be confirmed", () => yes.isEnabled().catch(() => false), 20000);
  const text = await page.locator("main").innerText();
  for (const word of asked.words) assert.ok(text.includes(word), `the page shows ${word}`);
  await yes.click();
  assert.equal(await enroll.ended, 0);
  await ring.startHost("garden-pc");
  await page.getByRole("button", { name: "Control garden-pc" }).first().waitFor();
});

test("a used code is refused", async () => {
  await page.goto(`${ring.url}/#add=${asked.code}`);
  await page.getByText(/No PC shows this code|was used|spent/).first().waitFor({ timeout: 20000 });
});

test("words that differ turn the PC away", async () => {
  const program = startEnrolling("stranger");
  const { code } = JSON.parse((await program.line(/\{.*"code".*\}/))[0]);
  await page.goto(ring.url);
  await openAdd();
  await typeCode(code);
  await page.getByRole("button", { name: "They differ" }).click({ timeout: 20000 });
  await page.getByText(/Not added/).waitFor();
  await program.line(/A new code follows/);
  await program.stop();
  await ring.cliLogin();
  assert.ok(!(await ring.names()).includes("stranger"));
});

test("the signed-in browser comes back without a password", async () => {
  await page.goto(ring.url);
  await page.getByRole("heading", { name: "Your ring" }).waitFor();
});

test("a revoked browser loses its live session within two seconds", async () => {
  const display = await ring.display("800x600", { terminal: false });
  await ring.stopHost("garden-pc");
  await ring.startHost("garden-pc", { display });
  const other = await openPage(browser);
  await signIn(other, ring);
  await control(other, "garden-pc");
  const browsers = (await ring.devices()).filter((d) => d.role === "browser");
  const newest = browsers.at(-1);
  const revoked = Date.now();
  await ring.cli(["revoke", newest.id, "--yes"]);
  await other.getByText(/removed|revoked|no longer/i).first().waitFor({ timeout: 5000 });
  const took = Date.now() - revoked;
  assert.ok(took < 2000, `took ${took} ms`);
});
