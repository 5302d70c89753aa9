import { useState } from "preact/hooks";
import { sizeText, whenText } from "../format";
import { Dialog } from "../parts/dialog";
import { locale, words } from "../words";
import type { SameAnswer, SameQuestion } from "./send";

/* Two of one name. Keeping both is what happens when a person presses Enter without reading. */
export function SameName(props: { question: SameQuestion; done: () => void; iron?: boolean }) {
  const w = words.value.files;
  const { question } = props;
  const [all, setAll] = useState(false);
  const say = (answer: SameAnswer) => {
    question.answer(answer, all);
    props.done();
  };
  const facts = (side: { size: number; mtimeMs: number }) =>
    `${sizeText(side.size, locale.value)}, ${whenText(side.mtimeMs, Date.now(), words.value, locale.value, true)}`;
  return (
    <Dialog
      title={w.sameH(question.name)}
      iron={props.iron ?? false}
      close={() => say("skip")}
      submit={() => say("both")}
    >
      {question.theirs ? <p>{w.sizes(facts(question.theirs), facts(question.mine))}</p> : null}
      <p class="soft">{w.sameP}</p>
      {question.left > 0 ? (
        <label class="row">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
          {w.sameForAll(question.left)}
        </label>
      ) : null}
      <div class="acts">
        <button type="button" class="b bare" onClick={() => say("skip")}>
          {w.skip}
        </button>
        <button type="button" class="b line" onClick={() => say("replace")}>
          {w.replace}
        </button>
        <button type="submit" class="b main">
          {w.keepBoth}
        </button>
      </div>
    </Dialog>
  );
}
