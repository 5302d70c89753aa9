/* Rename and remove, asked for in a box and answered where it happened. */
import { useState } from "preact/hooks";
import type { Device } from "../../engine/api";
import { engine } from "../engine";
import { say } from "../live";
import { Dialog } from "../parts/dialog";
import { errorSentence, words } from "../words";

export type Asking = { what: "rename" | "remove"; device: Device } | null;

const NAME_MAX = 64; // characters of a device's name

export function AskBox(props: { asking: Asking; close: () => void }) {
  if (!props.asking) return null;
  const { what, device } = props.asking;
  return what === "rename" ? (
    <RenameBox device={device} close={props.close} />
  ) : (
    <RemoveBox device={device} close={props.close} />
  );
}

function RenameBox(props: { device: Device; close: () => void }) {
  const w = words.value;
  const [name, setName] = useState(props.device.name);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const clean = name.trim();
  const send = async () => {
    if (!clean || busy) return;
    setBusy(true);
    setError("");
    try {
      await engine().rename(props.device.id, clean);
      say(w.rename.done(clean));
      props.close();
    } catch (failure) {
      setError(errorSentence(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title={w.rename.h(props.device.name)} close={props.close} submit={send}>
      <div class="field">
        <label for="newname">{w.rename.label}</label>
        <input
          id="newname"
          class="in"
          value={name}
          maxLength={NAME_MAX}
          autocomplete="off"
          aria-describedby="renerr"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <span class="err" id="renerr" role="alert">
          {error}
        </span>
      </div>
      <div class="acts">
        <button type="button" class="b bare" onClick={props.close}>
          {w.common.cancel}
        </button>
        <button type="submit" class="b main" disabled={!clean || clean === props.device.name || busy}>
          {w.rename.go}
        </button>
      </div>
    </Dialog>
  );
}

function RemoveBox(props: { device: Device; close: () => void }) {
  const w = words.value;
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const same = typed.trim().toLocaleLowerCase() === props.device.name.trim().toLocaleLowerCase();
  const send = async () => {
    if (!same || busy) return;
    setBusy(true);
    setError("");
    try {
      await engine().revoke(props.device.id);
      say(w.remove.done(props.device.name));
      props.close();
    } catch (failure) {
      setError(errorSentence(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title={w.remove.h(props.device.name)} close={props.close} submit={send}>
      <p class="soft">{w.remove.why}</p>
      <div class="field">
        <label for="sure">{w.remove.label(props.device.name)}</label>
        <input
          id="sure"
          class="in"
          value={typed}
          autocomplete="off"
          aria-describedby="remerr"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class="err" id="remerr" role="alert">
          {error}
        </span>
      </div>
      <div class="acts">
        <button type="button" class="b bare" onClick={props.close}>
          {w.common.cancel}
        </button>
        <button type="submit" class="b danger" disabled={!same || busy}>
          {w.remove.go}
        </button>
      </div>
    </Dialog>
  );
}
