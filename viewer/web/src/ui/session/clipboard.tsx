/* The two clipboards. By itself where the browser allows it; by two buttons and a box where it does not. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ScreenSession } from "../../engine/api";
import { copyText, readText } from "../parts/clipboard";
import { Switch } from "../parts/switch";
import { prefs, setPrefs } from "../prefs";
import { read } from "../signals";
import { words } from "../words";

/* Keeps both sides the same while the page has focus; asks the browser for nothing. */
export function useSharedClipboard(session: ScreenSession): void {
  const share = prefs.value.shareClipboard;
  const remote = read(session.remoteClipboard);
  const rights = read(session.rights);
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (!share || !rights.clipboardOut || remote === null || remote === last.current || !document.hasFocus())
      return;
    last.current = remote;
    navigator.clipboard?.writeText(remote).catch(() => undefined);
  }, [share, remote, rights.clipboardOut]);
  useEffect(() => {
    if (!share || !rights.clipboardIn) return;
    const bring = async () => {
      if (!(await mayRead())) return;
      const text = await readText();
      if (!text || text === last.current) return;
      last.current = text;
      session.sendClipboard(text);
    };
    void bring();
    addEventListener("focus", bring);
    return () => removeEventListener("focus", bring);
  }, [share, session, rights.clipboardIn]);
}

/* Without a question: reading is tried only where the person allowed it before. */
async function mayRead(): Promise<boolean> {
  if (!document.hasFocus()) return false;
  try {
    const name = "clipboard-read" as PermissionName;
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    return false;
  }
}

export function ClipboardPanel(props: {
  session: ScreenSession;
  name: string;
  opened: (open: boolean) => void;
  icon: ComponentChildren;
}) {
  const { session, name, opened } = props;
  const w = words.value.session;
  const [open, setOpen] = useState(false);
  const hold = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    opened(open);
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (!hold.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", outside, true);
    return () => removeEventListener("pointerdown", outside, true);
  }, [open, opened]);
  return (
    <span class="menuhold" ref={hold}>
      <button
        ref={button}
        type="button"
        class="ib"
        aria-label={w.clipboard}
        title={w.clipboard}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {props.icon}
      </button>
      {open ? (
        <div
          class="pop clip iron"
          role="dialog"
          aria-label={w.clipboard}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key !== "Escape") return;
            setOpen(false);
            button.current?.focus();
          }}
        >
          <Panel session={session} name={name} />
        </div>
      ) : null}
    </span>
  );
}

function Panel(props: { session: ScreenSession; name: string }) {
  const { session, name } = props;
  const w = words.value.session;
  const remote = read(session.remoteClipboard);
  const rights = read(session.rights);
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");
  const send = (value: string) => {
    session.sendClipboard(value);
    setSaid(w.clipSent);
  };
  if (!rights.clipboardIn && !rights.clipboardOut) return <p>{w.clipOff}</p>;
  return (
    <>
      <div class="row">
        <b class="grow">{w.clipboard}</b>
        <span class="small soft">{w.clipShare}</span>
        <Switch
          on={prefs.value.shareClipboard}
          name={w.clipShare}
          change={(on) => {
            setPrefs({ shareClipboard: on });
            // A press is the moment at which the browser may ask for leave to read.
            if (on) void readText();
          }}
        />
      </div>
      {rights.clipboardOut ? (
        <div class="from">
          <p class="small soft">{w.clipFrom(name)}</p>
          {remote === null ? <p>{w.clipNone(name)}</p> : <p class="mono">{remote}</p>}
          {remote === null ? null : (
            <button
              type="button"
              class="b line"
              onClick={async () => {
                if (await copyText(remote)) setSaid(w.clipTaken);
              }}
            >
              {w.clipTake}
            </button>
          )}
        </div>
      ) : null}
      {rights.clipboardIn ? (
        <div class="col">
          <textarea
            class="in"
            aria-label={w.clipPaste}
            placeholder={w.clipPaste}
            value={text}
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <div class="row wrap">
            <button type="button" class="b main" disabled={!text} onClick={() => send(text)}>
              <span class="cut">{w.clipSend(name)}</span>
            </button>
            <button
              type="button"
              class="b line"
              onClick={async () => {
                const mine = await readText();
                if (mine === null) setSaid(w.clipShut);
                else if (mine) send(mine);
              }}
            >
              {w.clipSendMine}
            </button>
          </div>
        </div>
      ) : null}
      <p class="small soft" role="status">
        {said}
      </p>
    </>
  );
}
