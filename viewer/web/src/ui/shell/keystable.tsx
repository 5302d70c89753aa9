import { Dialog } from "../parts/dialog";
import { words } from "../words";

export function KeysTable(props: { close: () => void }) {
  const w = words.value.keys;
  const rows: [string[], string][] = [
    [["/"], w.search],
    [["g", "r"], w.ring],
    [["g", "f"], w.files],
    [["g", ","], w.settings],
    [["?"], w.help],
    [["Esc"], w.close],
    [["Enter", "f", "m"], w.card],
    [["Ctrl+Alt+Shift+H"], w.release],
    [["Space", "Enter", "Backspace"], w.filesKeys],
    [["F2", "Del", "F5", "F6"], w.filesMore],
  ];
  return (
    <Dialog title={w.h} close={props.close} submit={props.close}>
      <dl class="keys">
        {rows.map(([keys, text]) => (
          <>
            <dt key={text}>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      <div class="acts">
        <button type="submit" class="b main">
          {words.value.common.close}
        </button>
      </div>
    </Dialog>
  );
}
