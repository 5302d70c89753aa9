// What most suites begin with: a ring, one PC on a display of its own, a browser and its page as far as the suite
// wants it.
import { control, openBrowser, openPage, signIn } from "./browser.mjs";
import { Ring } from "./ring.mjs";

/**
 * name      of the PC
 * display   its size and options {size, terminal, wm}; null: a PC without a screen
 * watch     a window over the whole display tells its input
 * upTo      "browser", "page" (opened), "ring" (signed in) or "session" (the PC's screen is there)
 * page      options of the page
 *
 * Gives {ring, host, display, input, browser, page, close}; what began is ended when the rest fails.
 */
export async function openStage({ name = "Workshop", display = {}, watch = false, upTo = "session", page: pageOptions } = {}) {
  const stage = { close: async () => {
    await stage.browser?.close();
    await stage.ring?.stop();
  } };
  const reaches = (step) => ["browser", "page", "ring", "session"].indexOf(upTo) >= ["browser", "page", "ring", "session"].indexOf(step);
  try {
    stage.ring = await Ring.start();
    if (display) stage.display = await stage.ring.display(display.size, { terminal: !watch, ...display });
    if (watch) stage.input = await stage.ring.watchInput(stage.display);
    stage.host = await stage.ring.host(name, { display: stage.display });
    stage.browser = await openBrowser();
    if (reaches("page")) stage.page = await openPage(stage.browser, pageOptions);
    if (reaches("ring")) await signIn(stage.page, stage.ring);
    if (reaches("session")) await control(stage.page, name);
    return stage;
  } catch (error) {
    await stage.close();
    throw error;
  }
}
