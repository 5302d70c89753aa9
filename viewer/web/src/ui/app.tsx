/* The page: the gate or the shell, the views, the keys that work everywhere, and the one polite voice. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { engine } from "./engine";
import { spoken } from "./live";
import { lazyView } from "./parts/lazy";
import { type Place, place } from "./place";
import { Ring } from "./ring/ring";
import { startWatch } from "./ring/watch";
import { startKeys } from "./shell/keys";
import { KeysTable } from "./shell/keystable";
import { Rail } from "./shell/rail";
import { Refused } from "./shell/refused";
import { read } from "./signals";
import { words } from "./words";

const Gate = lazyView(async () => (await import("./signin/gate")).Gate);
const Add = lazyView(async () => (await import("./add/add")).Add);
const Session = lazyView(async () => (await import("./session/session")).Session);
const FilesView = lazyView(async () => (await import("./files/files")).FilesView);
const Settings = lazyView(async () => (await import("./settings/settings")).Settings);

const SKIP_TO = "#main";

type Stage = "starting" | "gate" | "in";
export const stage = signal<Stage>("starting");

export function App() {
  const w = words.value;
  const link = read(engine().link);
  const now = stage.value;

  useEffect(() => {
    // The gate itself decides when it is done: a new account has its recovery key to show first.
    if (now === "in" && link.is === "signed-out") stage.value = "gate";
  }, [now, link.is]);
  useEffect(() => {
    if (now !== "in") return;
    const look = () => engine().look(!document.hidden);
    look();
    document.addEventListener("visibilitychange", look);
    const stopWatch = startWatch();
    const fetchNext = setTimeout(() => {
      Session.preload();
      FilesView.preload();
      Add.preload();
      Settings.preload();
    }, 1500);
    return () => {
      document.removeEventListener("visibilitychange", look);
      stopWatch();
      clearTimeout(fetchNext);
    };
  }, [now]);

  return (
    <>
      {now === "starting" ? <Starting /> : null}
      {now === "gate" ? (
        <Gate
          done={() => {
            stage.value = "in";
          }}
        />
      ) : null}
      {now === "in" ? link.is === "refused" ? <Refused why={link.why} /> : <Shell /> : null}
      <p class="sr" role="status" aria-live="polite">
        {spoken.value}
      </p>
      <span hidden>{w.lang}</span>
    </>
  );
}

/* Stored keys open in well under a second; a sentence only where they do not. */
function Starting() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 800);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main class="full" aria-busy="true">
      <div>{late ? <p class="soft">{words.value.link.starting}</p> : null}</div>
    </main>
  );
}

function titleOf(at: Place["at"]): string {
  const w = words.value;
  switch (at) {
    case "ring":
      return w.ring.h1;
    case "add":
      return w.add.h1;
    case "files":
      return w.files.h1;
    case "settings":
      return w.settings.h1;
    case "session":
      return "";
  }
}

function Shell() {
  const here = place.value;
  const title = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  const [table, setTable] = useState(false);
  const w = words.value;

  useEffect(() => startKeys(() => setTable(true)), []);
  useEffect(() => {
    const text = titleOf(here.at);
    if (text) document.title = w.page.title(text);
    // A new view puts focus on its heading, except the first one, where the page's start is right.
    if (first.current) {
      first.current = false;
      return;
    }
    if (here.at === "session") return;
    const heading = document.querySelector<HTMLElement>("main h1");
    heading?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [here.at, w]);

  if (here.at === "session") {
    return <Session key={here.device} device={here.device} viewOnly={here.viewOnly} />;
  }
  return (
    <>
      <a
        class="skip"
        href={SKIP_TO}
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main h1")?.focus();
        }}
      >
        {w.page.skip}
      </a>
      <div class="app">
        <Rail at={here.at} />
        {here.at === "ring" ? <Ring title={title} /> : null}
        {here.at === "add" ? <Add key={here.code} code={here.code} /> : null}
        {here.at === "files" ? <FilesView left={here.left} right={here.right} /> : null}
        {here.at === "settings" ? <Settings part={here.part} /> : null}
      </div>
      {table ? <KeysTable close={() => setTable(false)} /> : null}
    </>
  );
}
