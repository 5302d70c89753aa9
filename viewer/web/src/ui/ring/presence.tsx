/* Presence in words and in the 40 px ring of the header. */
import type { Device } from "../../engine/api";
import { now } from "../clock";
import { type Shown, shownPresence } from "../engine";
import { spanText, whenText } from "../format";
import { locale, words } from "../words";

export function PresenceMark(props: { shown: Shown; tiny?: boolean }) {
  return <span class={`p ${props.shown} ${props.tiny ? "tiny" : ""}`} aria-hidden="true" />;
}

/* "Debian GNU/Linux 12 (bookworm)" is "Debian 12" to a person. */
export function shortOs(os: string): string {
  return os.replace(" GNU/Linux", "").replace(/ \([^)]*\)$/, "");
}

export function browserOnly(os: string): string {
  return os.split(/ on | /)[0] ?? os;
}

export function presenceLine(device: Device, atMs: number): string {
  const w = words.value;
  switch (shownPresence(device)) {
    case "here":
      return device.os ? w.presence.here(browserOnly(device.os)) : w.presence.hereShort;
    case "unsure":
      return w.presence.unsure;
    case "offline":
      return device.lastSeenMs > 0
        ? w.presence.lastSeen(whenText(device.lastSeenMs, atMs, w, locale.value, true))
        : w.presence.never;
    case "in-use": {
      const first = device.inUse[0];
      if (!first) return w.presence.online;
      const span = spanText(atMs - Math.min(...device.inUse.map((use) => use.sinceMs)), w);
      if (device.inUse.length > 1) return w.presence.many(device.inUse.length, span);
      return first.viewOnly ? w.presence.viewing(first.name, span) : w.presence.using(first.name, span);
    }
    case "online":
      return device.os ? w.presence.onlineOs(shortOs(device.os)) : w.presence.online;
  }
}

/* Reads the clock by itself, so that only this line is drawn again each second. */
export function PresenceLine(props: { device: Device }) {
  const text = presenceLine(props.device, now.value);
  return <p title={text}>{text}</p>;
}

export function RingMini(props: { devices: Device[]; label: string }) {
  const shown: Shown[] = props.devices.map(shownPresence);
  while (shown.length < 8) shown.push("offline");
  const faces = props.devices.length > 8 ? shown.slice(0, 24) : shown;
  const size = faces.length > 12 ? 2.2 : 3.6;
  return (
    <svg class="ringmini" viewBox="0 0 40 40" role="img" aria-label={props.label}>
      {faces.map((presence, i) => {
        const a = (i / faces.length) * 2 * Math.PI;
        return (
          <circle
            key={i}
            class={presence}
            cx={20 + 15 * Math.sin(a)}
            cy={20 - 15 * Math.cos(a)}
            r={presence === "offline" || presence === "unsure" ? size - 0.5 : size}
          />
        );
      })}
    </svg>
  );
}
