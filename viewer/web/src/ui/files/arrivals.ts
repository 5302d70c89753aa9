/* Transfers into the folder that is shown: rows while they arrive, a new look when they ended. */
import { useEffect, useRef } from "preact/hooks";
import type { DeviceId, FileEntry, Transfer } from "../../engine/api";
import { engine } from "../engine";
import { read } from "../signals";
import type { Folder } from "./folder";
import { pathOf, type Spot } from "./model";

/* A transfer into this folder that ends makes the folder look again. */
export function useArrivals(folder: Folder, device: DeviceId | null): void {
  const seen = useRef(new Set<string>());
  const here = folder.spot ? JSON.stringify(pathOf(folder.spot)) : "";
  const arrived = read(engine().transfers).filter((transfer) => {
    const parent = JSON.stringify({ root: transfer.at.root, parts: transfer.at.parts.slice(0, -1) });
    return (
      transfer.direction === "up" &&
      transfer.device === device &&
      transfer.state === "done" &&
      parent === here
    );
  });
  const fresh = arrived.filter((transfer) => !seen.current.has(transfer.id));
  const count = fresh.length;
  useEffect(() => {
    if (count === 0) return;
    for (const transfer of fresh) seen.current.add(transfer.id);
    folder.reload();
  });
}

export function arriving(
  transfers: Transfer[],
  device: DeviceId | null,
  spot: Spot | null,
  entries: FileEntry[],
) {
  if (!spot) return [];
  const here = pathOf(spot);
  const known = new Set(entries.map((entry) => entry.key));
  return transfers
    .filter((transfer) => {
      const { at } = transfer;
      return (
        transfer.direction === "up" &&
        transfer.device === device &&
        ["waiting", "running", "paused", "stalled", "checking"].includes(transfer.state) &&
        at.root === here.root &&
        at.parts.length === here.parts.length + 1 &&
        here.parts.every((part, i) => part === at.parts[i]) &&
        !known.has(at.parts.at(-1) ?? "")
      );
    })
    .map((transfer) => ({
      name: transfer.name,
      share: transfer.total > 0 ? transfer.done / transfer.total : 0,
    }));
}
