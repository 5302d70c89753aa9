/* The middle of the ring: what is true now, and the way back to what was used last. */
import { Monitor, MousePointer2 } from "lucide-preact";
import type { Device } from "../../engine/api";
import { now } from "../clock";
import { account, inReach, linked } from "../engine";
import { agoText } from "../format";
import { follow, placeHref } from "../place";
import { prefs } from "../prefs";
import { words } from "../words";

const LAST_SHOWN = 3;

function greeting(hour: number, who: string): string {
  const w = words.value.ring;
  if (hour < 12 && hour >= 4) return w.morning(who);
  return hour < 18 && hour >= 12 ? w.afternoon(who) : w.evening(who);
}

function fact(pcs: Device[]): { h: string; hint: string } {
  const w = words.value.ring;
  if (!linked.value) return { h: w.outOfTouch, hint: w.outHint };
  const near = pcs.filter(inReach).length;
  if (near === 0) return { h: w.noneReach, hint: w.noneHint };
  if (near === pcs.length) return { h: w.allReach(pcs.length), hint: "" };
  return { h: w.someReach(near, pcs.length), hint: "" };
}

export function Centre(props: { devices: Device[] }) {
  const w = words.value.ring;
  const pcs = props.devices.filter((device) => device.role === "host");
  const { h, hint } = fact(pcs);
  const used = prefs.value.used[account()] ?? {};
  const last = pcs
    .filter((device) => inReach(device) && used[device.id])
    .sort((a, b) => (used[b.id] ?? 0) - (used[a.id] ?? 0))
    .slice(0, LAST_SHOWN);
  const any = pcs.some(inReach);
  return (
    <section class="centre" aria-labelledby="centreh">
      <p class="soft">{greeting(new Date(now.value).getHours(), account())}</p>
      <h2 id="centreh">{h}</h2>
      {hint ? <p class="soft">{hint}</p> : null}
      {last.length > 0 ? (
        <ul class="again">
          {last.map((device) => {
            const to = { at: "session", device: device.id, viewOnly: false } as const;
            return (
              <li key={device.id}>
                <a href={placeHref(to)} onClick={follow(to)}>
                  <Monitor class="i" aria-hidden="true" />
                  <b class="cut">{w.backTo(device.name)}</b>
                  <span class="num">{w.used(agoText(used[device.id] ?? 0, now.value, words.value))}</span>
                </a>
              </li>
            );
          })}
        </ul>
      ) : any && linked.value ? (
        <p class="soft row">
          <MousePointer2 class="i s" aria-hidden="true" />
          {w.pickOne}
        </p>
      ) : null}
    </section>
  );
}
