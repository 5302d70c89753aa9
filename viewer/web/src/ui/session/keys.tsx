/* Keys the browser or this PC would keep for itself. */
import { Check, Keyboard } from "lucide-preact";
import { useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { readText } from "../parts/clipboard";
import { Menu, MenuItem } from "../parts/menu";
import { words } from "../words";

const TYPE_MAX = 4096; // characters typed at once; the host takes no more in one message

const chords: [string, string[]][] = [
  ["Ctrl+Alt+Del", ["ControlLeft", "AltLeft", "Delete"]],
  ["Alt+Tab", ["AltLeft", "Tab"]],
  ["Alt+F4", ["AltLeft", "F4"]],
  ["Super", ["MetaLeft"]],
  ["Print Screen", ["PrintScreen"]],
];

/* Types text of any length in pieces the host takes. */
export function typeAll(session: ScreenSession, text: string): void {
  const glyphs = [...text.replace(/\r\n?/g, "\n")];
  for (let i = 0; i < glyphs.length; i += TYPE_MAX / 4) {
    session.typeText(glyphs.slice(i, i + TYPE_MAX / 4).join(""));
  }
}

export function KeysMenu(props: {
  session: ScreenSession;
  typeBox: () => void;
  opened: (open: boolean) => void;
  done: () => void;
}) {
  const w = words.value.session;
  const [shut, setShut] = useState(false);
  const [sent, setSent] = useState("");
  return (
    <Menu
      name={w.keys}
      menuName={w.keys}
      buttonClass="ib"
      popClass="keymenu iron"
      opened={props.opened}
      icon={<Keyboard class="i" aria-hidden="true" />}
    >
      {(close) => {
        const send = (label: string, codes: string[]) => {
          props.session.chord(codes);
          setSent(label); // the menu stays, so that a key can be sent again
        };
        return (
          <>
            {chords.map(([label, codes]) => (
              <MenuItem key={label} do={() => send(label, codes)}>
                <span class="grow">{label}</span>
                {sent === label ? <Check class="i s" aria-hidden="true" /> : null}
              </MenuItem>
            ))}
            <hr />
            <div class="fkeys">
              {Array.from({ length: 12 }, (_, i) => `F${i + 1}`).map((key) => (
                <MenuItem key={key} do={() => send(key, [key])}>
                  {key}
                </MenuItem>
              ))}
            </div>
            <hr />
            <MenuItem
              do={async () => {
                const text = await readText();
                if (text === null) {
                  setShut(true);
                  return;
                }
                typeAll(props.session, text);
                close();
                props.done();
              }}
            >
              {w.typeClip}
            </MenuItem>
            <MenuItem
              do={() => {
                close();
                props.typeBox();
              }}
            >
              {w.typeText}
            </MenuItem>
            <MenuItem do={() => props.session.releaseAll()}>{w.release}</MenuItem>
            <hr />
            <p class="small soft" role={shut ? "alert" : undefined}>
              {shut ? w.typeClipNo : w.chordShort}
            </p>
          </>
        );
      }}
    </Menu>
  );
}
