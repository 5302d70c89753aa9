/* The ring: one list of devices, shown on its curve, as a grid or as rows. Its order never changes by itself. */

import { CircleDashed, LayoutGrid, List, Plus, Search } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Device } from "../../engine/api";
import { now } from "../clock";
import { account, engine, inReach, linked, shownPresence } from "../engine";
import { spanText } from "../format";
import { follow, go, placeHref } from "../place";
import { prefs, setPrefs } from "../prefs";
import { read } from "../signals";
import { words } from "../words";
import "../styles/ring.css";
import { DeviceCard, DeviceRow } from "./card";
import { Centre } from "./centre";
import { Empty } from "./empty";
import { layRing, type Spot } from "./geometry";
import { AskBox, type Asking } from "./manage";
import { RingMini } from "./presence";

type Mode = "ring" | "grid" | "list";
type Filter = "all" | "online" | "in-use" | "offline";
const CURVE_MAX = 12; // more than this many members stand in a grid
const CURVE_MIN_PX = 1180; // the page's width below which the curve becomes a grid

export function Ring(props: { title: { current: HTMLHeadingElement | null } }) {
  const w = words.value;
  const devices = read(engine().devices);
  const [find, setFind] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [asking, setAsking] = useState<Asking>(null);
  const mode: Mode = prefs.value.view[account()] ?? (devices.length > CURVE_MAX ? "grid" : "ring");
  const setMode = (next: Mode) => setPrefs({ view: { ...prefs.value.view, [account()]: next } });
  const pcs = devices.filter((device) => device.role === "host");
  const near = devices.filter(inReach).length;
  const fact = pcs.length === 0 ? w.ring.members(devices.length) : w.ring.reach(near, devices.length);

  const wanted = find.trim().toLocaleLowerCase();
  const matching = devices.filter(
    (device) =>
      (!wanted || device.name.toLocaleLowerCase().includes(wanted)) &&
      (filter === "all" || shownPresence(device) === filter),
  );
  const chips = mode === "grid" && devices.length > CURVE_MAX;

  return (
    <main id="main">
      <header class="head">
        <RingMini devices={devices} label={fact} />
        <div class="grow">
          <h1 ref={props.title} tabIndex={-1}>
            {w.ring.h1}
          </h1>
          <p class="sub small num">
            <Fact text={fact} />
          </p>
        </div>
        {pcs.length > 0 ? (
          <>
            <label class="find wide">
              <Search class="i s" aria-hidden="true" />
              <input
                type="search"
                data-search
                aria-label={w.ring.find}
                placeholder={w.ring.find}
                value={find}
                onInput={(event) => setFind(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key === "Escape") setFind("");
                  const first = matching.find((device) => device.role === "host" && inReach(device));
                  if (event.key === "Enter" && wanted && first) {
                    go({ at: "session", device: first.id, viewOnly: false });
                  }
                }}
              />
              {prefs.value.letters ? <kbd>/</kbd> : null}
            </label>
            <ModeSwitch mode={mode} set={setMode} />
            <a
              class="b main"
              href={placeHref({ at: "add", code: "" })}
              onClick={follow({ at: "add", code: "" })}
            >
              <Plus class="i" aria-hidden="true" />
              <span>{w.ring.add}</span>
            </a>
          </>
        ) : null}
      </header>
      {pcs.length === 0 ? (
        <Empty />
      ) : (
        <>
          {chips ? <Chips devices={devices} filter={filter} set={setFilter} /> : null}
          {matching.length === 0 ? (
            <p class="nofind" role="status">
              {w.ring.noneFound(find.trim())}
            </p>
          ) : null}
          {mode === "ring" ? (
            <Curve all={devices} shown={matching} ask={setAsking} />
          ) : (
            <div class={mode === "list" ? "rows" : ""}>
              <ul class="devs" aria-label={w.ring.devices}>
                {matching.map((device) =>
                  mode === "list" ? (
                    <DeviceRow key={device.id} device={device} ask={setAsking} />
                  ) : (
                    <DeviceCard key={device.id} device={device} ask={setAsking} />
                  ),
                )}
              </ul>
            </div>
          )}
        </>
      )}
      <AskBox asking={asking} close={() => setAsking(null)} />
    </main>
  );
}

function Fact(props: { text: string }) {
  const link = read(engine().link);
  if (link.is === "waiting")
    return <>{words.value.link.out(spanText(now.value - link.sinceMs, words.value))}</>;
  if (link.is === "connecting") return <>{words.value.link.connecting}</>;
  return <>{props.text}</>;
}

function ModeSwitch(props: { mode: Mode; set: (mode: Mode) => void }) {
  const w = words.value.ring;
  const modes = [
    { mode: "ring", name: w.asRing, Icon: CircleDashed },
    { mode: "grid", name: w.asGrid, Icon: LayoutGrid },
    { mode: "list", name: w.asList, Icon: List },
  ] as const;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a flex row in every browser we serve
    <div class="seg wide" role="group" aria-label={w.view}>
      {modes.map(({ mode, name, Icon }) => (
        <button
          key={mode}
          type="button"
          aria-pressed={mode === props.mode}
          aria-label={name}
          title={name}
          onClick={() => props.set(mode)}
        >
          <Icon class="i" aria-hidden="true" />
        </button>
      ))}
    </div>
  );
}

function Chips(props: { devices: Device[]; filter: Filter; set: (filter: Filter) => void }) {
  const w = words.value.ring;
  const count = (wanted: Filter) => props.devices.filter((device) => shownPresence(device) === wanted).length;
  const chips: { filter: Filter; text: string }[] = [
    { filter: "all", text: w.all(props.devices.length) },
    { filter: "online", text: w.online(count("online")) },
    { filter: "in-use", text: w.inUse(count("in-use")) },
    { filter: "offline", text: w.offline(count("offline")) },
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a scrolling row in every browser we serve
    <div class="chips" role="group" aria-label={w.show}>
      {chips.map((chip) => (
        <button
          key={chip.filter}
          type="button"
          aria-pressed={chip.filter === props.filter}
          onClick={() => props.set(chip.filter)}
        >
          {chip.filter === "all" ? null : <span class={`p ${chip.filter}`} aria-hidden="true" />}
          {chip.text}
        </button>
      ))}
    </div>
  );
}

/* The curve is laid from the box's real size and again whenever that changes. Searching hides cards but moves none. */
function Curve(props: { all: Device[]; shown: Device[]; ask: (asking: Asking) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ w: number; h: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => {
      const wide = innerWidth > CURVE_MIN_PX;
      setSize(wide ? { w: element.clientWidth, h: element.clientHeight } : null);
    };
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    // Arrows go to the neighbour on the ring; Tab goes the same way.
    const element = box.current;
    if (!element) return;
    const keys = (event: KeyboardEvent) => {
      const card = (event.target as HTMLElement).closest?.<HTMLElement>("li.dev");
      if (!card || (event.target as HTMLElement).closest(".pop")) return;
      const step =
        event.key === "ArrowRight" || event.key === "ArrowDown"
          ? 1
          : event.key === "ArrowLeft" || event.key === "ArrowUp"
            ? -1
            : 0;
      if (!step) return;
      event.preventDefault();
      const cards = [...element.querySelectorAll<HTMLElement>("li.dev")];
      const next = cards[(cards.indexOf(card) + step + cards.length) % cards.length];
      next?.querySelector<HTMLElement>("button, a")?.focus();
    };
    element.addEventListener("keydown", keys);
    return () => element.removeEventListener("keydown", keys);
  }, []);
  const rtl = document.documentElement.dir === "rtl";
  const spots: Spot[] = size ? layRing(props.all.length, size.w, size.h, rtl) : [];
  return (
    <div class="ring" ref={box}>
      <div class={linked.value ? "glow" : "glow out"} />
      {size ? (
        <svg class="track" aria-hidden="true">
          {spots.map((spot, i) => {
            const device = props.all[i] as Device;
            return <path key={device.id} class={shownPresence(device)} d={spot.arc} />;
          })}
        </svg>
      ) : null}
      <Centre devices={props.all} />
      <ul class="devs" aria-label={words.value.ring.devices}>
        {props.all.map((device, i) =>
          props.shown.includes(device) ? (
            <DeviceCard key={device.id} device={device} spot={spots[i]} ask={props.ask} />
          ) : null,
        )}
      </ul>
    </div>
  );
}
