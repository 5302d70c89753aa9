/* Add a PC: the line to run, the code, the words. Each error stands in the column it concerns. */
import { ArrowLeft, Check, Copy } from "lucide-preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type DeviceId, type Enrolment, HearthError } from "../../engine/api";
import { engine, findDevice } from "../engine";
import { say } from "../live";
import { copyText } from "../parts/clipboard";
import { Note } from "../parts/note";
import { follow, go, placeHref } from "../place";
import { Plate } from "../ring/plate";
import { PresenceLine, PresenceMark, shortOs } from "../ring/presence";
import { errorSentence, words } from "../words";
import "../styles/add.css";
import { codeHalves, codeReady } from "./code";

const LOOK_MS = 2000; // the words must have been on screen this long before yes is possible
const SLOW_MS = 10_000; // after this a PC should have answered

interface Found {
  name: string;
  os: string;
  words: string[];
}

type Step =
  | { is: "code" }
  | { is: "asking"; slow: boolean }
  | { is: "none"; error: unknown }
  | { is: "found"; pc: Found }
  | { is: "adding"; pc: Found }
  | { is: "differ"; pc: Found }
  | { is: "failed"; pc: Found; error: unknown }
  | { is: "added"; id: DeviceId; name: string };

export function Add(props: { code: string }) {
  const w = words.value;
  const [first, second] = codeHalves(props.code);
  const [halves, setHalves] = useState<[string, string]>([first, second]);
  const [step, setStep] = useState<Step>({ is: "code" });
  const enrolment = useRef<Enrolment | null>(null);
  const asked = useRef("");

  const ask = useCallback((code: string) => {
    asked.current = code;
    enrolment.current?.refuse();
    const mine = engine().add(code);
    enrolment.current = mine;
    setStep({ is: "asking", slow: false });
    const slow = setTimeout(
      () => setStep((was) => (was.is === "asking" ? { is: "asking", slow: true } : was)),
      SLOW_MS,
    );
    mine.found.then(
      (pc) => {
        clearTimeout(slow);
        if (enrolment.current === mine) setStep({ is: "found", pc });
      },
      (error: unknown) => {
        clearTimeout(slow);
        if (enrolment.current !== mine) return;
        enrolment.current = null;
        setStep({ is: "none", error });
      },
    );
  }, []);

  useEffect(() => {
    if (codeReady(first, second)) ask(first + second);
    return () => enrolment.current?.refuse();
  }, []);

  const change = (typedNow: [string, string]) => {
    // A new first half after a try would go out with the old second half and spend another PC's code.
    const stale = asked.current !== "" && typedNow[0] !== halves[0] && typedNow[1] === halves[1];
    const next: [string, string] = stale ? [typedNow[0], ""] : typedNow;
    setHalves(next);
    const code = next.join("");
    if (codeReady(...next) && code !== asked.current) ask(code);
  };
  const restart = () => {
    enrolment.current?.refuse();
    enrolment.current = null;
    asked.current = "";
    setHalves(["", ""]);
    setStep({ is: "code" });
  };
  const approve = async (pc: Found, name: string) => {
    const mine = enrolment.current;
    if (!mine) return;
    setStep({ is: "adding", pc });
    try {
      const id = await mine.approve(name);
      enrolment.current = null;
      say(w.add.added(name));
      setStep({ is: "added", id, name });
    } catch (error) {
      enrolment.current = null;
      setStep({ is: "failed", pc, error });
    }
  };
  const differ = (pc: Found) => {
    enrolment.current?.refuse();
    enrolment.current = null;
    setStep({ is: "differ", pc });
  };

  const at = step.is === "code" || step.is === "asking" || step.is === "none" ? 2 : 3;
  const column = (n: number) =>
    step.is === "added"
      ? n === 3
        ? "step now"
        : "step done"
      : n < at
        ? "step done"
        : n === at
          ? "step now"
          : "step next";
  const number = (n: number) => (
    <p class="no" aria-hidden="true">
      {column(n) === "step done" ? <Check class="i" /> : n}
    </p>
  );
  return (
    <main id="main">
      <header class="head">
        <a
          class="ib"
          href={placeHref({ at: "ring" })}
          onClick={follow({ at: "ring" })}
          aria-label={w.common.backToRing}
          title={w.common.backToRing}
        >
          <ArrowLeft class="i" aria-hidden="true" />
        </a>
        <div class="grow">
          <h1 tabIndex={-1}>{w.add.h1}</h1>
          <p class="sub small">{w.add.sub}</p>
        </div>
      </header>
      <div class="steps">
        <section class={column(1)}>
          {number(1)}
          <Line />
        </section>
        <section class={column(2)}>
          {number(2)}
          <CodeStep halves={halves} change={change} step={step} restart={restart} />
        </section>
        <section class={column(3)}>
          {number(3)}
          <div>
            <h2>{w.add.s3}</h2>
            <p class="soft">{w.add.s3p}</p>
          </div>
          <WordsStep step={step} approve={approve} differ={differ} restart={restart} />
        </section>
      </div>
    </main>
  );
}

function Line() {
  const w = words.value;
  const line = `hearth-host enroll ${location.origin}`;
  const [copied, setCopied] = useState(false);
  return (
    <>
      <div>
        <h2>{w.add.s1}</h2>
        <p class="soft">{w.add.s1p}</p>
      </div>
      <div class="cmd">
        <code class="grow">{line}</code>
        <button
          type="button"
          class="ib"
          aria-label={w.add.copyLine}
          title={w.add.copyLine}
          onClick={async () => {
            if (!(await copyText(line))) return;
            setCopied(true);
            say(w.add.lineCopied);
            setTimeout(() => setCopied(false), 2000);
          }}
        >
          {copied ? <Check class="i" aria-hidden="true" /> : <Copy class="i" aria-hidden="true" />}
        </button>
      </div>
      <figure class="iron term">
        <figcaption class="sr">{w.add.shows}</figcaption>
        <span>
          {w.add.termCode} <b aria-hidden="true">····-····</b>
        </span>
        <span>
          {w.add.termWords} <b aria-hidden="true">···· ···· ···· ····</b>
        </span>
        <span>{w.add.termWait}</span>
      </figure>
    </>
  );
}

function CodeStep(props: {
  halves: [string, string];
  change: (halves: [string, string]) => void;
  step: Step;
  restart: () => void;
}) {
  const w = words.value;
  const { halves, step } = props;
  const inputs = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)] as const;
  const open = step.is === "code" || step.is === "none" || step.is === "asking";
  useEffect(() => {
    if (halves[0].length < 4) inputs[0].current?.focus({ preventScroll: true });
  }, [halves[0].length, inputs[0]]);
  const typed = (which: 0 | 1) => (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    const [head, tail] = codeHalves(field.value);
    if (which === 0 && (tail || head.length === 4)) {
      props.change([head, tail || halves[1]]);
      inputs[1].current?.focus();
    } else props.change(which === 0 ? [head, halves[1]] : tail ? [head, tail] : [halves[0], head]);
    // What is shown is the clean form even when it did not change.
    field.value = head;
  };
  return (
    <>
      <div>
        <h2 id="codelabel">{w.add.s2}</h2>
        <p class="soft">{w.add.s2p}</p>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: two halves of one code, named by the heading */}
      <div class="code" role="group" aria-labelledby="codelabel">
        <input
          ref={inputs[0]}
          aria-label={w.add.first}
          value={halves[0]}
          disabled={!open}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          onInput={typed(0)}
        />
        <b aria-hidden="true">–</b>
        <input
          ref={inputs[1]}
          aria-label={w.add.second}
          value={halves[1]}
          disabled={!open}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          onInput={typed(1)}
          onKeyDown={(event) => {
            if (event.key === "Backspace" && !halves[1]) inputs[0].current?.focus();
          }}
        />
      </div>
      {step.is === "asking" ? (
        <div role="status" class="col">
          <div class="row wait soft">
            <span class="p online" aria-hidden="true" />
            {w.add.waiting}
          </div>
          {step.slow ? (
            <>
              <p class="soft small">{w.add.slow}</p>
              <button type="button" class="b line" onClick={props.restart}>
                {w.add.again}
              </button>
            </>
          ) : null}
        </div>
      ) : null}
      {step.is === "none" ? <NoPc error={step.error} restart={props.restart} /> : null}
      {"pc" in step ? <Note kind="ok" fact={w.add.found(step.pc.name, shortOs(step.pc.os))} /> : null}
    </>
  );
}

function NoPc(props: { error: unknown; restart: () => void }) {
  const w = words.value;
  const unknown =
    props.error instanceof HearthError &&
    (props.error.code === "not-found" || props.error.code === "expired");
  return (
    <Note
      kind="bad"
      fact={unknown ? w.add.none : errorSentence(props.error)}
      todo={unknown ? w.add.noneDo : ""}
    >
      <button type="button" class="b line" onClick={props.restart}>
        {w.add.again}
      </button>
    </Note>
  );
}

function WordList(props: { words: string[] }) {
  return (
    <ol class="words">
      {props.words.map((word, i) => (
        <li key={i} aria-label={words.value.add.word(i + 1, word)}>
          <i aria-hidden="true">{i + 1}</i>
          {word}
        </li>
      ))}
    </ol>
  );
}

function WordsStep(props: {
  step: Step;
  approve: (pc: Found, name: string) => void;
  differ: (pc: Found) => void;
  restart: () => void;
}) {
  const w = words.value;
  const { step } = props;
  if (step.is === "added") return <Added id={step.id} name={step.name} />;
  if (step.is === "differ") {
    return (
      <Note kind="bad" fact={w.add.notAdded} todo={w.add.notAddedDo(step.pc.name, location.host)}>
        <button type="button" class="b line" onClick={props.restart}>
          {w.add.again}
        </button>
      </Note>
    );
  }
  if (step.is === "failed") {
    return (
      <Note kind="bad" fact={w.add.notAdded} todo={errorSentence(step.error)}>
        <button type="button" class="b line" onClick={props.restart}>
          {w.add.again}
        </button>
      </Note>
    );
  }
  if (step.is === "found" || step.is === "adding") {
    return (
      <>
        <WordList words={step.pc.words} />
        <Answer pc={step.pc} busy={step.is === "adding"} approve={props.approve} differ={props.differ} />
      </>
    );
  }
  return (
    <ol class="words blank" aria-hidden="true">
      {[1, 2, 3, 4].map((i) => (
        <li key={i}>
          <i>{i}</i>
          {"\u00a0"}
        </li>
      ))}
    </ol>
  );
}

function Answer(props: {
  pc: Found;
  busy: boolean;
  approve: (pc: Found, name: string) => void;
  differ: (pc: Found) => void;
}) {
  const w = words.value;
  const [name, setName] = useState(props.pc.name);
  const [looked, setLooked] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setLooked(true), LOOK_MS);
    field.current?.focus({ preventScroll: true });
    field.current?.scrollIntoView({ block: "center" });
    return () => clearTimeout(timer);
  }, []);
  const clean = name.trim();
  return (
    <form
      class="col"
      onSubmit={(event) => {
        event.preventDefault();
        if (looked && clean && !props.busy) props.approve(props.pc, clean);
      }}
    >
      <div class="field">
        <label for="pcname">{w.add.name}</label>
        <input
          ref={field}
          id="pcname"
          class="in"
          value={name}
          maxLength={64}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </div>
      <button
        type="submit"
        class="b fire tall"
        disabled={!looked || !clean || props.busy}
        aria-busy={props.busy}
      >
        <span class="cut">{props.busy ? w.add.adding : w.add.match(clean || props.pc.name)}</span>
      </button>
      <button type="button" class="b line" disabled={props.busy} onClick={() => props.differ(props.pc)}>
        {w.add.differ}
      </button>
      <p class="hint">{w.add.differHint}</p>
    </form>
  );
}

function Added(props: { id: DeviceId; name: string }) {
  const w = words.value;
  const device = findDevice(props.id);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="col">
      {device ? (
        <div class="dev" data-state={device.presence}>
          <div class="shot">
            <Plate device={device} />
          </div>
          <div class="meta">
            <div class="grow">
              <h2>
                <PresenceMark shown={device.presence} />
                <span class="cut">{device.name}</span>
              </h2>
              <PresenceLine device={device} />
            </div>
          </div>
        </div>
      ) : (
        <Note kind="ok" fact={w.add.added(props.name)} />
      )}
      <button
        type="button"
        ref={button}
        class="b fire tall"
        onClick={() => go({ at: "session", device: props.id, viewOnly: false })}
      >
        <span class="cut">{w.ring.controlName(device?.name ?? props.name)}</span>
      </button>
      <a class="b line" href={placeHref({ at: "ring" })} onClick={follow({ at: "ring" })}>
        {w.common.backToRing}
      </a>
    </div>
  );
}
