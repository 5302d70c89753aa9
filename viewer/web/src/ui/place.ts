/* Where the person is: one union, kept in the address after "#/" so that back and reload work. */
import { signal } from "@preact/signals";
import type { DeviceId } from "../engine/api";

export type SettingsPart = "security" | "devices" | "look";

export type Place =
  | { at: "ring" }
  | { at: "add"; code: string }
  | { at: "files"; left: DeviceId | null; right: DeviceId | null }
  | { at: "session"; device: DeviceId; viewOnly: boolean }
  | { at: "settings"; part: SettingsPart };

const ID = /^[0-9a-f]{32}$/;

function id(text: string | undefined): DeviceId | null {
  return text && ID.test(text) ? text : null;
}

export function parsePlace(hash: string): Place {
  const [name, a, b] = hash.replace(/^#\/?/, "").split("/");
  switch (name) {
    case "add":
      return { at: "add", code: a ?? "" };
    case "files":
      return { at: "files", left: id(a), right: id(b) };
    case "control":
    case "watch": {
      const device = id(a);
      return device ? { at: "session", device, viewOnly: name === "watch" } : { at: "ring" };
    }
    case "settings":
      return { at: "settings", part: a === "devices" || a === "look" ? a : "security" };
    default:
      return { at: "ring" };
  }
}

export function placeHref(place: Place): string {
  switch (place.at) {
    case "ring":
      return "#/";
    case "add":
      return place.code ? `#/add/${encodeURIComponent(place.code)}` : "#/add";
    case "files":
      return `#/files${place.left ? `/${place.left}` : ""}${place.left && place.right ? `/${place.right}` : ""}`;
    case "session":
      return `#/${place.viewOnly ? "watch" : "control"}/${place.device}`;
    case "settings":
      return `#/settings/${place.part}`;
  }
}

export const place = signal<Place>({ at: "ring" });

export function go(to: Place, replace = false): void {
  if (replace) history.replaceState(null, "", placeHref(to));
  else history.pushState(null, "", placeHref(to));
  place.value = to;
}

/* A plain click on a link of ours moves without a hashchange round trip; other clicks are the browser's. */
export function follow(to: Place) {
  return (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
      return;
    event.preventDefault();
    go(to);
  };
}

/* What came in the address once: taken out of it before anything else runs, so that neither history nor a
 * shoulder keeps a password. "+" is a plus here, not a space. */
export interface Arrival {
  account: string;
  password: string;
  add: string;
}

export function parseArrival(hash: string): Arrival | null {
  const found = new Map<string, string>();
  for (const pair of hash.replace(/^#/, "").split("&")) {
    const cut = pair.indexOf("=");
    if (cut <= 0) continue;
    try {
      found.set(pair.slice(0, cut), decodeURIComponent(pair.slice(cut + 1)));
    } catch {
      // A broken escape: this part is not ours.
    }
  }
  const add = found.get("add") ?? "";
  const account = found.get("account") ?? "";
  const password = found.get("password") ?? "";
  return add || (account && password) ? { account, password, add } : null;
}

export const arrival = signal<Arrival | null>(null);

function readAddress(): void {
  const found = parseArrival(location.hash);
  if (found) {
    history.replaceState(null, "", `${location.pathname}${location.search}`);
    arrival.value = found;
  }
  place.value = found?.add ? { at: "add", code: found.add } : parsePlace(location.hash);
}

export function startPlaces(): void {
  readAddress();
  // Also a link that is followed while the page is open.
  addEventListener("popstate", readAddress);
}
