// Text that is no single key: input methods, dead keys, paste. It arrives in the PC's terminal byte for byte, once.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { clipboard, sleep, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, page, cdp, display;
before(async () => {
  stage = await openStage();
  ({ ring, page, display } = stage);
  cdp = await page.context().newCDPSession(page);
});
after(() => stage?.close());

const canvas = () => page.locator('canvas[aria-label="Screen of Workshop"]');
let had = "";

/** What the terminal received since the last call, once a line is whole and nothing follows. */
async function arrived(what) {
  await page.keyboard.press("Enter");
  const read = () => readFile(join(ring.dir, "typed"), "utf8").catch(() => "");
  await until(`${what} is on the PC`, async () => (await read()).slice(had.length).endsWith("\n"));
  await sleep(300);
  const all = await read();
  const fresh = all.slice(had.length);
  had = all;
  return fresh;
}

const compose = (text) => cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });

test("composed text arrives once, as it was confirmed and not as it was tried", async () => {
  await canvas().focus();
  await compose("n");
  await compose("に");
  await compose("にほ");
  await compose("日本");
  await cdp.send("Input.insertText", { text: "日本" });
  await page.keyboard.type("a");
  await compose("é");
  await cdp.send("Input.insertText", { text: "é" });
  assert.equal(await arrived("the composed text"), "日本aé\n");
});

test("a composition that is given up types nothing", async () => {
  await compose("ほ");
  await compose("");
  await page.keyboard.type("b");
  assert.equal(await arrived("what follows"), "b\n");
});

test("keys are keys while an input method composes nothing", async () => {
  await page.keyboard.type("ls -l 'x'");
  assert.equal(await arrived("the keys"), "ls -l 'x'\n");
});

test("text without a key, as from a panel of characters, arrives", async () => {
  await cdp.send("Input.insertText", { text: "€ œ ß 漢字" });
  assert.equal(await arrived("the text"), "€ œ ß 漢字\n");
});

test("a dead key and its letter arrive as one character", async () => {
  const key = (type, rest) => cdp.send("Input.dispatchKeyEvent", { type, ...rest });
  // As a French keyboard does it: the dead key by itself, then the letter as its composition.
  await key("rawKeyDown", { code: "BracketLeft", key: "Dead", windowsVirtualKeyCode: 229 });
  await compose("^");
  await key("keyUp", { code: "BracketLeft", key: "Dead", windowsVirtualKeyCode: 221 });
  await key("rawKeyDown", { code: "KeyE", key: "ê", windowsVirtualKeyCode: 229 });
  await cdp.send("Input.insertText", { text: "ê" });
  await key("keyUp", { code: "KeyE", key: "ê", windowsVirtualKeyCode: 69 });
  assert.equal(await arrived("the character"), "ê\n");
});

test("typed text of any length goes by the key menu", async () => {
  const text = "Ärger, naïve façade: ½ × 3 → 漢字; ".repeat(3).trim();
  await page.keyboard.press("Control+Alt+Shift+H");
  await page.getByRole("button", { name: "Keys", exact: true }).click();
  await page.getByRole("menuitem", { name: "Type text…" }).click();
  await page.getByRole("textbox", { name: "Text to type" }).fill(text);
  await page.getByRole("button", { name: "Type it" }).click();
  await canvas().focus();
  assert.equal(await arrived("the text"), `${text}\n`);
});

test("the paste keys bring this computer's text along, without a permission, and are pressed there once", async () => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: ring.url });
  await page.evaluate(() => navigator.clipboard.writeText("from here: ñ"));
  await page.context().clearPermissions();
  await canvas().focus();
  await page.keyboard.press("Control+V");
  await until("the text is in the PC's clipboard", () => clipboard(display) === "from here: ñ");
  await page.keyboard.type("x"); // Ctrl+V made it literal
  assert.equal(await arrived("the letter"), "x\n");
  assert.deepEqual(page.problems, []);
});
