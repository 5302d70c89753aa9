/* What the session does, in numbers, and which part of the way is slow. */
import { Copy, X } from "lucide-preact";
import type { ScreenSession, SessionStats } from "../../engine/api";
import { bitsText, msText, shareText, sizeText } from "../format";
import { say } from "../live";
import { copyText } from "../parts/clipboard";
import { read } from "../signals";
import { locale, words } from "../words";
import { pathWord } from "./bar";

const parts = ["capture", "encode", "network", "decode", "present"] as const;
type Part = (typeof parts)[number];

export function partTimes(stats: SessionStats): Record<Part, number> {
  return {
    capture: stats.capture_ms,
    encode: stats.encode_ms,
    network: stats.network_ms,
    decode: stats.decode_ms,
    present: stats.present_ms,
  };
}

export function slowest(times: Record<Part, number>): Part {
  return parts.reduce((worst, part) => (times[part] > times[worst] ? part : worst), "capture" as Part);
}

/* For a helper: numbers only, no names, no addresses, nothing that was typed or shown. */
export function diagnosis(stats: SessionStats, state: string): string {
  const { echo_ms, ...numbers } = stats;
  const echo = [...echo_ms].sort((a, b) => a - b);
  const at = (share: number) => echo[Math.min(echo.length - 1, Math.floor(echo.length * share))] ?? null;
  return JSON.stringify(
    {
      hearth: "diagnosis",
      state,
      ...numbers,
      echo_p50_ms: at(0.5),
      echo_p95_ms: at(0.95),
      browser: navigator.userAgent,
      dpr: devicePixelRatio,
    },
    null,
    2,
  );
}

export function Stats(props: { session: ScreenSession; close: () => void }) {
  const w = words.value.stats;
  const loc = locale.value;
  const stats = read(props.session.stats);
  const state = read(props.session.state);
  const times = partTimes(stats);
  const total = parts.reduce((sum, part) => sum + times[part], 0);
  const ms = (value: number) => msText(value, loc);
  return (
    <section class="stats iron" aria-label={words.value.session.stats}>
      <div class="row">
        <b class="grow">{words.value.session.stats}</b>
        <button
          type="button"
          class="ib"
          aria-label={w.copy}
          title={w.copy}
          onClick={async () => {
            if (await copyText(diagnosis(stats, state.is))) say(w.copied);
          }}
        >
          <Copy class="i" aria-hidden="true" />
        </button>
        <button type="button" class="ib" aria-label={w.hide} title={w.hide} onClick={props.close}>
          <X class="i" aria-hidden="true" />
        </button>
      </div>
      {state.is === "lost" ? (
        <dl>
          <dt>{w.path}</dt>
          <dd class="warn">{w.none}</dd>
          <dt>{w.last}</dt>
          <dd>{pathWord(stats.path)}</dd>
          <dt>{w.held}</dt>
          <dd>{w.heldKeys(state.heldKeys)}</dd>
          <dt>{w.total}</dt>
          <dd>{sizeText(stats.bytes_in + stats.bytes_out, loc)}</dd>
        </dl>
      ) : (
        <>
          <dl>
            <dt>{w.path}</dt>
            <dd>{pathWord(stats.path)}</dd>
            <dt>{w.exact}</dt>
            <dd>{shareText(stats.exact_share, loc)}</dd>
            <dt>{w.rtt}</dt>
            <dd>{w.ms(ms(stats.rtt_ms))}</dd>
            <dt>{w.frames}</dt>
            <dd>{w.perS(ms(stats.frames_per_s))}</dd>
            <dt>{w.size}</dt>
            <dd>
              {stats.width}×{stats.height}
            </dd>
            <dt>{w.in}</dt>
            <dd>{bitsText(stats.bits_per_s, loc)}</dd>
            <dt>{w.codec}</dt>
            <dd>{stats.codec}</dd>
            <dt>{w.total}</dt>
            <dd>{sizeText(stats.bytes_in + stats.bytes_out, loc)}</dd>
          </dl>
          {total > 0 ? (
            <>
              <div
                class="ms"
                role="img"
                aria-label={w.label(
                  ms(total),
                  ms(times.capture),
                  ms(times.encode),
                  ms(times.network),
                  ms(times.decode),
                  ms(times.present),
                )}
              >
                {parts.map((part) => (
                  <i key={part} class={part} style={{ flexGrow: Math.max(0.01, times[part]) }} />
                ))}
              </div>
              <div class="legend" aria-hidden="true">
                {parts.map((part) => (
                  <span key={part}>
                    <i class={part} />
                    {w[part]}
                    <b>{ms(times[part])}</b>
                  </span>
                ))}
              </div>
              <p class="lastline">{w.slowest[slowest(times)](ms(total))}</p>
            </>
          ) : (
            <p class="lastline">{w.quiet}</p>
          )}
        </>
      )}
    </section>
  );
}
