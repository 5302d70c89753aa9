/* One way to each device's files, shared by all panes and kept a while after the last one closes. */
import type { DeviceId, Files } from "../../engine/api";
import { engine } from "../engine";

const KEEP_MS = 30_000;

interface Held {
  files: Files;
  users: number;
  timer: number;
}

const held = new Map<DeviceId, Held>();

export function openDesk(device: DeviceId): Files {
  let desk = held.get(device);
  if (desk && desk.users === 0 && desk.files.state.value.is === "ended") {
    clearTimeout(desk.timer);
    desk.files.close();
    held.delete(device);
    desk = undefined;
  }
  if (!desk) {
    desk = { files: engine().files(device), users: 0, timer: 0 };
    held.set(device, desk);
  }
  clearTimeout(desk.timer);
  desk.users++;
  return desk.files;
}

export function closeDesk(device: DeviceId, files: Files): void {
  const desk = held.get(device);
  if (!desk || desk.files !== files || --desk.users > 0) return;
  desk.timer = window.setTimeout(() => {
    held.delete(device);
    files.close();
  }, KEEP_MS);
}

/* Give up a broken way, so that the next opening makes a new one. */
export function dropDesk(device: DeviceId, files: Files): void {
  const desk = held.get(device);
  if (desk?.files !== files) return;
  clearTimeout(desk.timer);
  held.delete(device);
  files.close();
}
