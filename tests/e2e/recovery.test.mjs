// The password is forgotten: the recovery key from the paper opens the account in a browser that never saw it, a
// new password is set, the ring is back, and the account's log tells that it happened.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, signIn } from "./lib/browser.mjs";
import { Ring } from "./lib/ring.mjs";

const RECOVERY = 5; // kind of log entry, docs/wire.md section 3
const NEW_PASSWORD = "quite another sentence than before";

let ring, browser, key;
before(async () => {
  ring = await Ring.start({ signUp: false });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await ring?.stop();
});

test("an account made in the page gives a recovery key that must be typed in part", async () => {
  const page = await openPage(browser);
  await page.goto(ring.url);
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("Password", { exact: true }).fill(ring.password + ring.password);
  await page.getByRole("button", { name: "Continue" }).click();
  const list = page.getByRole("list", { name: "Recovery key, 8 groups" });
  await list.waitFor({ timeout: 30000 });
  const groups = await list.getByRole("listitem").allInnerTexts();
  assert.equal(groups.length, 8);
  key = groups.join(" ");
  const field = page.getByLabel(/^To be sure, type group/);
  const asked = Number((await page.getByText(/^To be sure, type group/).innerText()).match(/\d+/)[0]);
  const go = page.getByRole("button", { name: "I have kept it, go on" });
  await field.fill("0000");
  assert.ok(await go.isDisabled());
  await field.fill(groups[asked - 1].toLowerCase());
  await go.click();
  await page.getByText("Your fire is lit.").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
});

test("the recovery key and a new password bring the ring back, and the log tells it", async () => {
  ring.password += ring.password;
  await ring.writePassword();
  await ring.cliLogin();
  await ring.host("Workshop");
  const page = await openPage(browser);
  const kinds = [];
  page.on("request", (request) => {
    if (!request.url().endsWith("/v1/log")) return;
    for (const entry of request.postDataJSON().entries) kinds.push(Buffer.from(entry, "base64url")[1]);
  });
  await page.goto(ring.url);
  await page.getByRole("button", { name: "Use the recovery key" }).click();
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  const go = page.getByRole("button", { name: "Open my account" });
  await page.getByLabel("Recovery key", { exact: true }).fill("AAAA ".repeat(8));
  await go.click();
  await page.getByText("Account or recovery key is wrong.").waitFor({ timeout: 30000 });
  await page.getByLabel("Recovery key", { exact: true }).fill(key.toLowerCase());
  await go.click();
  await page.getByRole("heading", { name: "Your ring" }).waitFor({ timeout: 30000 });
  await page.getByRole("button", { name: "Control Workshop", exact: true }).waitFor();
  assert.ok(kinds.includes(RECOVERY), `entries of kinds ${kinds}`);
  // The others take the entry: the PC and the CLI stay in, and so does this browser after a reload.
  await page.reload();
  await page.getByRole("button", { name: "Control Workshop", exact: true }).waitFor({ timeout: 20000 });
  assert.ok((await ring.names()).includes("Workshop"));
});

test("the forgotten password opens nothing any more, the new one does", async () => {
  const page = await openPage(browser);
  await page.goto(ring.url);
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("Password", { exact: true }).fill(ring.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("Account or password is wrong.").waitFor({ timeout: 30000 });
  ring.password = NEW_PASSWORD;
  await signIn(page, ring);
  await page.getByRole("button", { name: "Control Workshop", exact: true }).waitFor();
});
