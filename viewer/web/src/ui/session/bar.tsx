/* The iron bar: folds after 3 s to a strip that paints nothing (a box over the canvas costs frames), comes back by
 * the edge, the tab or the chord. Moved by its grip, with the mouse or with arrows; the place is remembered. */
import {
  Activity,
  ChevronDown,
  ClipboardCheck,
  Ellipsis,
  Eye,
  Folder,
  GripVertical,
  Keyboard,
  Maximize,
  Minimize,
  X,
} from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { Menu, MenuItem } from "../parts/menu";
import { prefs, setPrefs } from "../prefs";
import { read } from "../signals";
import { words } from "../words";
import { ClipboardPanel } from "./clipboard";
import { KeysMenu } from "./keys";
import type { Sizing } from "./screen";

const FOLD_MS = 3000;
const TAB_MS = 4000; // the tab itself goes too, for the same reason as the bar

export interface BarPort {
  session: ScreenSession;
  name: string;
  narrow: boolean;
  mayFold: boolean;
  sizing: Sizing;
  setSizing: (sizing: Sizing) => void;
  stats: boolean;
  setStats: (on: boolean) => void;
  files: boolean;
  setFiles: (on: boolean) => void;
  viewOnly: boolean;
  setViewOnly: (on: boolean) => void;
  full: boolean;
  setFull: (on: boolean) => void;
  softKeyboard: () => void;
  typeBox: () => void;
  toScreen: () => void;
  end: () => void;
  /* Set by the bar: unfold and put the focus on it. */
  call: { current: (() => void) | null };
}

interface Place {
  foot: boolean;
  at: number; // 0..1 along the edge
}

function screenKey(): string {
  return `${screen.width}x${screen.height}`;
}

export function Bar(props: BarPort) {
  const { name, narrow } = props;
  const w = words.value.session;
  const bar = useRef<HTMLDivElement>(null);
  const [folded, setFolded] = useState(false);
  const [tab, setTab] = useState(false);
  const [menus, setMenus] = useState(0);
  const [hover, setHover] = useState(false);
  const [inside, setInside] = useState(false);
  const [spot, setSpot] = useState<Place>(prefs.value.bar[screenKey()] ?? { foot: false, at: 0.5 });
  const opened = useRef((open: boolean) => setMenus((count) => Math.max(0, count + (open ? 1 : -1)))).current;
  const stay = narrow || !props.mayFold || menus > 0 || hover || inside;

  useEffect(() => {
    if (stay) {
      setFolded(false);
      return;
    }
    const timer = setTimeout(() => {
      setFolded(true);
      setTab(true);
    }, FOLD_MS);
    return () => clearTimeout(timer);
  }, [stay]);
  useEffect(() => {
    if (!tab) return;
    const timer = setTimeout(() => setTab(false), TAB_MS);
    return () => clearTimeout(timer);
  }, [tab]);

  const focusFirst = () => bar.current?.querySelector<HTMLElement>("button:not(.grip)")?.focus();
  props.call.current = () => {
    setFolded(false);
    setInside(true);
    focusFirst();
  };
  useLayoutEffect(() => {
    const element = bar.current;
    if (!element) return;
    // Held inside the window whatever the remembered place.
    const half = element.offsetWidth / 2 + 8;
    const x = narrow ? 0 : Math.min(innerWidth - half, Math.max(half, spot.at * innerWidth));
    element.style.left = narrow ? "" : `${x}px`;
  });

  const keep = (next: Place) => {
    setSpot(next);
    setPrefs({ bar: { ...prefs.value.bar, [screenKey()]: next } });
  };
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      props.toScreen();
      return;
    }
    const onGrip = (event.target as HTMLElement).classList.contains("grip");
    const side = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (onGrip) {
      if (side) keep({ ...spot, at: Math.min(1, Math.max(0, spot.at + side * 0.05)) });
      else if (event.key === "ArrowDown") keep({ ...spot, foot: true });
      else if (event.key === "ArrowUp") keep({ ...spot, foot: false });
      else return;
      event.preventDefault();
      return;
    }
    if (!side) return;
    const all = [...(bar.current?.querySelectorAll<HTMLElement>("button") ?? [])].filter(
      (button) => button.offsetParent !== null && !button.closest(".pop"),
    );
    const at = all.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    all[(at + side + all.length) % all.length]?.focus();
  };
  const style = { left: `${spot.at * 100}%` };
  const FullIcon = props.full ? Minimize : Maximize;
  const canFull = document.fullscreenEnabled;
  return (
    <>
      {folded && tab ? (
        <button
          type="button"
          class={`stab iron ${spot.foot ? "foot" : ""}`}
          style={style}
          aria-label={w.showBar(name)}
          onClick={() => props.call.current?.()}
        >
          <span class="p online tiny" aria-hidden="true" />
          <span class="cut">{name}</span>
          <ChevronDown class="i s" aria-hidden="true" />
        </button>
      ) : null}
      <div
        ref={bar}
        class={`sbar iron ${spot.foot ? "foot" : ""} ${folded ? "folded" : ""}`}
        role="toolbar"
        aria-label={w.bar(name)}
        aria-keyshortcuts="Control+Alt+Shift+H"
        onPointerEnter={(event) => {
          if (event.buttons === 0) {
            setFolded(false);
            setHover(true);
          }
        }}
        onPointerLeave={() => setHover(false)}
        onFocusIn={() => {
          setFolded(false);
          setInside(true);
        }}
        onFocusOut={(event) => {
          if (!bar.current?.contains(event.relatedTarget as Node)) setInside(false);
        }}
        onKeyDown={keys}
      >
        <Grip place={spot} move={keep} label={w.move} />
        <div class="who">
          <b class="cut">{name}</b>
          <Line session={props.session} />
        </div>
        {narrow ? null : (
          <>
            {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot sit in a toolbar's row */}
            <div class="seg" role="group" aria-label={w.size}>
              <button
                type="button"
                aria-pressed={props.sizing === "fit"}
                onClick={() => props.setSizing("fit")}
              >
                {w.fit}
              </button>
              <button
                type="button"
                aria-pressed={props.sizing === "one"}
                onClick={() => props.setSizing("one")}
              >
                {w.one}
              </button>
            </div>
            <span class="sep" />
          </>
        )}
        {narrow ? (
          <Tool name={w.keyboard} press={props.softKeyboard}>
            <Keyboard class="i" aria-hidden="true" />
          </Tool>
        ) : null}
        {narrow ? null : (
          <KeysMenu session={props.session} typeBox={props.typeBox} opened={opened} done={props.toScreen} />
        )}
        {narrow ? null : (
          <ClipboardPanel
            session={props.session}
            name={name}
            opened={opened}
            icon={<ClipboardCheck class="i" aria-hidden="true" />}
          />
        )}
        <Tool name={w.files} on={props.files} press={() => props.setFiles(!props.files)}>
          <Folder class="i" aria-hidden="true" />
        </Tool>
        {narrow ? (
          <NarrowMore {...props} opened={opened} />
        ) : (
          <>
            <Tool
              name={words.value.session.stats}
              on={props.stats}
              press={() => props.setStats(!props.stats)}
            >
              <Activity class="i" aria-hidden="true" />
            </Tool>
            <Tool name={w.viewOnly} on={props.viewOnly} press={() => props.setViewOnly(!props.viewOnly)}>
              <Eye class="i" aria-hidden="true" />
            </Tool>
            {canFull ? (
              <Tool name={props.full ? w.fullLeave : w.full(name)} press={() => props.setFull(!props.full)}>
                <FullIcon class="i" aria-hidden="true" />
              </Tool>
            ) : null}
          </>
        )}
        <button type="button" class="b end" onClick={props.end} aria-label={w.end}>
          <X class="i" aria-hidden="true" />
          {narrow ? null : w.end}
        </button>
      </div>
    </>
  );
}

function Tool(props: { name: string; on?: boolean; press: () => void; children: ComponentChildren }) {
  return (
    <button
      type="button"
      class="ib"
      aria-label={props.name}
      title={props.name}
      aria-pressed={props.on}
      onClick={props.press}
    >
      {props.children}
    </button>
  );
}

/* A phone's bar has room for five; the rest is here. */
function NarrowMore(props: BarPort & { opened: (open: boolean) => void }) {
  const w = words.value.session;
  const item = (text: string, act: () => void, on?: boolean) => (
    <button type="button" role="menuitemcheckbox" tabIndex={-1} aria-checked={on ?? false} onClick={act}>
      <span class="grow">{text}</span>
    </button>
  );
  return (
    <Menu
      name={w.more}
      menuName={w.more}
      buttonClass="ib"
      opened={props.opened}
      icon={<Ellipsis class="i" aria-hidden="true" />}
    >
      {(close) => {
        const then = (act: () => void) => () => {
          close();
          act();
        };
        return (
          <>
            {item(
              w.stats,
              then(() => props.setStats(!props.stats)),
              props.stats,
            )}
            {item(
              w.one,
              then(() => props.setSizing(props.sizing === "one" ? "fit" : "one")),
              props.sizing === "one",
            )}
            {item(
              w.viewOnly,
              then(() => props.setViewOnly(!props.viewOnly)),
              props.viewOnly,
            )}
            <hr />
            <MenuItem do={then(() => props.session.chord(["ControlLeft", "AltLeft", "Delete"]))}>
              Ctrl+Alt+Del
            </MenuItem>
            <MenuItem do={then(() => props.session.chord(["AltLeft", "Tab"]))}>Alt+Tab</MenuItem>
            <MenuItem do={then(props.typeBox)}>{w.typeText}</MenuItem>
          </>
        );
      }}
    </Menu>
  );
}

function Line(props: { session: ScreenSession }) {
  const w = words.value.session;
  const state = read(props.session.state);
  const noPicture = read(props.session.noPicture);
  if (state.is === "connecting") return <span>{w.connecting}</span>;
  if (state.is === "lost") return <span class="warn">{w.reconnecting}</span>;
  if (noPicture) return <span>{w.noPicture}</span>;
  return <PathLine session={props.session} />;
}

function PathLine(props: { session: ScreenSession }) {
  const stats = read(props.session.stats);
  return (
    <span class="num">
      <i class="p online tiny" aria-hidden="true" />
      {words.value.session.path(pathWord(stats.path), Math.round(stats.rtt_ms))}
    </span>
  );
}

export function pathWord(path: string): string {
  const w = words.value.session;
  if (path === "relay") return w.relay;
  if (path === "direct") return w.direct;
  return path || w.relay;
}

function Grip(props: { place: Place; move: (place: Place) => void; label: string }) {
  const drag = (event: PointerEvent) => {
    if (!(event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) return;
    const at = Math.min(1, Math.max(0, event.clientX / innerWidth));
    props.move({ at, foot: event.clientY > innerHeight / 2 });
  };
  return (
    <button
      type="button"
      class="ib grip"
      aria-label={props.label}
      title={props.label}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onPointerUp={drag}
    >
      <GripVertical class="i" aria-hidden="true" />
    </button>
  );
}
