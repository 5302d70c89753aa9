/* What a pane shows: roots, one folder's rows page by page, and what went wrong. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { DeviceId, FileEntry, FileRoot, Files } from "../../engine/api";
import { closeDesk, openDesk } from "./desk";
import { pathOf, type Spot } from "./model";

export interface Folder {
  files: Files | null;
  roots: FileRoot[] | null;
  spot: Spot | null; // null: the list of roots
  entries: FileEntry[];
  more: boolean;
  busy: boolean;
  error: unknown;
  open: (spot: Spot | null) => void;
  reload: () => void;
  loadMore: () => void;
}

const PAGES_AT_ONCE = 4; // read without asking, so that most folders are whole and sort as people expect

/* One pane's folder. A change of device starts at its first root. */
export function useFolder(device: DeviceId | null): Folder {
  const [files, setFiles] = useState<Files | null>(null);
  const [roots, setRoots] = useState<FileRoot[] | null>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [entries, setEntries] = useState<FileEntry[]>([]);
  const [more, setMore] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const wanted = useRef(0); // only the newest listing may be shown

  useEffect(() => {
    if (!device) {
      setFiles(null);
      return;
    }
    const desk = openDesk(device);
    let alive = true;
    setFiles(desk);
    setRoots(null);
    setSpot(null);
    setEntries([]);
    setError(null);
    setBusy(true);
    desk.roots().then(
      (found) => {
        if (!alive) return;
        setRoots(found);
        setBusy(false);
        if (found[0]) setSpot({ root: found[0], steps: [] });
      },
      (failure: unknown) => {
        if (!alive) return;
        setError(failure);
        setBusy(false);
      },
    );
    return () => {
      alive = false;
      closeDesk(device, desk);
    };
  }, [device]);

  const list = useCallback(
    async (at: Spot, after: string | undefined, fresh: boolean) => {
      if (!files) return;
      const mine = ++wanted.current;
      setBusy(true);
      setError(null);
      let last = after;
      let gathered: FileEntry[] = [];
      try {
        for (let page = 0; page < PAGES_AT_ONCE; page++) {
          const got = await files.list(pathOf(at), last);
          if (wanted.current !== mine) return;
          gathered = [...gathered, ...got.entries];
          const shown = gathered;
          setEntries((was) =>
            fresh ? shown : page === 0 ? [...was, ...got.entries] : [...was, ...got.entries],
          );
          setMore(got.more);
          last = got.entries.at(-1)?.key;
          if (!got.more || last === undefined) break;
        }
      } catch (failure) {
        if (wanted.current !== mine) return;
        setError(failure);
        if (fresh) setEntries([]);
      }
      setBusy(false);
    },
    [files],
  );
  useEffect(() => {
    if (spot) void list(spot, undefined, true);
  }, [spot, list, round]);

  return {
    files,
    roots,
    spot,
    entries,
    more,
    busy,
    error,
    open: (next) => {
      setEntries([]);
      setMore(false);
      setError(null);
      setSpot(next);
    },
    reload: () => setRound((count) => count + 1),
    loadMore: () => {
      if (spot) void list(spot, entries.at(-1)?.key, false);
    },
  };
}
