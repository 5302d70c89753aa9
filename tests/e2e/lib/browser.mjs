// A real Chromium, as a person would have it, and the few ways the tests move in the page.
import { execFileSync } from "node:child_process";
import { chromium } from "../../../viewer/web/node_modules/playwright-core/index.mjs";

const how = () => ({
  executablePath: execFileSync("sh", ["-c", "command -v chromium"]).toString().trim(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

export async function openBrowser() {
  return chromium.launch(how());
}

/** One that can be killed: kill() is SIGKILL to its main process, and the rest of it goes with that. */
export async function openMortalBrowser() {
  const server = await chromium.launchServer(how());
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, kill: () => server.process().kill("SIGKILL") };
}

/** A page whose errors fail the test that asks for them: page.problems is the list. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, acceptDownloads: true, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
    if (process.env.HEARTH_VERBOSE) console.error(`[page] ${message.text()}`);
  });
  return page;
}

export async function signIn(page, ring) {
  await page.goto(ring.url);
  await page.getByLabel("Account", { exact: true }).fill(ring.account);
  await page.getByLabel("Password", { exact: true }).fill(ring.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Your ring" }).waitFor({ timeout: 30000 });
}

export async function control(page, name) {
  await page.getByRole("button", { name: `Control ${name}`, exact: true }).click();
  const screen = page.locator(`canvas[aria-label="Screen of ${name}"]`);
  await screen.waitFor();
  await page.waitForFunction(() => (window.hearth?.stats()?.frames ?? 0) > 0, null, { timeout: 15000 });
  return screen;
}
