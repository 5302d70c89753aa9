/* One device's folder: where it is, its rows, what may be done, and what went wrong, all in its own frame. */
import { Search } from "lucide-preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type DeviceId, type FileEntry, HearthError } from "../../engine/api";
import { engine } from "../engine";
import { say } from "../live";
import { Note } from "../parts/note";
import { prefs, setPrefs } from "../prefs";
import { read } from "../signals";
import { errorSentence, locale, words } from "../words";
import { arriving, useArrivals } from "./arrivals";
import { type Box, Boxes } from "./boxes";
import { dropDesk } from "./desk";
import type { Folder } from "./folder";
import { FILES_MAX, fromDrop, type Gathered } from "./gather";
import {
  below,
  type Chosen,
  extend,
  folderName,
  nothingChosen,
  pathOf,
  type Sort,
  type Spot,
  sortEntries,
  stepTo,
  toggle,
} from "./model";
import { PaneBody } from "./panebody";
import { PaneFoot } from "./panefoot";
import { Crumbs, DevicePick, Senders } from "./panehead";
import { Rows } from "./rows";
import { SameName } from "./same";
import { copyEntries, type SameQuestion, type Sending, sendFiles } from "./send";

export interface PaneProps {
  device: DeviceId | null;
  folder: Folder;
  other: { name: string; folder: Folder } | null;
  second: boolean; // "Add files" instead of "Send files", so that each name is used once
  iron?: boolean;
  setDevice: (device: DeviceId) => void;
  reloadOther: () => void;
  switchPane: () => void;
  taken?: (pane: HTMLElement | null) => void;
}

export function Pane(props: PaneProps) {
  const w = words.value.files;
  const { folder } = props;
  const device = read(engine().devices).find((one) => one.id === props.device);
  const frame = useRef<HTMLElement>(null);
  const lastSpot = useRef("");
  const [chosen, setChosen] = useState<Chosen>(nothingChosen);
  const [sort, setSort] = useState<Sort>({ by: "name", down: false });
  const [find, setFind] = useState("");
  const [finding, setFinding] = useState(false);
  const [box, setBox] = useState<Box>(null);
  const [questions, setQuestions] = useState<SameQuestion[]>([]);
  const [troubles, setTroubles] = useState<string[]>([]);
  const [over, setOver] = useState(false);
  const { spot, files } = folder;
  const here = spot ? pathOf(spot) : null;
  const mayWrite = spot?.root.write === true && (files ? read(files.rights).filesWrite : false);

  const showHidden = prefs.value.hiddenFiles;
  const wanted = find.trim().toLocaleLowerCase();
  const rows = useMemo(() => {
    const found = folder.entries.filter(
      (entry) =>
        (showHidden || !entry.name.startsWith(".") || wanted.startsWith(".")) &&
        (!wanted || entry.name.toLocaleLowerCase().includes(wanted)),
    );
    return sortEntries(found, sort, locale.value);
  }, [folder.entries, sort, wanted, showHidden]);
  const hidden = folder.entries.filter((entry) => entry.name.startsWith(".")).length;
  const picked = folder.entries.filter((entry) => chosen.keys.has(entry.key));

  const spotKey = spot ? `${spot.root.id}/${pathOf(spot).parts.join("/")}` : "";
  useEffect(() => {
    setChosen(nothingChosen);
    setFind("");
    setFinding(false);
    setTroubles([]);
    // The row that was opened is gone, and the focus with it: the pane takes it, so that keys go on.
    const active = document.activeElement;
    if (spotKey && lastSpot.current && (active === document.body || frame.current?.contains(active))) {
      frame.current?.focus({ preventScroll: true });
    }
    lastSpot.current = spotKey;
  }, [spotKey, props.device]);
  useArrivals(folder, props.device);

  const fail = (name: string, error: unknown) => {
    if (error instanceof HearthError && error.code === "cancelled") return;
    setTroubles((all) => [...all.slice(-2), `${name}: ${errorSentence(error)}`]);
  };
  const sendingFor = (into: Folder): Sending => ({
    ask: (question) => setQuestions((all) => [...all, question]),
    known: (name) => into.entries.find((entry) => entry.name === name),
    failed: fail,
  });
  const send = async (list: Gathered[]) => {
    if (!files || !here || list.length === 0) return;
    await sendFiles(files, here, list, sendingFor(folder));
    folder.reload();
  };
  const fetchOne = async (entry: FileEntry) => {
    if (!files || !here) return;
    try {
      if (entry.kind === "folder") await files.downloadFolder(here, entry);
      else await files.download(here, entry);
    } catch (error) {
      fail(entry.name, error);
    }
  };
  const copyOver = async () => {
    const to = props.other?.folder;
    if (!files || !here || !to?.files || !to.spot || picked.length === 0) return;
    await copyEntries(files, here, picked, to.files, pathOf(to.spot), sendingFor(to)).catch(
      (error: unknown) => fail(folderName(to.spot as Spot), error),
    );
    props.reloadOther();
  };
  const openEntry = (entry: FileEntry) => {
    if (spot && entry.kind === "folder") {
      folder.open({ ...spot, steps: [...spot.steps, { name: entry.name, key: entry.key }] });
    }
  };
  const up = () => {
    if (spot && spot.steps.length > 0) folder.open({ ...spot, steps: spot.steps.slice(0, -1) });
    else if ((folder.roots?.length ?? 0) > 1) folder.open(null);
  };
  const focusRow = (index: number) => {
    const key = rows[index]?.key;
    const line = [...(frame.current?.querySelectorAll<HTMLElement>("tbody tr") ?? [])].find(
      (row) => row.dataset.key === key,
    );
    line?.scrollIntoView({ block: "nearest" });
    line?.querySelector<HTMLElement>("a, input")?.focus({ preventScroll: true });
  };
  const keys = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (
      target.closest("dialog, .pop, input:not([type=checkbox]), textarea, select") ||
      event.ctrlKey ||
      event.metaKey
    )
      return;
    const move = (to: number) => {
      const next = event.shiftKey
        ? extend(chosen, rows, Math.max(0, Math.min(rows.length - 1, to)))
        : stepTo(chosen, rows.length, to);
      setChosen(next);
      focusRow(next.at);
    };
    const entry = rows[chosen.at];
    const act: Record<string, (() => void) | undefined> = {
      ArrowDown: () => move(chosen.at + 1),
      ArrowUp: () => move(chosen.at <= 0 ? 0 : chosen.at - 1),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      " ":
        entry && !target.closest("button, a[href^='#/files/']")
          ? () => setChosen(toggle(chosen, rows, chosen.at))
          : undefined,
      Enter: entry && !target.closest("button, header, .crumbs") ? () => openEntry(entry) : undefined,
      Backspace: up,
      F2: mayWrite && entry ? () => setBox({ is: "rename", entry }) : undefined,
      Delete:
        mayWrite && (picked.length > 0 || entry)
          ? () => setBox({ is: "remove", entries: picked.length > 0 ? picked : [entry as FileEntry] })
          : undefined,
      F5: props.other ? () => void copyOver() : undefined,
      F6: props.switchPane,
      Escape: chosen.keys.size > 0 ? () => setChosen({ ...chosen, keys: new Set() }) : undefined,
    };
    const run = act[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };
  const name = device?.name ?? "";
  return (
    <section
      class="card pane"
      ref={frame}
      tabIndex={-1}
      aria-label={name || w.choose}
      onKeyDown={keys}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files") || !mayWrite) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!frame.current?.contains(event.relatedTarget as Node)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        if (!event.dataTransfer || !mayWrite) return;
        event.preventDefault();
        void fromDrop(event.dataTransfer).then((dropped) => {
          const said = dropped.unread.map((one) => w.dropUnread(one));
          if (dropped.cut) said.push(w.dropCut(FILES_MAX));
          if (said.length > 0) setTroubles((all) => [...all, ...said].slice(-3));
          return send(dropped.list);
        });
      }}
    >
      <header>
        <DevicePick device={device} setDevice={props.setDevice} />
        <span class="grow" />
        {spot ? (
          <>
            <button
              type="button"
              class="ib"
              aria-label={w.filterIn(name)}
              title={w.filter}
              aria-pressed={finding}
              onClick={() => {
                setFinding(!finding);
                setFind("");
              }}
            >
              <Search class="i" aria-hidden="true" />
            </button>
            {mayWrite ? (
              <Senders
                send={(list) => void send(list)}
                second={props.second}
                newFolder={() => setBox({ is: "folder" })}
              />
            ) : null}
          </>
        ) : null}
      </header>
      {device ? <Crumbs folder={folder} name={name} /> : null}
      {finding ? (
        <div class="filterline">
          <input
            class="in low"
            type="search"
            aria-label={w.filter}
            placeholder={w.filter}
            value={find}
            autofocus
            onInput={(event) => setFind(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") setFinding(false);
            }}
          />
        </div>
      ) : null}
      {troubles.map((text) => (
        <Note key={text} kind="bad" fact={text} />
      ))}
      <div class="scrolls">
        <PaneBody
          device={device}
          folder={folder}
          count={rows.length}
          find={find.trim()}
          second={props.second}
          mayWrite={mayWrite}
          setDevice={props.setDevice}
          again={() => {
            if (props.device && files && folder.error) dropDesk(props.device, files);
            folder.reload();
          }}
        >
          <Rows
            label={spot ? folderName(spot) : name}
            rows={rows}
            arriving={arriving(read(engine().transfers), props.device, spot, folder.entries)}
            chosen={chosen}
            sort={sort}
            setSort={setSort}
            choose={(index, range) => {
              setChosen(range ? extend(chosen, rows, index) : toggle(chosen, rows, index));
              focusRow(index);
            }}
            chooseAll={(on) =>
              setChosen({ ...nothingChosen, keys: new Set(on ? rows.map((row) => row.key) : []) })
            }
            open={openEntry}
            fetch={(entry) => void fetchOne(entry)}
          />
        </PaneBody>
        {hidden > 0 && !folder.busy && !wanted ? (
          <p class="morerow">
            <button type="button" class="b bare" onClick={() => setPrefs({ hiddenFiles: !showHidden })}>
              {showHidden ? w.hideHidden : w.showHidden(hidden)}
            </button>
          </p>
        ) : null}
        {folder.more && !folder.busy ? (
          <p class="morerow">
            <button type="button" class="b line" onClick={folder.loadMore}>
              {w.more}
            </button>
          </p>
        ) : null}
      </div>
      {picked.length > 0 ? (
        <PaneFoot
          picked={picked}
          other={props.other}
          mayWrite={mayWrite}
          copy={() => void copyOver()}
          fetchAll={() => {
            for (const entry of picked) void fetchOne(entry);
          }}
          rename={(entry) => setBox({ is: "rename", entry })}
          remove={() => setBox({ is: "remove", entries: picked })}
        />
      ) : null}
      {over && spot ? (
        <div class="dropzone">
          <span>{w.drop(folderName(spot))}</span>
        </div>
      ) : null}
      {box && files && here ? (
        <Boxes
          box={box}
          iron={props.iron ?? false}
          make={(newName) => files.makeFolder(below(here, engine().keyOf(newName)))}
          rename={(entry, newName) => files.rename(below(here, entry.key), newName)}
          remove={async (entries) => {
            for (const entry of entries) await files.remove(below(here, entry.key), entry.kind === "folder");
            say(w.removed(entries.length));
            setChosen(nothingChosen);
          }}
          done={folder.reload}
          close={() => setBox(null)}
        />
      ) : null}
      {questions[0] ? (
        <SameName
          key={questions[0].name}
          question={questions[0]}
          iron={props.iron ?? false}
          done={() => setQuestions((all) => all.slice(1))}
        />
      ) : null}
    </section>
  );
}
