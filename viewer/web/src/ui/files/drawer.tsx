/* The same pane beside a remote screen. */
import { Expand, Upload, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import type { DeviceId } from "../../engine/api";
import { words } from "../words";
import "../styles/files.css";
import { useFolder } from "./folder";
import { Pane } from "./pane";
import { Tray } from "./tray";

export function Drawer(props: { device: DeviceId; name: string; close: () => void; openFull: () => void }) {
  const w = words.value;
  const folder = useFolder(props.device);
  const box = useRef<HTMLElement>(null);
  const closeButton = useRef<HTMLButtonElement>(null);
  useEffect(() => closeButton.current?.focus(), []);
  // The pane's own input takes the files, so that names that are taken are asked about in one place.
  const hand = (list: FileList | null) => {
    const inside = box.current?.querySelector<HTMLInputElement>(
      `.pane input[type=file]:not([webkitdirectory])`,
    );
    if (!inside || !list) return;
    const data = new DataTransfer();
    for (const file of list) data.items.add(file);
    inside.files = data.files;
    inside.dispatchEvent(new Event("change", { bubbles: true }));
  };
  return (
    <aside
      class="drawer iron"
      ref={box}
      aria-label={w.ring.filesName(props.name)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape" && !(event.target as HTMLElement).closest("dialog, .pop")) props.close();
      }}
    >
      <header>
        <b class="grow cut">{w.ring.filesName(props.name)}</b>
        <button
          type="button"
          class="ib"
          aria-label={w.files.openFull}
          title={w.files.openFull}
          onClick={props.openFull}
        >
          <Expand class="i" aria-hidden="true" />
        </button>
        <button
          ref={closeButton}
          type="button"
          class="ib"
          aria-label={w.files.closeFiles}
          title={w.files.closeFiles}
          onClick={props.close}
        >
          <X class="i" aria-hidden="true" />
        </button>
      </header>
      <Pane
        device={props.device}
        folder={folder}
        other={null}
        second
        iron
        setDevice={() => undefined}
        reloadOther={() => undefined}
        switchPane={() => undefined}
      />
      <div class="foot">
        <Tray only={props.device} />
        {folder.spot?.root.write ? (
          <label class="b main filebtn">
            <Upload class="i" aria-hidden="true" />
            <span aria-hidden="true">{w.files.send}</span>
            <input
              type="file"
              multiple
              class="sr"
              aria-label={w.files.send}
              onChange={(event) => {
                hand(event.currentTarget.files);
                event.currentTarget.value = "";
              }}
            />
          </label>
        ) : null}
      </div>
    </aside>
  );
}
