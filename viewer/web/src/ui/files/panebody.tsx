/* What fills a pane: the rows, or why there are none and what to do. */
import { CircleAlert, FolderOpen, HardDrive, Lock, MoonStar, Search } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { type Device, type DeviceId, HearthError } from "../../engine/api";
import { engine, inReach, shownPresence } from "../engine";
import { sizeText, whenText } from "../format";
import { useLate } from "../parts/busy";
import { PresenceMark } from "../ring/presence";
import { read } from "../signals";
import { errorSentence, locale, words } from "../words";
import type { Folder } from "./folder";
import { filesHref } from "./href";

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

export function PaneBody(props: {
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
