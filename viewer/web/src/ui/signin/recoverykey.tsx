/* The recovery key, once. It leaves this component only on paper, to the clipboard for 60 s, or into a file. */
import { Copy, Download, Printer } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { account } from "../engine";
import { say } from "../live";
import { copyText, readText } from "../parts/clipboard";
import { words } from "../words";
import { cleanCrockford, keyGroups } from "./keytext";

const CLIPBOARD_MS = 60_000;

export function RecoveryKey(props: { recoveryKey: string; done: () => void }) {
  const w = words.value;
  const groups = keyGroups(props.recoveryKey);
  const shown = groups.join(" ");
  // Which group is asked for is chosen once, so that nobody learns to type the first.
  const [asked] = useState(() => Math.floor(Math.random() * groups.length));
  const [typed, setTyped] = useState("");
  const [copied, setCopied] = useState(false);
  const title = useRef<HTMLHeadingElement>(null);
  const right = cleanCrockford(typed) === cleanCrockford(groups[asked] ?? "");
  const wrong = cleanCrockford(typed).length >= 4 && !right;

  useEffect(() => title.current?.focus(), []);
  const copy = async () => {
    if (!(await copyText(shown))) return;
    setCopied(true);
    say(w.recovery.copied);
    // It goes on after this step is left. Where the clipboard can be read, something copied since is spared.
    setTimeout(async () => {
      const there = await readText();
      if (there === null || there === shown) await copyText(" ");
    }, CLIPBOARD_MS);
  };
  const save = () => {
    const text = w.recovery.fileText(account(), location.host, shown);
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = w.recovery.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  return (
    <>
      <div>
        <p class="soft small">{w.create.step(2, 2)}</p>
        <h1 ref={title} tabIndex={-1}>
          {w.recovery.h1}
        </h1>
        <p class="soft">{w.recovery.why}</p>
      </div>
      <ol class="key" aria-label={w.recovery.list}>
        {groups.map((group, i) => (
          <li key={i}>{group}</li>
        ))}
      </ol>
      <div class="row">
        <button type="button" class="b line grow" onClick={() => print()}>
          <Printer class="i" aria-hidden="true" />
          {w.recovery.print}
        </button>
        <button type="button" class="b line grow" onClick={copy}>
          <Copy class="i" aria-hidden="true" />
          {w.recovery.copy}
        </button>
        <button type="button" class="b line grow" onClick={save}>
          <Download class="i" aria-hidden="true" />
          {w.recovery.save}
        </button>
      </div>
      {copied ? <p class="hint">{w.recovery.copied}</p> : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (right) props.done();
        }}
      >
        <div class="field">
          <label for="group">{w.recovery.sure(asked + 1)}</label>
          <input
            id="group"
            class="in mono short"
            value={typed}
            maxLength={6}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            aria-describedby="grouperr"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <span class="err" id="grouperr" role="alert">
            {wrong ? w.recovery.differs : ""}
          </span>
        </div>
        <button type="submit" class="b main tall" disabled={!right}>
          {w.recovery.go}
        </button>
      </form>
    </>
  );
}
