/* Where a pane is, how its rows are ordered, how a second file of the same name is called. Pure. */
import type { FileEntry, FilePath, FileRoot } from "../../engine/api";

export interface Step {
  name: string;
  key: string;
}

export interface Spot {
  root: FileRoot;
  steps: Step[];
}

export function pathOf(spot: Spot): FilePath {
  return { root: spot.root.id, parts: spot.steps.map((step) => step.key) };
}

export function below(at: FilePath, key: string): FilePath {
  return { root: at.root, parts: [...at.parts, key] };
}

export function folderName(spot: Spot): string {
  return spot.steps.at(-1)?.name ?? spot.root.name;
}

export type SortBy = "name" | "when" | "size";
export interface Sort {
  by: SortBy;
  down: boolean;
}

/* Folders first; numbers inside names count as numbers. */
export function sortEntries(entries: FileEntry[], sort: Sort, locale: string): FileEntry[] {
  const words = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const turn = sort.down ? -1 : 1;
  const compare = (a: FileEntry, b: FileEntry) => {
    const folders = Number(b.kind === "folder") - Number(a.kind === "folder");
    if (folders !== 0) return folders;
    const by = sort.by === "when" ? a.mtimeMs - b.mtimeMs : sort.by === "size" ? a.size - b.size : 0;
    return (by || words.compare(a.name, b.name)) * turn;
  };
  return [...entries].sort(compare);
}

/* "budget.ods" with k = 2: ["budget", ".ods"]; a leading dot is no ending; ".tar.gz" stays whole. */
export function splitEnding(name: string): [string, string] {
  const tar = /\.tar\.[a-z0-9]{1,4}$/i.exec(name);
  const at = tar ? tar.index : name.lastIndexOf(".");
  return at > 0 ? [name.slice(0, at), name.slice(at)] : [name, ""];
}

export function freeName(
  name: string,
  taken: ReadonlySet<string>,
  make: (stem: string, k: number, ending: string) => string,
): string {
  const [stem, ending] = splitEnding(name);
  for (let k = 2; ; k++) {
    const next = make(stem, k, ending);
    if (!taken.has(next)) return next;
  }
}

export type FileIcon = "folder" | "text" | "image" | "film" | "music" | "archive" | "sheet" | "file";

export function iconOf(entry: FileEntry): FileIcon {
  if (entry.kind === "folder") return "folder";
  const ending = entry.name.slice(entry.name.lastIndexOf(".") + 1).toLowerCase();
  if (/^(png|jpe?g|gif|webp|svg|bmp|tiff?|heic|avif|ico)$/.test(ending)) return "image";
  if (/^(mp4|mkv|webm|mov|avi|m4v)$/.test(ending)) return "film";
  if (/^(mp3|flac|ogg|opus|wav|m4a|aac)$/.test(ending)) return "music";
  if (/^(zip|gz|xz|zst|bz2|7z|tar|rar|deb|rpm)$/.test(ending)) return "archive";
  if (/^(ods|xlsx?|csv|tsv)$/.test(ending)) return "sheet";
  if (/^(txt|md|pdf|odt|docx?|html?|c|h|py|js|ts|json|ya?ml|sh|log|tex|rtf)$/.test(ending)) return "text";
  return "file";
}

/* Choosing with the keyboard and the mouse, as people know it from their own file manager. */
export interface Chosen {
  keys: ReadonlySet<string>;
  at: number; // the row the keyboard is on, -1 for none
  from: number; // where a range began
}

export const nothingChosen: Chosen = { keys: new Set(), at: -1, from: -1 };

export function toggle(chosen: Chosen, rows: FileEntry[], index: number): Chosen {
  const key = rows[index]?.key;
  if (key === undefined) return chosen;
  const keys = new Set(chosen.keys);
  if (!keys.delete(key)) keys.add(key);
  return { keys, at: index, from: index };
}

export function extend(chosen: Chosen, rows: FileEntry[], index: number): Chosen {
  const from = chosen.from < 0 ? Math.max(0, chosen.at) : chosen.from;
  const [a, b] = from < index ? [from, index] : [index, from];
  return { keys: new Set(rows.slice(a, b + 1).map((row) => row.key)), at: index, from };
}

export function stepTo(chosen: Chosen, count: number, index: number): Chosen {
  const at = Math.max(0, Math.min(count - 1, index));
  return { keys: chosen.keys, at: count === 0 ? -1 : at, from: at };
}
