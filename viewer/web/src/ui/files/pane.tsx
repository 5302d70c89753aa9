/* One device's folder: where it is, its rows, what may be done, and what went wrong, all in its own frame. */
import {
  ArrowRight,
  ChevronDown,
  ChevronRight,
  CircleAlert,
  Ellipsis,
  FolderOpen,
  FolderPlus,
  FolderUp,
  HardDrive,
  Lock,
  MoonStar,
  Search,
  Trash2,
  Upload,
} from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Device, type DeviceId, type FileEntry, HearthError, type Transfer } from "../../engine/api";
import { engine, inReach, shownPresence } from "../engine";
import { sizeText, whenText } from "../format";
import { say } from "../live";
import { useLate } from "../parts/busy";
import { Menu, MenuItem } from "../parts/menu";
import { Note } from "../parts/note";
import { prefs, setPrefs } from "../prefs";
import { PresenceMark } from "../ring/presence";
import { read } from "../signals";
import { errorSentence, locale, words } from "../words";
import { NameBox, RemoveBox } from "./boxes";
import { dropDesk } from "./desk";
import type { Folder } from "./folder";
import { FILES_MAX, fromDrop, fromInput, type Gathered } from "./gather";
import { filesHref } from "./href";
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
import { Rows } from "./rows";
import { SameName } from "./same";
import { copyEntries, type SameQuestion, type Sending, sendFiles } from "./send";

type Box =
  | { is: "folder" }
  | { is: "rename"; entry: FileEntry }
  | { is: "remove"; entries: FileEntry[] }
  | null;

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
        <Body
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
        </Body>
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
        <Foot
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

/* A transfer into this folder that ends makes the folder look again. */
function useArrivals(folder: Folder, device: DeviceId | null): void {
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

function arriving(transfers: Transfer[], device: DeviceId | null, spot: Spot | null, entries: FileEntry[]) {
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

function DevicePick(props: { device: Device | undefined; setDevice: (device: DeviceId) => void }) {
  const w = words.value.files;
  const pcs = read(engine().devices).filter((device) => device.role === "host");
  const name = props.device?.name ?? w.choose;
  return (
    <Menu
      name={`${w.device}: ${name}`}
      menuName={w.device}
      buttonClass="b bare whose"
      icon={
        <>
          {props.device ? <PresenceMark shown={shownPresence(props.device)} /> : null}
          <span class="cut">{name}</span>
          <ChevronDown class="i s" aria-hidden="true" />
        </>
      }
    >
      {(close) =>
        pcs.map((device) => (
          <MenuItem
            key={device.id}
            do={() => {
              close();
              props.setDevice(device.id);
            }}
          >
            <PresenceMark shown={shownPresence(device)} />
            <span class="cut">{device.name}</span>
          </MenuItem>
        ))
      }
    </Menu>
  );
}

function Senders(props: { send: (list: Gathered[]) => void; second: boolean; newFolder: () => void }) {
  const w = words.value.files;
  const name = props.second ? w.add : w.send;
  const picked = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    props.send(fromInput(input.files));
    input.value = "";
  };
  return (
    <>
      <button type="button" class="ib" aria-label={w.newFolder} title={w.newFolder} onClick={props.newFolder}>
        <FolderPlus class="i" aria-hidden="true" />
      </button>
      <label class="ib filebtn wide" title={w.sendFolder}>
        <FolderUp class="i" aria-hidden="true" />
        <input
          type="file"
          multiple
          class="sr"
          aria-label={w.sendFolder}
          onChange={picked}
          ref={(element) => {
            if (element) element.webkitdirectory = true;
          }}
        />
      </label>
      <label class="b line filebtn">
        <Upload class="i" aria-hidden="true" />
        <span aria-hidden="true">{name}</span>
        <input type="file" multiple class="sr" aria-label={name} onChange={picked} />
      </label>
    </>
  );
}

function Crumbs(props: { folder: Folder; name: string }) {
  const w = words.value.files;
  const { spot, roots } = props.folder;
  const link = (text: string, to: Spot | null) => (
    <a
      href={filesHref}
      onClick={(event) => {
        event.preventDefault();
        props.folder.open(to);
      }}
    >
      {text}
    </a>
  );
  if (!spot)
    return (
      <nav class="crumbs" aria-label={w.folder}>
        {roots ? <b>{w.places}</b> : null}
      </nav>
    );
  const names = [spot.root.name, ...spot.steps.map((step) => step.name)];
  return (
    <nav class="crumbs" aria-label={w.folder}>
      {(roots?.length ?? 0) > 1 ? (
        <>
          {link(w.places, null)}
          <ChevronRight class="i s" aria-hidden="true" />
        </>
      ) : null}
      {names.map((name, i) =>
        i === names.length - 1 ? (
          <b key={name} aria-current="location">
            {name}
          </b>
        ) : (
          <span class="row" key={i}>
            {link(name, { ...spot, steps: spot.steps.slice(0, i) })}
            <ChevronRight class="i s" aria-hidden="true" />
          </span>
        ),
      )}
      {spot.root.freeBytes > 0 ? (
        <span class="small num free wide">{w.free(sizeText(spot.root.freeBytes, locale.value))}</span>
      ) : null}
    </nav>
  );
}

function Says(props: { icon: ComponentChildren; fact: string; todo?: string; children?: ComponentChildren }) {
  return (
    <div class="says" role="status">
      {props.icon}
      <p>
        <b>{props.fact}</b>
        {props.todo ? ` ${props.todo}` : ""}
      </p>
      {props.children}
    </div>
  );
}

function Body(props: {
  device: Device | undefined;
  folder: Folder;
  count: number;
  find: string;
  second: boolean;
  mayWrite: boolean;
  setDevice: (device: DeviceId) => void;
  again: () => void;
  children: ComponentChildren;
}) {
  const w = words.value.files;
  const { device, folder } = props;
  const slow = useLate(folder.busy && folder.entries.length === 0, 4000);
  if (!device) return <Choose setDevice={props.setDevice} />;
  if (!inReach(device) && folder.entries.length === 0) {
    const when = whenText(device.lastSeenMs, Date.now(), words.value, locale.value, true);
    return (
      <Says
        icon={<MoonStar class="i" aria-hidden="true" />}
        fact={w.offline(device.name, when)}
        todo={w.offlineDo}
      />
    );
  }
  if (folder.error) {
    const code = folder.error instanceof HearthError ? folder.error.code : "internal";
    const fact =
      code === "denied" ? w.denied : code === "not-found" ? w.goneFolder : errorSentence(folder.error);
    const Icon = code === "denied" ? Lock : CircleAlert;
    return (
      <Says icon={<Icon class="i" aria-hidden="true" />} fact={fact}>
        <button type="button" class="b line" onClick={props.again}>
          {words.value.common.tryAgain}
        </button>
      </Says>
    );
  }
  if (!folder.spot && folder.roots && folder.roots.length > 0) return <Roots folder={folder} />;
  if (props.count === 0 && !folder.busy && folder.spot) {
    if (props.find)
      return <Says icon={<Search class="i" aria-hidden="true" />} fact={w.nothingFound(props.find)} />;
    const todo = props.mayWrite ? (props.second ? w.emptyAdd : w.emptyDo) : w.forbidden;
    return (
      <>
        {props.children}
        <Says icon={<FolderOpen class="i" aria-hidden="true" />} fact={w.empty} todo={todo} />
      </>
    );
  }
  if (slow) return <p class="says">{words.value.common.slow(device.name)}</p>;
  return <>{props.children}</>;
}

function Roots(props: { folder: Folder }) {
  return (
    <div class="roots">
      {props.folder.roots?.map((root) => (
        <a
          key={root.id}
          href={filesHref}
          onClick={(event) => {
            event.preventDefault();
            props.folder.open({ root, steps: [] });
          }}
        >
          <HardDrive class="i" aria-hidden="true" />
          <b class="grow cut">{root.name}</b>
          <span class="soft small num">
            {root.freeBytes > 0 ? words.value.files.free(sizeText(root.freeBytes, locale.value)) : ""}
          </span>
        </a>
      ))}
    </div>
  );
}

function Choose(props: { setDevice: (device: DeviceId) => void }) {
  const w = words.value.files;
  const near = read(engine().devices).filter((device) => device.role === "host" && inReach(device));
  return (
    <div class="says">
      <HardDrive class="i" aria-hidden="true" />
      <p>
        <b>{near.length > 0 ? w.choose : w.none}</b> {near.length > 0 ? w.chooseP : ""}
      </p>
      <div class="row wrap">
        {near.map((device) => (
          <button key={device.id} type="button" class="b line" onClick={() => props.setDevice(device.id)}>
            <PresenceMark shown={shownPresence(device)} />
            {device.name}
          </button>
        ))}
      </div>
    </div>
  );
}

function Foot(props: {
  picked: FileEntry[];
  other: PaneProps["other"];
  mayWrite: boolean;
  copy: () => void;
  fetchAll: () => void;
  rename: (entry: FileEntry) => void;
  remove: () => void;
}) {
  const w = words.value.files;
  const size = props.picked.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.size : 0), 0);
  const single = props.picked.length === 1 ? props.picked[0] : undefined;
  return (
    <div class="pick">
      <span class="grow num" role="status">
        <b>{w.chosen(props.picked.length, sizeText(size, locale.value))}</b>
      </span>
      {props.other?.folder.spot ? (
        <button type="button" class="b main" onClick={props.copy}>
          <ArrowRight class="i" aria-hidden="true" />
          <span class="cut">{w.copyTo(props.other.name)}</span>
        </button>
      ) : (
        <button type="button" class="b main" onClick={props.fetchAll}>
          {w.download}
        </button>
      )}
      <Menu
        name={w.more3}
        menuName={w.more3}
        buttonClass="ib"
        popClass="atend"
        icon={<Ellipsis class="i" aria-hidden="true" />}
      >
        {(close) => (
          <>
            {props.other?.folder.spot ? (
              <MenuItem
                do={() => {
                  close();
                  props.fetchAll();
                }}
              >
                {w.download}
              </MenuItem>
            ) : null}
            {single && props.mayWrite ? (
              <MenuItem
                do={() => {
                  close();
                  props.rename(single);
                }}
              >
                {w.rename}
              </MenuItem>
            ) : null}
            {props.mayWrite ? (
              <MenuItem
                danger
                do={() => {
                  close();
                  props.remove();
                }}
              >
                <Trash2 class="i" aria-hidden="true" />
                {w.remove}
              </MenuItem>
            ) : null}
          </>
        )}
      </Menu>
    </div>
  );
}

function Boxes(props: {
  box: Exclude<Box, null>;
  iron: boolean;
  make: (name: string) => Promise<void>;
  rename: (entry: FileEntry, name: string) => Promise<void>;
  remove: (entries: FileEntry[]) => Promise<void>;
  done: () => void;
  close: () => void;
}) {
  const w = words.value.files;
  const { box } = props;
  const then = async (work: Promise<void>) => {
    await work;
    props.done();
  };
  switch (box.is) {
    case "folder":
      return (
        <NameBox
          title={w.newFolder}
          label={w.newFolderName}
          start=""
          go={w.make}
          iron={props.iron}
          send={(name) => then(props.make(name))}
          close={props.close}
        />
      );
    case "rename":
      return (
        <NameBox
          title={w.renameH(box.entry.name)}
          label={w.newName}
          start={box.entry.name}
          go={w.renameGo}
          iron={props.iron}
          send={(name) => then(props.rename(box.entry, name))}
          close={props.close}
        />
      );
    case "remove":
      return (
        <RemoveBox
          count={box.entries.length}
          first={box.entries[0]?.name ?? ""}
          iron={props.iron}
          send={() => then(props.remove(box.entries))}
          close={props.close}
        />
      );
  }
}
