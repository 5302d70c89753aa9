/* What may be done with the chosen rows. */
import { ArrowRight, Ellipsis, Trash2 } from "lucide-preact";
import type { FileEntry } from "../../engine/api";
import { sizeText } from "../format";
import { Menu, MenuItem } from "../parts/menu";
import { locale, words } from "../words";
import type { Folder } from "./folder";

export function PaneFoot(props: {
  picked: FileEntry[];
  other: { name: string; folder: Folder } | null;
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
