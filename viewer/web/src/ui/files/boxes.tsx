/* The pane's three questions: a name for a folder, a new name, and whether to remove. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../parts/dialog";
import { errorSentence, words } from "../words";
import { splitEnding } from "./model";

export function NameBox(props: {
  title: string;
  label: string;
  start: string;
  go: string;
  iron?: boolean;
  send: (name: string) => Promise<void>;
  close: () => void;
}) {
  const [name, setName] = useState(props.start);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, splitEnding(props.start)[0].length);
  }, [props.start]);
  const clean = name.trim();
  return (
    <Dialog
      title={props.title}
      iron={props.iron ?? false}
      close={props.close}
      submit={async () => {
        if (!clean || busy) return;
        setBusy(true);
        setError("");
        try {
          await props.send(clean);
          props.close();
        } catch (failure) {
          setError(errorSentence(failure));
          setBusy(false);
        }
      }}
    >
      <div class="field">
        <label for="filename">{props.label}</label>
        <input
          ref={field}
          id="filename"
          class="in"
          value={name}
          autocomplete="off"
          spellcheck={false}
          aria-describedby="filenameerr"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <span class="err" id="filenameerr" role="alert">
          {error}
        </span>
      </div>
      <div class="acts">
        <button type="button" class="b bare" onClick={props.close}>
          {words.value.common.cancel}
        </button>
        <button type="submit" class="b main" disabled={!clean || clean === props.start || busy}>
          {props.go}
        </button>
      </div>
    </Dialog>
  );
}

export function RemoveBox(props: {
  count: number;
  first: string;
  iron?: boolean;
  send: () => Promise<void>;
  close: () => void;
}) {
  const w = words.value.files;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  return (
    <Dialog
      title={w.removeH(props.count, props.first)}
      iron={props.iron ?? false}
      close={props.close}
      submit={async () => {
        if (busy) return;
        setBusy(true);
        setError("");
        try {
          await props.send();
          props.close();
        } catch (failure) {
          setError(errorSentence(failure));
          setBusy(false);
        }
      }}
    >
      <p class="soft">{w.removeP}</p>
      <p class="err" role="alert">
        {error}
      </p>
      <div class="acts">
        <button type="button" class="b bare" onClick={props.close}>
          {words.value.common.cancel}
        </button>
        <button type="submit" class="b danger" disabled={busy}>
          {w.removeGo}
        </button>
      </div>
    </Dialog>
  );
}
