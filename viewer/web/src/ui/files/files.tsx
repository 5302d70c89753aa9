/* Files of one device, or of two side by side. */
import { useEffect, useRef } from "preact/hooks";
import type { DeviceId } from "../../engine/api";
import { engine, inReach } from "../engine";
import { go } from "../place";
import { read } from "../signals";
import { words } from "../words";
import "../styles/files.css";
import { useFolder } from "./folder";
import { Pane } from "./pane";
import { Tray } from "./tray";

export function FilesView(props: { left: DeviceId | null; right: DeviceId | null }) {
  const w = words.value.files;
  const devices = read(engine().devices);
  const pcs = devices.filter((device) => device.role === "host");
  const near = pcs.filter(inReach);
  const leftId = props.left ?? (near.length === 1 ? (near[0]?.id ?? null) : null);
  const left = useFolder(leftId);
  const right = useFolder(props.right);
  const two = props.right !== null;
  const panes = useRef<HTMLDivElement>(null);
  const nameOf = (id: DeviceId | null) => devices.find((device) => device.id === id)?.name ?? "";

  useEffect(() => {
    // A file dropped beside a pane must not replace the page.
    const stop = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", stop);
    addEventListener("drop", stop);
    return () => {
      removeEventListener("dragover", stop);
      removeEventListener("drop", stop);
    };
  }, []);
  const switchPane = () => {
    const all = [...(panes.current?.querySelectorAll<HTMLElement>(".pane") ?? [])];
    const next = all.find((pane) => !pane.contains(document.activeElement));
    next?.querySelector<HTMLElement>("tbody a, tbody input, header button")?.focus();
  };
  const setTwo = (on: boolean) => {
    const second =
      pcs.find((device) => device.id !== leftId && inReach(device)) ?? pcs.find((d) => d.id === leftId);
    go({ at: "files", left: leftId, right: on ? (second?.id ?? null) : null }, true);
  };
  return (
    <main class="filesview" id="main">
      <header class="head">
        <div class="grow">
          <h1 tabIndex={-1}>{w.h1}</h1>
          {two ? <p class="sub small wide">{w.sub}</p> : null}
        </div>
        {leftId ? (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a flex row in every browser we serve
          <div class="seg wide" role="group" aria-label={w.panes}>
            <button type="button" aria-pressed={!two} onClick={() => setTwo(false)}>
              {w.one}
            </button>
            <button type="button" aria-pressed={two} onClick={() => setTwo(true)}>
              {w.two}
            </button>
          </div>
        ) : null}
      </header>
      <div class={two ? "panes two" : "panes"} ref={panes}>
        <Pane
          device={leftId}
          folder={left}
          other={two ? { name: nameOf(props.right), folder: right } : null}
          second={false}
          setDevice={(id) => go({ at: "files", left: id, right: props.right }, true)}
          reloadOther={right.reload}
          switchPane={switchPane}
        />
        {two ? (
          <Pane
            device={props.right}
            folder={right}
            other={{ name: nameOf(leftId), folder: left }}
            second
            setDevice={(id) => go({ at: "files", left: leftId, right: id }, true)}
            reloadOther={left.reload}
            switchPane={switchPane}
          />
        ) : null}
      </div>
      <Tray />
    </main>
  );
}
