import { CircleDashed, Folder, LogOut, Settings } from "lucide-preact";
import { account, engine } from "../engine";
import { Mark } from "../parts/mark";
import { Menu, MenuItem } from "../parts/menu";
import { follow, type Place, placeHref } from "../place";
import { words } from "../words";

function initials(name: string): string {
  const parts = name.split(/[\s._-]+/).filter(Boolean);
  const letters = parts.length > 1 ? `${parts[0]?.[0] ?? ""}${parts[1]?.[0] ?? ""}` : name.slice(0, 2);
  return letters.toLocaleUpperCase();
}

export function Rail(props: { at: Place["at"] }) {
  const w = words.value;
  const views: { to: Place; text: string; Icon: typeof Folder; on: boolean }[] = [
    {
      to: { at: "ring" },
      text: w.nav.ring,
      Icon: CircleDashed,
      on: props.at === "ring" || props.at === "add",
    },
    {
      to: { at: "files", left: null, right: null },
      text: w.nav.files,
      Icon: Folder,
      on: props.at === "files",
    },
    {
      to: { at: "settings", part: "security" },
      text: w.nav.settings,
      Icon: Settings,
      on: props.at === "settings",
    },
  ];
  return (
    <nav class="rail iron" aria-label={w.page.main}>
      <a
        class="mark"
        href={placeHref({ at: "ring" })}
        onClick={follow({ at: "ring" })}
        aria-label={w.nav.home}
      >
        <Mark />
      </a>
      {views.map((view) => (
        <a
          key={view.text}
          class="nav"
          href={placeHref(view.to)}
          onClick={follow(view.to)}
          aria-current={view.on ? "page" : undefined}
        >
          <view.Icon class="i" aria-hidden="true" />
          {view.text}
        </a>
      ))}
      <span class="grow" />
      <Menu
        name={w.you.menu(account())}
        menuName={account()}
        holdClass="end"
        buttonClass="hit"
        icon={<span class="av" aria-hidden="true" data-initials={initials(account())} />}
      >
        {(close) => (
          <MenuItem
            do={() => {
              close();
              void engine().account.signOut();
            }}
          >
            <LogOut class="i" aria-hidden="true" />
            {w.you.signOut}
          </MenuItem>
        )}
      </Menu>
    </nav>
  );
}
