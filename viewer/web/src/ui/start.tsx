/* From an engine to a page. Used by the real page and by the harness. */
import { render } from "preact";
import type { Engine } from "../engine/api";
import { App, stage } from "./app";
import { setEngine } from "./engine";
import { type Arrival, arrival } from "./place";
import { sessionStats } from "./session/current";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import { loadWords } from "./words";

const SETTLE_MS = 6000; // a stored identity that is not accepted by then gives way to the one in the address

declare global {
  interface Window {
    hearth: { stats: () => unknown };
  }
}

export async function startPage(engine: Engine): Promise<void> {
  setEngine(engine);
  window.hearth = Object.freeze({ stats: sessionStats });
  await loadWords();
  const root = document.getElementById("page");
  if (!root) return;
  render(<App />, root);
  const restored = await restore(engine, arrival.value);
  if (restored) arrival.value = null; // not kept for a later sign-in
  stage.value = restored ? "in" : "gate";
}

async function restore(engine: Engine, wanted: Arrival | null): Promise<boolean> {
  if (!(await engine.start().catch(() => false))) return false;
  if (!wanted?.account) return true;
  if (await settles(engine, wanted.account)) return true;
  await engine.account.signOut().catch(() => undefined);
  return false;
}

/* True when the stored identity is the one the address names and the server takes it. */
function settles(engine: Engine, account: string): Promise<boolean> {
  return new Promise((resolve) => {
    let stop: (() => void) | null = null;
    let over = false;
    const end = (ok: boolean) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      queueMicrotask(() => stop?.());
      resolve(ok);
    };
    const timer = setTimeout(() => end(false), SETTLE_MS);
    stop = engine.link.subscribe((link) => {
      if (link.is === "signed-out" || link.is === "refused" || link.account !== account) end(false);
      else if (link.is === "online") end(true);
    });
  });
}
