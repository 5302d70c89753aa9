/* The pane's three questions: a name for a folder, a new name, and whether to remove. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { FileEntry } from "../../engine/api";
import { Dialog } from "../parts/dialog";
import { errorSentence, words } from "../words";
import { splitEnding } from "./model";

export type Box =
  | { is: "folder" }
  | { is: "rename"; entry: FileEntry }
  | { is: "remove"; entries: FileEntry[] }
  | null;

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

export function Boxes(props: {
  box: Exclude<Box, null>;
  iron: boolean;
  make: (name: string) => Promise<void>;
  rename: (entry: FileEntry, name: string) => Promise<void>;
  remove: (entries: FileEntry[]) => Promise<void>;
  done: () => void;
  close: () => void;
}) {
  const w = words.value.files;
  const { box } = props;
  const then = async (work: Promise<void>) => {
    await work;
    props.done();
  };
  switch (box.is) {
    case "folder":
      return (
        <NameBox
          title={w.newFolder}
          label={w.newFolderName}
          start=""
          go={w.make}
          iron={props.iron}
          send={(name) => then(props.make(name))}
          close={props.close}
        />
      );
    case "rename":
      return (
        <NameBox
          title={w.renameH(box.entry.name)}
          label={w.newName}
          start={box.entry.name}
          go={w.renameGo}
          iron={props.iron}
          send={(name) => then(props.rename(box.entry, name))}
          close={props.close}
        />
      );
    case "remove":
      return (
        <RemoveBox
          count={box.entries.length}
          first={box.entries[0]?.name ?? ""}
          iron={props.iron}
          send={() => then(props.remove(box.entries))}
          close={props.close}
        />
      );
  }
}
