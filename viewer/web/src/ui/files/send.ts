/* Starting many transfers: folders are made first, each name that is taken is asked about, one answer may stand
 * for all. A transfer, once started, is the engine's. */
import { type FileEntry, type FilePath, type Files, HearthError } from "../../engine/api";
import { engine } from "../engine";
import { words } from "../words";
import type { Gathered } from "./gather";
import { below, freeName } from "./model";

export type SameAnswer = "both" | "replace" | "skip";

export interface SameQuestion {
  name: string;
  mine: { size: number; mtimeMs: number };
  theirs: { size: number; mtimeMs: number } | null;
  left: number; // how many more are still to come
  answer: (answer: SameAnswer, forAll: boolean) => void;
}

export interface Sending {
  ask: (question: SameQuestion) => void;
  /* What is in the folder now, as far as it is shown. */
  known: (name: string) => FileEntry | undefined;
  failed: (name: string, error: unknown) => void;
}

type Start = (to: FilePath, replace: boolean) => Promise<unknown>;

interface Item {
  name: string;
  size: number;
  mtimeMs: number;
  folder: FilePath;
  start: (name: string) => Start;
}

export async function sendFiles(
  files: Files,
  to: FilePath,
  list: Gathered[],
  sending: Sending,
): Promise<void> {
  const made = new Set<string>();
  const items: Item[] = [];
  for (const { file, folders } of list) {
    let folder = to;
    let ok = true;
    for (const name of folders) {
      folder = below(folder, engine().keyOf(name));
      const path = folder.parts.join("/");
      if (made.has(path)) continue;
      try {
        await files.makeFolder(folder);
        made.add(path);
      } catch (error) {
        if (error instanceof HearthError && error.code === "exists") made.add(path);
        else {
          sending.failed(folders.join("/"), error);
          ok = false;
          break;
        }
      }
    }
    if (!ok || !file) continue;
    items.push({
      name: file.name,
      size: file.size,
      mtimeMs: file.lastModified,
      folder,
      start: () => (path, replace) => files.upload(path, file, { replace }),
    });
  }
  await startAll(items, sending);
}

export async function copyEntries(
  from: Files,
  at: FilePath,
  entries: FileEntry[],
  other: Files,
  to: FilePath,
  sending: Sending,
): Promise<void> {
  const items: Item[] = [];
  for (const entry of entries) await collect(from, at, entry, other, to, items, sending);
  await startAll(items, sending);
}

const DEPTH_MAX = 64; // folders inside folders; deeper is a loop or a mistake

async function collect(
  from: Files,
  at: FilePath,
  entry: FileEntry,
  other: Files,
  to: FilePath,
  items: Item[],
  sending: Sending,
): Promise<void> {
  if (entry.kind === "file") {
    items.push({
      name: entry.name,
      size: entry.size,
      mtimeMs: entry.mtimeMs,
      folder: to,
      start: () => (path, replace) => from.copyTo(at, entry, other, path, { replace }),
    });
    return;
  }
  if (entry.kind !== "folder" || at.parts.length >= DEPTH_MAX) return;
  const source = below(at, entry.key);
  const target = below(to, entry.key);
  try {
    await other.makeFolder(target);
  } catch (error) {
    if (!(error instanceof HearthError && error.code === "exists")) {
      sending.failed(entry.name, error);
      return;
    }
  }
  let after: string | undefined;
  for (;;) {
    const page = await from.list(source, after);
    for (const inner of page.entries) await collect(from, source, inner, other, target, items, sending);
    after = page.entries.at(-1)?.key;
    if (!page.more || after === undefined) return;
  }
}

async function startAll(items: Item[], sending: Sending): Promise<void> {
  let all: SameAnswer | null = null;
  for (const [i, item] of items.entries()) {
    const first = below(item.folder, engine().keyOf(item.name));
    try {
      await item.start(item.name)(first, false);
      continue;
    } catch (error) {
      if (!(error instanceof HearthError && error.code === "exists")) {
        sending.failed(item.name, error);
        continue;
      }
    }
    const answer: SameAnswer =
      all ?? (await question(item, items.length - i - 1, sending, (forAll) => (all = forAll)));
    try {
      if (answer === "replace") await item.start(item.name)(first, true);
      else if (answer === "both") await startFree(item);
    } catch (error) {
      sending.failed(item.name, error);
    }
  }
}

function question(
  item: Item,
  left: number,
  sending: Sending,
  forAll: (answer: SameAnswer) => void,
): Promise<SameAnswer> {
  return new Promise((resolve) => {
    sending.ask({
      name: item.name,
      mine: { size: item.size, mtimeMs: item.mtimeMs },
      theirs: sending.known(item.name) ?? null,
      left,
      answer: (answer, all) => {
        if (all) forAll(answer);
        resolve(answer);
      },
    });
  });
}

const TRIES_MAX = 100; // names tried before giving up on "keep both"

async function startFree(item: Item): Promise<void> {
  const taken = new Set<string>();
  for (let i = 0; i < TRIES_MAX; i++) {
    const name = freeName(item.name, taken, words.peek().files.copyName);
    try {
      await item.start(name)(below(item.folder, engine().keyOf(name)), false);
      return;
    } catch (error) {
      if (!(error instanceof HearthError && error.code === "exists")) throw error;
      taken.add(name);
    }
  }
  throw new HearthError("exists", words.peek().errors.exists);
}
