/* The rows of a folder as a table: choose, open, fetch. */
import {
  ArrowDown,
  ArrowUp,
  Download,
  FileArchive,
  File as FileGlyph,
  FileSpreadsheet,
  FileText,
  Film,
  Folder as FolderGlyph,
  Image,
  Music,
} from "lucide-preact";
import type { FileEntry } from "../../engine/api";
import { now } from "../clock";
import { sizeText, whenText } from "../format";
import { MidName } from "../parts/midname";
import { locale, words } from "../words";
import { filesHref } from "./href";
import { type Chosen, type FileIcon, iconOf, type Sort, type SortBy } from "./model";

const glyphs: Record<FileIcon, typeof FileGlyph> = {
  folder: FolderGlyph,
  text: FileText,
  image: Image,
  film: Film,
  music: Music,
  archive: FileArchive,
  sheet: FileSpreadsheet,
  file: FileGlyph,
};

export interface Arriving {
  name: string;
  share: number;
}

export function Rows(props: {
  label: string;
  rows: FileEntry[];
  arriving: Arriving[];
  chosen: Chosen;
  sort: Sort;
  setSort: (sort: Sort) => void;
  choose: (index: number, range: boolean) => void;
  chooseAll: (on: boolean) => void;
  open: (entry: FileEntry) => void;
  fetch: (entry: FileEntry) => void;
}) {
  const w = words.value.files;
  const { rows, chosen } = props;
  const all = rows.length > 0 && rows.every((row) => chosen.keys.has(row.key));
  return (
    <table aria-label={props.label}>
      <thead>
        <tr>
          <th>
            <label class="hit">
              <input
                type="checkbox"
                aria-label={w.selectAll}
                checked={all}
                onChange={(event) => props.chooseAll(event.currentTarget.checked)}
              />
            </label>
          </th>
          <Head by="name" text={w.name} sort={props.sort} set={props.setSort} />
          <Head by="when" text={w.changed} sort={props.sort} set={props.setSort} class="when" />
          <Head by="size" text={w.size} sort={props.sort} set={props.setSort} class="n" />
          <th>
            <span class="sr">{w.download}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {props.arriving.map((file) => (
          <tr key={`+${file.name}`} class="coming">
            <td />
            <td>
              <span class="fname">
                <FileGlyph class="i" aria-hidden="true" />
                <MidName name={file.name} />
              </span>
            </td>
            <td class="when" />
            <td class="n small" colSpan={2}>
              {w.sending(Math.floor(file.share * 100))}
            </td>
          </tr>
        ))}
        {rows.map((entry, i) => (
          <Row
            key={entry.key}
            entry={entry}
            at={chosen.at === i}
            on={chosen.keys.has(entry.key)}
            choose={(range) => props.choose(i, range)}
            open={() => props.open(entry)}
            fetch={() => props.fetch(entry)}
          />
        ))}
      </tbody>
    </table>
  );
}

function Head(props: { by: SortBy; text: string; sort: Sort; set: (sort: Sort) => void; class?: string }) {
  const on = props.sort.by === props.by;
  const Arrow = props.sort.down ? ArrowDown : ArrowUp;
  return (
    <th class={props.class} aria-sort={on ? (props.sort.down ? "descending" : "ascending") : "none"}>
      <button
        type="button"
        onClick={() => props.set({ by: props.by, down: on ? !props.sort.down : props.by !== "name" })}
      >
        {props.text}
        {on ? <Arrow class="i" aria-hidden="true" /> : null}
      </button>
    </th>
  );
}

function Row(props: {
  entry: FileEntry;
  at: boolean;
  on: boolean;
  choose: (range: boolean) => void;
  open: () => void;
  fetch: () => void;
}) {
  const { entry } = props;
  const w = words.value.files;
  const Glyph = glyphs[iconOf(entry)];
  const folder = entry.kind === "folder";
  return (
    <tr
      aria-selected={props.on}
      class={props.at ? "at" : ""}
      data-key={entry.key}
      onClick={(event) => {
        if ((event.target as HTMLElement).closest("a, button, label, input")) return;
        props.choose(event.shiftKey);
      }}
    >
      <td>
        <label class="hit">
          <input
            type="checkbox"
            aria-label={w.select(entry.name)}
            checked={props.on}
            onClick={(event) => props.choose(event.shiftKey)}
          />
        </label>
      </td>
      <td>
        <span class={folder ? "fname dir" : "fname"}>
          <Glyph class="i" aria-hidden="true" />
          {folder ? (
            <a
              href={filesHref}
              onClick={(event) => {
                event.preventDefault();
                props.open();
              }}
            >
              <MidName name={entry.name} />
            </a>
          ) : (
            <MidName name={entry.name} />
          )}
        </span>
      </td>
      <td class="soft num when">
        {entry.mtimeMs > 0 ? whenText(entry.mtimeMs, now.peek(), words.value, locale.value) : ""}
      </td>
      <td class="n soft">{folder || entry.kind === "other" ? "" : sizeText(entry.size, locale.value)}</td>
      <td>
        {entry.kind === "file" || folder ? (
          <button
            type="button"
            class="ib"
            aria-label={w.downloadName(entry.name)}
            title={w.downloadName(entry.name)}
            onClick={props.fetch}
          >
            <Download class="i" aria-hidden="true" />
          </button>
        ) : null}
      </td>
    </tr>
  );
}
