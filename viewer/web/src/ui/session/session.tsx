/* A session: the screen over the whole page, the bar, what stands over the picture, and how it ends. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { DeviceId, ScreenSession, SessionState } from "../../engine/api";
import { account, engine, findDevice } from "../engine";
import { say } from "../live";
import { lazyView } from "../parts/lazy";
import { go } from "../place";
import { noteUsed } from "../prefs";
import { read } from "../signals";
import { words } from "../words";
import "../styles/session.css";
import { Bar } from "./bar";
import { useSharedClipboard } from "./clipboard";
import { setCurrent } from "./current";
import { KeyRow } from "./keyrow";
import { Screen, type Sizing } from "./screen";
import { Stats } from "./stats";
import { TypeBox } from "./typebox";
import { Connecting, Ended, Lost, NoPicture, Others, UnsentNote, WatchPill } from "./veils";

const Drawer = lazyView(async () => (await import("../files/drawer")).Drawer);
const NARROW = "(max-width: 640px), (pointer: coarse)";
const FOOT_PX = 108; // the bar and the key row of a phone
const CHORD_MS = 3000;

interface KeyboardLock {
  lock?: () => Promise<void>;
  unlock?: () => void;
}

export function Session(props: { device: DeviceId; viewOnly: boolean }) {
  const [run, setRun] = useState(0);
  return (
    <Run
      key={run}
      device={props.device}
      viewOnly={props.viewOnly}
      again={() => setRun((count) => count + 1)}
    />
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return narrow;
}

function Run(props: { device: DeviceId; viewOnly: boolean; again: () => void }) {
  const [session] = useState<ScreenSession>(() =>
    engine().control(props.device, { viewOnly: props.viewOnly }),
  );
  const w = words.value;
  const name = findDevice(props.device)?.name ?? "";
  const [left, setLeft] = useState<Extract<SessionState, { is: "ended" }> | null>(null);
  const [startedMs] = useState(() => Date.now());
  const told = read(session.state);
  const state = left ?? told;
  const noPicture = read(session.noPicture);
  const rights = read(session.rights);
  const size = read(session.size);
  const others = read(session.viewers).filter((use) => !isMe(use.deviceId));
  const narrow = useNarrow();
  const [sizing, setSizing] = useState<Sizing>("fit");
  const [stats, setStats] = useState(false);
  const [files, setFiles] = useState(false);
  const [viewOnly, setViewOnly] = useState(props.viewOnly);
  const [typeBox, setTypeBox] = useState(false);
  const [full, setFull] = useFullScreen();
  const [chordNote, setChordNote] = useState("");
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const barCall = useRef<(() => void) | null>(null);
  const softKeyboard = useRef<(() => void) | null>(null);
  const over = state.is === "ended";
  const watching = viewOnly || (state.is === "live" && !rights.control);

  useSharedClipboard(session);
  useSpoken(session, name);
  useEffect(() => {
    setCurrent(session);
    noteUsed(account(), props.device, Date.now());
    // A closed page is gone for good: said at once, so that nobody is shown as here who is not.
    const closing = (event: PageTransitionEvent) => {
      if (!event.persisted) session.end();
    };
    addEventListener("pagehide", closing);
    return () => {
      removeEventListener("pagehide", closing);
      setCurrent(null);
      session.end();
    };
  }, [session, props.device]);
  useEffect(() => {
    if (name) document.title = w.page.title(w.session.title(name));
  }, [name, w]);
  useEffect(() => session.setViewOnly(viewOnly), [session, viewOnly]);
  useEffect(() => {
    if (over && document.fullscreenElement) void document.exitFullscreen();
  }, [over]);
  useEffect(() => {
    if (full) setChordNote(canLockKeys() ? w.session.chordShort : w.session.chordSome);
  }, [full]);
  useEffect(() => {
    if (!chordNote) return;
    const timer = setTimeout(() => setChordNote(""), CHORD_MS);
    return () => clearTimeout(timer);
  }, [chordNote]);

  if (over) return <Ended state={state} name={name} again={props.again} />;
  const toScreen = () => canvas.current?.focus({ preventScroll: true });
  const end = () => {
    const { bytes_in, bytes_out } = session.stats.value;
    const seconds = size ? Math.round((Date.now() - startedMs) / 1000) : 0;
    setLeft({ is: "ended", by: "you", why: "", seconds, bytes: bytes_in + bytes_out });
    session.end();
  };
  return (
    <main class={`stage ${state.is === "lost" ? "stale" : ""}`} id="main" ref={stage}>
      <h1 class="sr">{name}</h1>
      <Bar
        session={session}
        name={name}
        narrow={narrow}
        mayFold={state.is === "live" && noPicture === null && size !== null}
        sizing={sizing}
        setSizing={setSizing}
        stats={stats}
        setStats={setStats}
        files={files}
        setFiles={setFiles}
        viewOnly={viewOnly}
        setViewOnly={setViewOnly}
        full={full}
        setFull={(on) => setFull(on, stage.current)}
        softKeyboard={() => softKeyboard.current?.()}
        typeBox={() => setTypeBox(true)}
        toScreen={toScreen}
        end={end}
        call={barCall}
      />
      <Screen
        session={session}
        name={name}
        sizing={sizing}
        watching={watching}
        footPx={narrow ? FOOT_PX : 0}
        released={() => barCall.current?.()}
        held={(on) => setChordNote(on ? w.session.mouseHeld : "")}
        canvas={canvas}
      />
      {state.is === "connecting" ? <Connecting step={state.step} name={name} end={end} /> : null}
      {state.is === "live" && noPicture !== null ? (
        <NoPicture name={name} why={noPicture} control={rights.control} />
      ) : null}
      {state.is === "lost" ? (
        <Lost
          session={session}
          state={state}
          name={name}
          hadPicture={size !== null}
          tryNow={() => session.tryNow()}
          end={end}
        />
      ) : null}
      {state.is === "live" ? <UnsentNote session={session} /> : null}
      {state.is === "live" ? <Others others={others} /> : null}
      {watching && state.is === "live" ? (
        <WatchPill session={session} takeControl={() => setViewOnly(false)} />
      ) : null}
      {stats ? <Stats session={session} close={() => setStats(false)} /> : null}
      {chordNote ? (
        <p class="chordnote iron" role="status">
          {chordNote}
        </p>
      ) : null}
      {files ? (
        <Drawer
          device={props.device}
          name={name}
          close={() => {
            setFiles(false);
            toScreen();
          }}
          openFull={() => go({ at: "files", left: props.device, right: null })}
        />
      ) : null}
      {narrow ? <KeyRow session={session} label={w.session.keys} keyboard={softKeyboard} /> : null}
      {typeBox ? <TypeBox session={session} close={() => setTypeBox(false)} /> : null}
    </main>
  );
}

function isMe(id: DeviceId): boolean {
  return read(engine().devices).some((device) => device.id === id && device.presence === "here");
}

function canLockKeys(): boolean {
  return typeof (navigator as Navigator & { keyboard?: KeyboardLock }).keyboard?.lock === "function";
}

/* Full screen with the keyboard, where the browser can give it all keys. */
function useFullScreen(): [boolean, (on: boolean, element: HTMLElement | null) => void] {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const change = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", change);
    return () => document.removeEventListener("fullscreenchange", change);
  }, []);
  const set = (on: boolean, element: HTMLElement | null) => {
    const keyboard = (navigator as Navigator & { keyboard?: KeyboardLock }).keyboard;
    if (!on) {
      keyboard?.unlock?.();
      void document.exitFullscreen();
      return;
    }
    element
      ?.requestFullscreen({ navigationUI: "hide" })
      .then(() => keyboard?.lock?.())
      .catch(() => undefined); // the browser said no: the page stays as it is
  };
  return [full, set];
}

/* What a reader must hear: the picture is there, who joins and leaves. */
function useSpoken(session: ScreenSession, name: string): void {
  const w = words.value.session;
  const live = read(session.state).is === "live" && read(session.size) !== null;
  useEffect(() => {
    if (live && name) say(w.live(name));
  }, [live, name, w]);
  const before = useRef<Map<DeviceId, string> | null>(null);
  const viewers = read(session.viewers);
  useEffect(() => {
    const now = new Map(viewers.filter((use) => !isMe(use.deviceId)).map((use) => [use.deviceId, use.name]));
    if (before.current) {
      for (const [id, who] of now) if (!before.current.has(id)) say(w.joined(who));
      for (const [id, who] of before.current) if (!now.has(id)) say(w.left(who));
    }
    before.current = now;
  }, [viewers, w]);
}
