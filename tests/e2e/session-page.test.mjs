// The session's page: full screen with the keyboard, the menu of keys, and the mouse that is held for a program on
// the PC that hides the pointer.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { control, openPage, signIn } from "./lib/browser.mjs";
import { sleep, until } from "./lib/ring.mjs";
import { openStage } from "./lib/stage.mjs";

let stage, ring, browser, page, input;
before(async () => {
  stage = await openStage({ watch: true });
  ({ ring, browser, page, input } = stage);
});
after(() => stage?.close());

const canvas = () => page.locator('canvas[aria-label="Screen of Workshop"]');
const bar = () => page.keyboard.press("Control+Alt+Shift+H");
const seen = (what, mark, wanted) => until(what, () => input.since(mark).join(" ") === wanted)
  .catch((error) => { throw new Error(`${error.message}: ${input.since(mark).join(" ")}`); });

test("the menu of keys sends what the browser would keep", async () => {
  await canvas().focus();
  await bar();
  await page.getByRole("button", { name: "Keys", exact: true }).click();
  const mark = input.mark();
  await page.getByRole("menuitem", { name: "Ctrl+Alt+Del" }).click();
  await page.getByRole("menuitem", { name: "F5", exact: true }).click();
  await seen("the chord and the key", mark, "+Control_L +Alt_L +Delete -Delete -Alt_L -Control_L +F5 -F5");
  await page.keyboard.press("Escape");
});

test("full screen takes the keyboard, says how to get it back, and is left again", async () => {
  await page.evaluate(() => {
    window.locks = [];
    navigator.keyboard.lock = async () => void window.locks.push("lock");
    navigator.keyboard.unlock = () => void window.locks.push("unlock");
  });
  await canvas().focus();
  await bar();
  await page.getByRole("button", { name: /^Full screen/ }).click();
  await page.waitForFunction(() => document.fullscreenElement !== null && window.locks.join() === "lock");
  await page.getByText("Ctrl+Alt+Shift+H gives the keyboard back.", { exact: true }).first().waitFor();
  await bar();
  await page.getByRole("button", { name: "Leave full screen" }).click();
  await page.waitForFunction(() => document.fullscreenElement === null && window.locks.includes("unlock"));
});

test("a browser that cannot give all keys says so", async () => {
  await page.evaluate(() => Object.defineProperty(navigator, "keyboard", { value: undefined }));
  await bar();
  await page.getByRole("button", { name: /^Full screen/ }).click();
  await page.getByText(/This browser keeps some keys, such as Alt\+Tab/).waitFor();
  await bar();
  await page.getByRole("button", { name: "Leave full screen" }).click();
});

test("a program that hides the pointer gets the mouse with the next press, and gives it back when it shows it", async () => {
  // A display without a window manager: the pointer is the root's, and the root is ours to dress.
  const own = await ring.display("1280x720", { terminal: false, wm: false });
  const on = { env: { ...process.env, DISPLAY: own } };
  await ring.host("Games", { display: own });
  const game = await openPage(browser);
  await signIn(game, ring);
  const screen = await control(game, "Games");
  const blank = join(ring.dir, "blank.xbm");
  const zeros = Array(8).fill("0x00").join(", ");
  await writeFile(blank, "#define b_width 8\n#define b_height 8\n#define b_x_hot 0\n#define b_y_hot 0\n" +
    `static char b_bits[] = {\n  ${zeros}};\n`);
  execFileSync("xsetroot", ["-cursor", blank, blank], on);
  await until("the page knows", () => screen.evaluate((node) => node.style.cursor === "none"));
  for (let i = 0; i < 12; i++) {
    await game.mouse.move(500 + i * 5, 300);
    await sleep(60);
  }
  const at = () => {
    const [, x, y] = execFileSync("xdotool", ["getmouselocation"], on).toString().match(/x:(\d+) y:(\d+)/);
    return [Number(x), Number(y)];
  };
  await game.mouse.click(555, 300);
  await game.waitForFunction(() => document.pointerLockElement !== null);
  await game.getByText("The mouse is held for the PC. Esc gives it back.").waitFor();
  const [x, y] = at();
  await game.mouse.move(595, 320, { steps: 4 });
  await until("the pointer moved by as much", () => {
    const [nx, ny] = at();
    return Math.abs(nx - x - 40) <= 2 && Math.abs(ny - y - 20) <= 2;
  });
  execFileSync("xsetroot", ["-cursor_name", "left_ptr"], on);
  await game.waitForFunction(() => document.pointerLockElement === null);
  assert.deepEqual(game.problems, []);
});
