/* The top of a pane: whose folder, what may be sent there, and the way to it. */
import { ChevronDown, ChevronRight, FolderPlus, FolderUp, Upload } from "lucide-preact";
import type { Device, DeviceId } from "../../engine/api";
import { engine, shownPresence } from "../engine";
import { sizeText } from "../format";
import { Menu, MenuItem } from "../parts/menu";
import { PresenceMark } from "../ring/presence";
import { read } from "../signals";
import { locale, words } from "../words";
import type { Folder } from "./folder";
import { fromInput, type Gathered } from "./gather";
import { filesHref } from "./href";
import type { Spot } from "./model";

export function DevicePick(props: { device: Device | undefined; setDevice: (device: DeviceId) => void }) {
  const w = words.value.files;
  const pcs = read(engine().devices).filter((device) => device.role === "host");
  const name = props.device?.name ?? w.choose;
  return (
    <Menu
      name={`${w.device}: ${name}`}
      menuName={w.device}
      buttonClass="b bare whose"
      icon={
        <>
          {props.device ? <PresenceMark shown={shownPresence(props.device)} /> : null}
          <span class="cut">{name}</span>
          <ChevronDown class="i s" aria-hidden="true" />
        </>
      }
    >
      {(close) =>
        pcs.map((device) => (
          <MenuItem
            key={device.id}
            do={() => {
              close();
              props.setDevice(device.id);
            }}
          >
            <PresenceMark shown={shownPresence(device)} />
            <span class="cut">{device.name}</span>
          </MenuItem>
        ))
      }
    </Menu>
  );
}

export function Senders(props: { send: (list: Gathered[]) => void; second: boolean; newFolder: () => void }) {
  const w = words.value.files;
  const name = props.second ? w.add : w.send;
  const picked = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    props.send(fromInput(input.files));
    input.value = "";
  };
  return (
    <>
      <button type="button" class="ib" aria-label={w.newFolder} title={w.newFolder} onClick={props.newFolder}>
        <FolderPlus class="i" aria-hidden="true" />
      </button>
      <label class="ib filebtn wide" title={w.sendFolder}>
        <FolderUp class="i" aria-hidden="true" />
        <input
          type="file"
          multiple
          class="sr"
          aria-label={w.sendFolder}
          onChange={picked}
          ref={(element) => {
            if (element) element.webkitdirectory = true;
          }}
        />
      </label>
      <label class="b line filebtn">
        <Upload class="i" aria-hidden="true" />
        <span aria-hidden="true">{name}</span>
        <input type="file" multiple class="sr" aria-label={name} onChange={picked} />
      </label>
    </>
  );
}

export function Crumbs(props: { folder: Folder; name: string }) {
  const w = words.value.files;
  const { spot, roots } = props.folder;
  const link = (text: string, to: Spot | null) => (
    <a
      href={filesHref}
      onClick={(event) => {
        event.preventDefault();
        props.folder.open(to);
      }}
    >
      {text}
    </a>
  );
  if (!spot)
    return (
      <nav class="crumbs" aria-label={w.folder}>
        {roots ? <b>{w.places}</b> : null}
      </nav>
    );
  const names = [spot.root.name, ...spot.steps.map((step) => step.name)];
  return (
    <nav class="crumbs" aria-label={w.folder}>
      {(roots?.length ?? 0) > 1 ? (
        <>
          {link(w.places, null)}
          <ChevronRight class="i s" aria-hidden="true" />
        </>
      ) : null}
      {names.map((name, i) =>
        i === names.length - 1 ? (
          <b key={name} aria-current="location">
            {name}
          </b>
        ) : (
          <span class="row" key={i}>
            {link(name, { ...spot, steps: spot.steps.slice(0, i) })}
            <ChevronRight class="i s" aria-hidden="true" />
          </span>
        ),
      )}
      {spot.root.freeBytes > 0 ? (
        <span class="small num free wide">{w.free(sizeText(spot.root.freeBytes, locale.value))}</span>
      ) : null}
    </nav>
  );
}
