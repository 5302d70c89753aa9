/* The row of keys a phone lacks, and the hidden field through which its keyboard types. */
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { words } from "../words";
import { anyHeld, codeOfLetter, type Modifier, noHolds, pressModifier, withHolds } from "./modifiers";
import { FILLER, softChange } from "./soft";

const modifiers: [Modifier, string][] = [
  ["ControlLeft", "Ctrl"],
  ["AltLeft", "Alt"],
  ["MetaLeft", "Super"],
];
const arrows = [
  { code: "ArrowLeft", Icon: ArrowLeft },
  { code: "ArrowUp", Icon: ArrowUp },
  { code: "ArrowDown", Icon: ArrowDown },
  { code: "ArrowRight", Icon: ArrowRight },
] as const;

const FIELD_MAX = 400; // characters after which the hidden field starts afresh

export function KeyRow(props: {
  session: ScreenSession;
  label: string;
  /* Set here: show or hide the on-screen keyboard. Must run inside a press. */
  keyboard: { current: (() => void) | null };
}) {
  const { session } = props;
  const arrowNames = words.value.session.arrows;
  const [holds, setHolds] = useState(noHolds);
  const field = useRef<HTMLTextAreaElement>(null);
  const before = useRef(FILLER);
  const held = useRef(holds);
  held.current = holds;

  const reset = () => {
    if (field.current) field.current.value = FILLER;
    before.current = FILLER;
  };
  const key = (code: string) => {
    const { codes, holds: after } = withHolds(held.current, code);
    session.chord(codes);
    held.current = after;
    setHolds(after);
  };
  useEffect(() => {
    reset();
    props.keyboard.current = () => {
      const element = field.current;
      if (!element) return;
      if (document.activeElement === element) element.blur();
      else {
        element.focus({ preventScroll: true });
        element.setSelectionRange(element.value.length, element.value.length);
      }
    };
    return () => {
      props.keyboard.current = null;
    };
  });
  const typed = (event: InputEvent) => {
    const element = event.currentTarget as HTMLTextAreaElement;
    const { back, text } = softChange(before.current, element.value);
    before.current = element.value;
    for (let i = 0; i < back; i++) session.chord(["Backspace"]);
    for (const piece of text.split(/(\n)/)) {
      const code = [...piece].length === 1 && anyHeld(held.current) ? codeOfLetter(piece) : null;
      if (piece === "\n") key("Enter");
      else if (code) key(code);
      else if (piece) session.typeText(piece);
    }
    if (!event.isComposing && (element.value.length > FIELD_MAX || element.value.length < FILLER.length / 2))
      reset();
  };
  // Pressing the row must not take the focus from the field, or the keyboard would go.
  const stay = (event: Event) => event.preventDefault();
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a scrolling row in every browser we serve */}
      <div class="keysrow iron" role="group" aria-label={props.label} onPointerDown={stay}>
        <button type="button" onClick={() => key("Escape")}>
          Esc
        </button>
        <button type="button" onClick={() => key("Tab")}>
          Tab
        </button>
        {modifiers.map(([code, label]) => (
          <button
            key={code}
            type="button"
            aria-pressed={holds[code] !== "off"}
            class={holds[code] === "locked" ? "locked" : ""}
            onClick={() => setHolds(pressModifier(holds, code))}
          >
            {label}
          </button>
        ))}
        {arrows.map(({ code, Icon }) => (
          <button key={code} type="button" aria-label={arrowNames[code]} onClick={() => key(code)}>
            <Icon class="i s" aria-hidden="true" />
          </button>
        ))}
      </div>
      <textarea
        ref={field}
        class="softin"
        aria-hidden="true"
        tabIndex={-1}
        autocomplete="off"
        autocapitalize="none"
        autocorrect="off"
        spellcheck={false}
        onInput={typed}
        onCompositionEnd={() => setTimeout(reset, 0)}
        onBlur={() => session.releaseAll()}
      />
    </>
  );
}
