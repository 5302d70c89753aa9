/* A button with a menu: arrows, Home, End, first letter, Esc gives focus back; opens to the side with room. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

function items(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not([disabled])') ?? [])];
}

export function menuKeys(event: KeyboardEvent, menu: HTMLElement | null, close: () => void): void {
  const all = items(menu);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const move = (to: number) => {
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };
  event.stopPropagation();
  if (event.key === "ArrowDown") move(at + 1);
  else if (event.key === "ArrowUp") move(at <= 0 ? all.length - 1 : at - 1);
  else if (event.key === "Home") move(0);
  else if (event.key === "End") move(all.length - 1);
  else if (event.key === "Tab") close();
  else if (event.key === "Escape") {
    event.preventDefault();
    close();
  } else if (event.key.length === 1 && event.key !== " ") {
    const wanted = event.key.toLocaleLowerCase();
    const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    order.find((item) => item.textContent?.trim().toLocaleLowerCase().startsWith(wanted))?.focus();
  }
}

export function Menu(props: {
  name: string;
  menuName: string;
  buttonClass: string;
  holdClass?: string;
  popClass?: string;
  icon: ComponentChildren;
  tabIndex?: number;
  opened?: (open: boolean) => void;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const [up, setUp] = useState(false);
  const hold = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const { opened } = props;

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    opened?.(open);
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (!hold.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", outside, true);
    return () => removeEventListener("pointerdown", outside, true);
  }, [open, opened]);
  useLayoutEffect(() => {
    if (!open || !menu.current || !button.current) return;
    const below = innerHeight - button.current.getBoundingClientRect().bottom;
    setUp(below < menu.current.offsetHeight + 8);
    items(menu.current)[0]?.focus();
  }, [open]);

  return (
    <span class={`menuhold ${props.holdClass ?? ""}`} ref={hold}>
      <button
        type="button"
        ref={button}
        class={props.buttonClass}
        aria-label={props.name}
        title={props.name}
        aria-haspopup="menu"
        aria-expanded={open}
        tabIndex={props.tabIndex}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {props.icon}
      </button>
      {open ? (
        <div
          ref={menu}
          class={`pop ${up ? "up" : ""} ${props.popClass ?? ""}`}
          role="menu"
          tabIndex={-1}
          aria-label={props.menuName}
          onKeyDown={(event) => menuKeys(event, menu.current, close)}
        >
          {props.children(close)}
        </div>
      ) : null}
    </span>
  );
}

export function MenuItem(props: { do: () => void; danger?: boolean; children: ComponentChildren }) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      class={props.danger ? "danger" : undefined}
      onClick={props.do}
    >
      {props.children}
    </button>
  );
}
