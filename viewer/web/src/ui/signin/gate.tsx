/* The way in: sign in, create an account, use the recovery key. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../words";
import "../styles/signin.css";
import { Create } from "./create";
import { Door } from "./door";
import { Recover } from "./recover";
import { SignIn } from "./signin";

export type Way = "signin" | "create" | "recover";

const way = signal<Way>("signin");

export function Gate(props: { done: () => void }) {
  const w = words.value;
  const box = useRef<HTMLDivElement>(null);
  const now = way.value;
  useEffect(() => {
    document.title = w.page.title(
      now === "create" ? w.create.h1 : now === "recover" ? w.recover.h1 : w.signin.h1,
    );
    const first = box.current?.querySelector<HTMLInputElement>("input");
    const empty = [...(box.current?.querySelectorAll<HTMLInputElement>("input") ?? [])].find(
      (input) => !input.value,
    );
    (empty ?? first)?.focus();
  }, [now, w]);
  const to = (next: Way) => () => {
    way.value = next;
  };
  return (
    <div class="gate">
      <Door />
      <main class="form" id="main">
        <div ref={box}>
          {now === "signin" ? (
            <SignIn done={props.done} create={to("create")} recover={to("recover")} />
          ) : null}
          {now === "create" ? <Create done={props.done} back={to("signin")} /> : null}
          {now === "recover" ? <Recover done={props.done} back={to("signin")} /> : null}
        </div>
      </main>
    </div>
  );
}
