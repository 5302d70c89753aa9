/* What stands over the picture: on the way, no picture, out of date, over. */
import { MonitorOff } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ScreenSession, SessionState, Use } from "../../engine/api";
import { sizeText, spanText } from "../format";
import { useLate } from "../parts/busy";
import { follow, placeHref } from "../place";
import { read } from "../signals";
import { locale, words } from "../words";

const BOX_MS = 1000; // a short gap needs no box: the dim picture and its age say enough
const UNSENT_MS = 8000;

export function Connecting(props: {
  step: "finding" | "securing" | "picture";
  name: string;
  end: () => void;
}) {
  const w = words.value.session;
  const shown = useLate(true, 300);
  const long = useLate(true, 10_000);
  if (!shown) return null;
  return (
    <div class="veil iron through" role="status">
      <div class="say2">
        <p class="row wait">
          <span class="p online" aria-hidden="true" />
          {w[props.step](props.name)}
        </p>
        {long ? (
          <button type="button" class="b line" onClick={props.end}>
            {words.value.common.stop}
          </button>
        ) : null}
      </div>
    </div>
  );
}

export function NoPicture(props: { name: string; why: string; control: boolean }) {
  const w = words.value.session;
  return (
    <div class="veil iron dark through" role="status">
      <div class="say2">
        <MonitorOff class="i" aria-hidden="true" />
        <h2>{w.noPictureH(props.name)}</h2>
        <p>{props.why}</p>
        {props.control ? <p class="small">{w.keysWork}</p> : null}
      </div>
    </div>
  );
}

export function Lost(props: {
  session: ScreenSession;
  state: Extract<SessionState, { is: "lost" }>;
  name: string;
  hadPicture: boolean;
  tryNow: () => void;
  end: () => void;
}) {
  const w = words.value.session;
  const { state } = props;
  const [now, setNow] = useState(() => Date.now());
  const boxed = useLate(true, BOX_MS);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const { clicks } = read(props.session.unsent);
  // Never younger than it is: the part of a second counts as one.
  const age = props.hadPicture ? (
    <span class="age num" aria-live="off">
      {w.age(Math.max(1, Math.ceil((now - state.sinceMs) / 1000)))}
    </span>
  ) : null;
  if (!boxed) return <div class="veil iron through">{age}</div>;
  return (
    <div class="veil iron through">
      <div class="say2 box" role="alert">
        {age}
        <h2>{w.lostH(props.name)}</h2>
        <p>
          {state.why} {state.heldKeys > 0 ? w.held(state.heldKeys) : w.noneHeld}{" "}
          {clicks > 0 ? w.clicksDropped(clicks) : null}
        </p>
        <div class="row">
          <button type="button" class="b line" onClick={props.tryNow}>
            {w.tryNow}
          </button>
          <button type="button" class="b bare" onClick={props.end}>
            {w.endSession}
          </button>
        </div>
      </div>
    </div>
  );
}

/* What a gap cost, said for a while once it is over. */
export function UnsentNote(props: { session: ScreenSession }) {
  const w = words.value.session;
  const unsent = read(props.session.unsent);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    setShown(true);
    const timer = setTimeout(() => setShown(false), UNSENT_MS);
    return () => clearTimeout(timer);
  }, [unsent]);
  if (!shown || (unsent.keys === 0 && unsent.clicks === 0)) return null;
  return (
    <p class="chordnote iron" role="status">
      {unsent.keys > 0 ? `${w.keysDropped(unsent.keys)} ` : null}
      {unsent.clicks > 0 ? w.clicksDropped(unsent.clicks) : null}
    </p>
  );
}

export function Ended(props: {
  state: Extract<SessionState, { is: "ended" }>;
  name: string;
  again: () => void;
}) {
  const w = words.value.session;
  const { state } = props;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  const head = {
    you: w.endedYou(props.name),
    host: w.endedHost(props.name),
    revoked: w.endedRevoked(props.name),
    error: w.endedError(props.name),
  }[state.by];
  return (
    <main class="veil ground" id="main">
      <div class="say2 left" role={state.by === "you" ? undefined : "alert"}>
        <h1>{head}</h1>
        {state.by !== "you" && state.why ? <p>{state.why}</p> : null}
        {state.seconds > 0 ? (
          <p class="num">
            {w.endedSum(spanText(state.seconds * 1000, words.value), sizeText(state.bytes, locale.value))}
          </p>
        ) : null}
        <div class="row wrap">
          {state.by === "revoked" ? null : (
            <button type="button" ref={button} class="b fire" onClick={props.again}>
              {w.again}
            </button>
          )}
          <a class="b line" href={placeHref({ at: "ring" })} onClick={follow({ at: "ring" })}>
            {words.value.common.backToRing}
          </a>
        </div>
      </div>
    </main>
  );
}

/* Who else is here. Named, because a person must know. */
export function Others(props: { others: Use[] }) {
  const w = words.value.session;
  const { others } = props;
  const first = others[0];
  if (!first) return null;
  const text =
    others.length > 1
      ? w.manyHere(others.length)
      : first.viewOnly
        ? w.watching(first.name)
        : w.controlling(first.name);
  return (
    <div class="herepill iron">
      <span class="av" aria-hidden="true">
        {first.name.slice(0, 2).toLocaleUpperCase()}
      </span>
      <span class="cut">{text}</span>
    </div>
  );
}

export function WatchPill(props: { session: ScreenSession; takeControl: () => void }) {
  const w = words.value.session;
  const rights = read(props.session.rights);
  return (
    <div class="herepill mid iron">
      <span>{rights.control ? w.viewPill : w.mayNotControl}</span>
      {rights.control ? (
        <button type="button" class="b line" onClick={props.takeControl}>
          {w.takeControl}
        </button>
      ) : null}
    </div>
  );
}
