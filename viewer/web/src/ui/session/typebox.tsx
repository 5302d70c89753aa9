import { useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { Dialog } from "../parts/dialog";
import { words } from "../words";
import { typeAll } from "./keys";

export function TypeBox(props: { session: ScreenSession; close: () => void }) {
  const w = words.value.session;
  const [text, setText] = useState("");
  return (
    <Dialog
      title={w.typeLabel}
      iron
      close={props.close}
      submit={() => {
        if (text) typeAll(props.session, text);
        props.close();
      }}
    >
      <div class="field">
        <textarea
          class="in"
          aria-label={w.typeLabel}
          aria-describedby="typehint"
          value={text}
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="hint" id="typehint">
          {w.typeHint}
        </span>
      </div>
      <div class="acts">
        <button type="button" class="b bare" onClick={props.close}>
          {words.value.common.cancel}
        </button>
        <button type="submit" class="b main" disabled={!text}>
          {w.typeGo}
        </button>
      </div>
    </Dialog>
  );
}
