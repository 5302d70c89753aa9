/* Speaks of devices that come and go, merged: one sentence for one device, a count for many. */

import { effect } from "@preact/signals";
import type { DeviceId, Transfer } from "../../engine/api";
import { engine, inReach } from "../engine";
import { say } from "../live";
import { read } from "../signals";
import { words } from "../words";

const SPOKEN_ONE_BY_ONE = 2;

export function startWatch(): () => void {
  const stops = [watchDevices(), watchTransfers(), watchLink()];
  return () => {
    for (const stop of stops) stop();
  };
}

function watchDevices(): () => void {
  let before: Map<DeviceId, boolean> | null = null;
  return effect(() => {
    const devices = read(engine().devices);
    const w = words.peek().presence;
    const now = new Map(devices.map((device) => [device.id, inReach(device)]));
    if (before) {
      const turned = devices.filter(
        (device) => before?.has(device.id) && before.get(device.id) !== now.get(device.id),
      );
      if (turned.length > SPOKEN_ONE_BY_ONE) say(w.changed(turned.length));
      else for (const device of turned) say(inReach(device) ? w.cameOn(device.name) : w.wentOff(device.name));
    }
    before = now;
  });
}

function watchTransfers(): () => void {
  const told = new Set<string>();
  return effect(() => {
    const w = words.peek().tray;
    for (const transfer of read(engine().transfers) as Transfer[]) {
      if ((transfer.state !== "done" && transfer.state !== "failed") || told.has(transfer.id)) continue;
      told.add(transfer.id);
      say(transfer.state === "done" ? w.saidDone(transfer.name) : w.saidFailed(transfer.name));
    }
  });
}

function watchLink(): () => void {
  let was = "";
  return effect(() => {
    const is = read(engine().link).is;
    const w = words.peek().link;
    if (is === "waiting" && was === "online") say(w.outSaid);
    if (is === "online" && was === "waiting") say(w.backSaid);
    was = is;
  });
}
