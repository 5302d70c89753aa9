// The page for everyone: no axe violation in any view, dark and light, wide and at phone width; by keyboard
// alone; the clipboard both ways; light to load.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { control, openPage, signIn } from "./lib/browser.mjs";
import { clipboard, root, sleep, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, browser, page, display, host, axe;
before(async () => {
  axe = await readFile(join(root, "viewer/web/node_modules/axe-core/axe.min.js"), "utf8");
  stage = await openStage({ upTo: "page" });
  ({ ring, browser, page, display, host } = stage);
  await mkdir(join(host.files, "Documents"));
  await writeFile(join(host.files, "notes.txt"), "notes");
});
after(() => stage?.close());

const sizes = [[1440, 900], [1280, 720], [700, 480], [360, 740], [320, 568]];

/** Violations of the view as it stands, in both themes and at every width; also that nothing scrolls sideways. */
async function judge(view) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height });
      // A view that fades in or changes its theme is judged once it rests.
      const judged = async () => {
        // By the debugger, past the page's own script policy: axe is the test's and not the page's.
        const session = await page.context().newCDPSession(page);
        await session.send("Runtime.evaluate", { expression: axe });
        const { result } = await session.send("Runtime.evaluate", {
          expression: `axe.run({ resultTypes: ["violations"] }).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | "))))`,
          awaitPromise: true, returnByValue: true,
        });
        await session.detach();
        return JSON.parse(result.value);
      };
      let found = await judged();
      for (let i = 0; i < 4 && found.length; i++) {
        await sleep(300);
        found = await judged();
      }
      assert.deepEqual(found, [], `${view}, ${colorScheme}, ${width}x${height}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${view} is ${wide} px too wide at ${width}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}

test("sign-in has no violation", async () => {
  await page.goto(ring.url);
  await page.getByLabel("Account", { exact: true }).waitFor();
  await judge("sign-in");
});

test("one signs in and opens a session by keyboard alone", async () => {
  await page.getByLabel("Account", { exact: true }).focus();
  await page.keyboard.type(ring.account);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ring.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your ring" }).waitFor({ timeout: 30000 });
  const button = page.getByRole("button", { name: "Control Workshop", exact: true });
  await button.waitFor();
  for (let i = 0; i < 40 && !(await button.evaluate((n) => n === document.activeElement)); i++) await page.keyboard.press("Tab");
  assert.ok(await button.evaluate((n) => n === document.activeElement), "Tab reaches Control");
  await page.keyboard.press("Enter");
  await page.locator('canvas[aria-label="Screen of Workshop"]').waitFor();
  await page.waitForFunction(() => (window.hearth?.stats()?.frames ?? 0) > 0);
});

test("a session has no violation", async () => {
  await judge("session");
});

test("the clipboard goes both ways", async () => {
  const env = { ...process.env, DISPLAY: display };
  await page.keyboard.press("Control+Alt+Shift+H");
  await page.getByRole("button", { name: "Clipboard", exact: true }).click();
  const box = page.getByRole("textbox").first();
  await box.fill("from the page: é 日本");
  await page.getByRole("button", { name: /^Send|Put|to Workshop/ }).first().click();
  await until("the text is on the PC", () => clipboard(display) === "from the page: é 日本");
  const owner = ring.spawn("sh", ["-c", "printf 'from the PC: ß' | xclip -selection clipboard -i -quiet"], { env });
  await until("the text is in the page", async () =>
    (await page.locator("textarea, input").evaluateAll((all) => all.map((n) => n.value))).includes("from the PC: ß") ||
    (await page.locator("body").innerText()).includes("from the PC: ß"));
  owner.signal("SIGTERM");
});

test("files and settings have no violation", async () => {
  await page.goto(ring.url);
  await page.getByRole("button", { name: "Files of Workshop" }).or(page.getByRole("link", { name: "Files of Workshop" })).first().click();
  await page.getByRole("button", { name: "Download notes.txt" }).waitFor();
  await judge("files");
  await page.getByRole("link", { name: "Settings" }).or(page.getByRole("button", { name: "Settings" })).first().click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await judge("settings");
});

test("the ring and adding a PC have no violation", async () => {
  await page.goto(ring.url);
  await page.getByRole("button", { name: "Control Workshop", exact: true }).waitFor();
  await judge("ring");
  await page.getByRole("button", { name: "Add a PC" }).or(page.getByRole("link", { name: "Add a PC" })).first().click();
  await page.getByRole("heading", { name: "Add a PC", level: 1 }).waitFor();
  await judge("add");
});

test("the first picture costs at most 350 KB", async () => {
  const fresh = await openPage(browser);
  const session = await fresh.context().newCDPSession(fresh);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => {
    bytes += event.encodedDataLength;
  });
  await signIn(fresh, ring);
  await control(fresh, "Workshop");
  assert.ok(bytes > 50_000 && bytes <= 350_000, `${bytes} bytes`);
  assert.deepEqual(fresh.problems, []);
  await fresh.context().close();
});
