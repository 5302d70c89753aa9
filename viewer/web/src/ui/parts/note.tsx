/* A fact, what to do, at most two buttons. Blocking ones interrupt a reader; others wait their turn. */
import { Check, CircleAlert, Info, TriangleAlert } from "lucide-preact";
import type { ComponentChildren } from "preact";

type Kind = "ok" | "warm" | "bad" | "cool";
const icons = { ok: Check, warm: TriangleAlert, bad: CircleAlert, cool: Info };

export function Note(props: { kind: Kind; fact: string; todo?: string; children?: ComponentChildren }) {
  const Icon = icons[props.kind];
  return (
    <div class={`note ${props.kind}`} role={props.kind === "bad" ? "alert" : "status"}>
      <Icon class="i" aria-hidden="true" />
      <div class="grow">
        <p>
          <b>{props.fact}</b>
          {props.todo ? ` ${props.todo}` : ""}
        </p>
        {props.children ? <div class="acts">{props.children}</div> : null}
      </div>
    </div>
  );
}
