/* One device as a list item, in the ring and the grid (card) and in the list (row). */
import { Ellipsis, Eye, Folder, MousePointer2, Pencil, Trash2 } from "lucide-preact";
import type { Device } from "../../engine/api";
import { inReach, shownPresence } from "../engine";
import { Menu, MenuItem } from "../parts/menu";
import { follow, go, placeHref } from "../place";
import { words } from "../words";
import type { Spot } from "./geometry";
import type { Asking } from "./manage";
import { deviceIcon, Land, Plate } from "./plate";
import { PresenceLine, PresenceMark, shortOs } from "./presence";

interface CardProps {
  device: Device;
  spot?: Spot | undefined;
  ask: (asking: Asking) => void;
}

function More(props: { device: Device; ask: (asking: Asking) => void; class: string }) {
  const w = words.value;
  const { device } = props;
  return (
    <Menu
      name={w.ring.moreName(device.name)}
      menuName={device.name}
      holdClass="more"
      buttonClass={props.class}
      icon={<Ellipsis class="i" aria-hidden="true" />}
    >
      {(close) => (
        <>
          {device.role === "host" && inReach(device) ? (
            <MenuItem do={() => go({ at: "session", device: device.id, viewOnly: true })}>
              <Eye class="i" aria-hidden="true" />
              {w.ring.viewOnly}
            </MenuItem>
          ) : null}
          <MenuItem
            do={() => {
              close();
              props.ask({ what: "rename", device });
            }}
          >
            <Pencil class="i" aria-hidden="true" />
            {w.ring.rename}
          </MenuItem>
          {device.presence === "here" ? null : (
            <MenuItem
              danger
              do={() => {
                close();
                props.ask({ what: "remove", device });
              }}
            >
              <Trash2 class="i" aria-hidden="true" />
              {w.ring.remove}
            </MenuItem>
          )}
        </>
      )}
    </Menu>
  );
}

export function DeviceCard(props: CardProps) {
  const { device, spot } = props;
  const w = words.value;
  const shown = shownPresence(device);
  const usable = device.role === "host" && inReach(device);
  const style = spot
    ? { "--x": `${spot.x}px`, "--y": `${spot.y}px`, "--ux": `${spot.ux}`, "--uy": `${spot.uy}` }
    : undefined;
  return (
    <li
      class="dev"
      data-state={shown}
      data-device={device.id}
      aria-label={device.name}
      {...(style ? { style } : {})}
    >
      {usable ? (
        <button
          type="button"
          class="shot"
          aria-label={w.ring.controlName(device.name)}
          onClick={() => go({ at: "session", device: device.id, viewOnly: false })}
        >
          <Plate device={device} />
          <span class="act" aria-hidden="true">
            <MousePointer2 class="i s" />
            {w.ring.control}
          </span>
        </button>
      ) : (
        <div class="shot">
          <Plate device={device} />
        </div>
      )}
      {usable ? (
        <a
          class="ib over"
          href={placeHref({ at: "files", left: device.id, right: null })}
          onClick={follow({ at: "files", left: device.id, right: null })}
          aria-label={w.ring.filesName(device.name)}
          title={w.ring.filesName(device.name)}
        >
          <Folder class="i" aria-hidden="true" />
        </a>
      ) : null}
      <div class="meta">
        <div class="grow">
          <h2>
            <PresenceMark shown={shown} />
            <span class="cut" title={device.name}>
              {device.name}
            </span>
          </h2>
          <PresenceLine device={device} />
        </div>
        <More device={device} ask={props.ask} class="ib" />
      </div>
    </li>
  );
}

export function DeviceRow(props: CardProps) {
  const { device } = props;
  const w = words.value;
  const shown = shownPresence(device);
  const usable = device.role === "host" && inReach(device);
  const Icon = deviceIcon(device);
  return (
    <li class="dev" data-state={shown} data-device={device.id} aria-label={device.name}>
      <span class="mini" aria-hidden="true">
        {usable ? <Land seed={device.id} /> : <Icon class="i" />}
      </span>
      <h2>
        <PresenceMark shown={shown} />
        <span class="cut" title={device.name}>
          {device.name}
        </span>
      </h2>
      <div class="now">
        <PresenceLine device={device} />
      </div>
      <p class="sys soft cut">{shortOs(device.os)}</p>
      <div class="do">
        {usable ? (
          <>
            <button
              type="button"
              class="b line"
              aria-label={w.ring.controlName(device.name)}
              onClick={() => go({ at: "session", device: device.id, viewOnly: false })}
            >
              {w.ring.control}
            </button>
            <a
              class="ib"
              href={placeHref({ at: "files", left: device.id, right: null })}
              onClick={follow({ at: "files", left: device.id, right: null })}
              aria-label={w.ring.filesName(device.name)}
              title={w.ring.filesName(device.name)}
            >
              <Folder class="i" aria-hidden="true" />
            </a>
          </>
        ) : (
          <span class="hole" />
        )}
        <More device={device} ask={props.ask} class="ib" />
      </div>
    </li>
  );
}
