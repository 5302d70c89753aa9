/* The one engine of the page, set once before the first render. */

import { computed } from "@preact/signals";
import type { Device, DeviceId, Engine, Presence } from "../engine/api";
import { read } from "./signals";

let made: Engine | null = null;

export function setEngine(engine: Engine): void {
  made = engine;
}

export function engine(): Engine {
  if (!made) throw new Error("the engine is not set");
  return made;
}

/* What may be said of a device now: without the link nothing is known to be online. */
export type Shown = Presence | "unsure";

export const linked = computed(() => read(engine().link).is === "online");

export function shownPresence(device: Device): Shown {
  if (device.presence === "here" || linked.value) return device.presence;
  return device.presence === "offline" ? "offline" : "unsure";
}

export function inReach(device: Device): boolean {
  return device.presence !== "offline";
}

export function findDevice(id: DeviceId): Device | undefined {
  return read(engine().devices).find((device) => device.id === id);
}

export function account(): string {
  const link = read(engine().link);
  return link.is === "signed-out" ? "" : link.account;
}

export function browserName(): string {
  const agent = navigator.userAgent;
  const browser = /Firefox\//.test(agent)
    ? "Firefox"
    : /Edg\//.test(agent)
      ? "Edge"
      : /Chrom(e|ium)\//.test(agent)
        ? "Chrome"
        : /Safari\//.test(agent)
          ? "Safari"
          : "Browser";
  const system = /Android/.test(agent)
    ? "Android"
    : /iPhone|iPad/.test(agent)
      ? "iOS"
      : /Windows/.test(agent)
        ? "Windows"
        : /Mac OS/.test(agent)
          ? "macOS"
          : /Linux|X11/.test(agent)
            ? "Linux"
            : "";
  return system ? `${browser} on ${system}` : browser;
}
