/* The one state with no way on: removed from the account, or the log was rolled back or forked. */
import { useState } from "preact/hooks";
import { engine } from "../engine";
import { Note } from "../parts/note";
import { words } from "../words";

export function Refused(props: { why: string }) {
  const w = words.value;
  const [busy, setBusy] = useState(false);
  return (
    <main class="full" id="main">
      <div>
        <h1>{w.link.refused}</h1>
        <Note kind="bad" fact={props.why} />
        <button
          type="button"
          class="b main"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void engine()
              .account.signOut()
              .finally(() => setBusy(false));
          }}
        >
          {w.link.again}
        </button>
      </div>
    </main>
  );
}
