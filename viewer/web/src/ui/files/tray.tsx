/* Every transfer with its bar, its numbers and its way: running ember, held grey, finished green, failed in words. */
import { ChevronDown, ChevronUp, Download, Pause, Play, TriangleAlert, Upload, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import type { DeviceId, Transfer } from "../../engine/api";
import { engine } from "../engine";
import { sizeText, spanText } from "../format";
import { MidName } from "../parts/midname";
import { read } from "../signals";
import { locale, words } from "../words";

const DONE_MS = 5000; // a finished bar stays green this long before the row is plain

/* Bytes that pass through this browser are lost with the page: leaving asks. */
export function useLeaveAsks(): void {
  const busy = read(engine().transfers).some(
    (t) => t.state === "running" || t.state === "waiting" || t.state === "checking",
  );
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [busy]);
}

export function Tray(props: { only?: DeviceId }) {
  const w = words.value.tray;
  const [folded, setFolded] = useState(false);
  useLeaveAsks();
  const all = read(engine().transfers)
    .filter((transfer) => !props.only || transfer.device === props.only)
    .reverse();
  if (all.length === 0) return null;
  const running = all.filter((t) => t.state === "running" || t.state === "checking");
  const waiting = all.filter((t) => t.state === "waiting" || t.state === "stalled" || t.state === "paused");
  const rate = running.reduce((sum, t) => sum + t.bytesPerS, 0);
  const over = all.some((t) => t.state === "done" || t.state === "failed" || t.state === "cancelled");
  const facts = [
    running.length > 0 ? w.running(running.length) : "",
    waiting.length > 0 ? w.waiting(waiting.length) : "",
    rate > 0 ? w.speed(sizeText(rate, locale.value)) : "",
  ].filter(Boolean);
  const Fold = folded ? ChevronUp : ChevronDown;
  return (
    <section class="tray" aria-label={w.h}>
      <header>
        <b>{w.h}</b>
        <span class="soft num grow cut">{facts.join(", ")}</span>
        {over ? (
          <button type="button" class="b bare" onClick={() => engine().clearFinished()}>
            {w.clear}
          </button>
        ) : null}
        <button
          type="button"
          class="ib"
          aria-label={folded ? w.unfold : w.fold}
          title={folded ? w.unfold : w.fold}
          aria-expanded={!folded}
          onClick={() => setFolded(!folded)}
        >
          <Fold class="i" aria-hidden="true" />
        </button>
      </header>
      {folded ? null : (
        <ul>
          {all.map((transfer) => (
            <Row key={transfer.id} transfer={transfer} />
          ))}
        </ul>
      )}
    </section>
  );
}

function line(transfer: Transfer): string {
  const w = words.value.tray;
  const size = (bytes: number) => sizeText(bytes, locale.value);
  const done = size(transfer.done);
  const total = size(transfer.total);
  switch (transfer.state) {
    case "waiting":
      return w.isWaiting;
    case "checking":
      return w.checking;
    case "paused":
      return w.paused(done, total);
    case "stalled":
      return transfer.note || w.stalled(done, total);
    case "done":
      return w.done(total);
    case "cancelled":
      return w.cancelled;
    case "failed":
      return "";
    case "running": {
      if (transfer.bytesPerS <= 0) return w.of(done, total);
      const left = ((transfer.total - transfer.done) / transfer.bytesPerS) * 1000;
      return w.left(done, total, spanText(Math.max(1000, left), words.value));
    }
  }
}

function Row(props: { transfer: Transfer }) {
  const { transfer } = props;
  const w = words.value.tray;
  const [old, setOld] = useState(false);
  const { state } = transfer;
  useEffect(() => {
    if (state !== "done") return;
    const timer = setTimeout(() => setOld(true), DONE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const share = transfer.total > 0 ? transfer.done / transfer.total : state === "done" ? 1 : 0;
  const live = state === "running" || state === "checking";
  const held = state === "paused" || state === "stalled" || state === "waiting";
  const Icon = state === "failed" ? TriangleAlert : transfer.direction === "up" ? Upload : Download;
  return (
    <li class={`tr ${state}`}>
      <Icon class="i" aria-hidden="true" />
      <div class="cut">
        <b>
          <MidName name={transfer.name} />
        </b>
        <p class="small soft cut">
          {transfer.direction === "up" ? w.up(transfer.deviceName) : w.down(transfer.deviceName)}
        </p>
      </div>
      <div class="prog">
        {state === "failed" ? (
          <p class="oxide">
            <b>{transfer.note || w.failed}</b>
          </p>
        ) : (
          <>
            {live || held || (state === "done" && !old) ? (
              <div
                class={`bar ${live ? "go" : state === "done" ? "ok" : ""}`}
                role="progressbar"
                aria-label={transfer.name}
                aria-valuenow={Math.floor(share * 100)}
                aria-valuemin={0}
                aria-valuemax={100}
              >
                <i style={{ transform: `scaleX(${state === "done" ? 1 : share})` }} />
              </div>
            ) : null}
            <p class="small soft num">{line(transfer)}</p>
          </>
        )}
      </div>
      <div class="ctl">
        {live || state === "waiting" ? (
          <button
            type="button"
            class="ib"
            aria-label={w.pauseName(transfer.name)}
            title={w.pauseName(transfer.name)}
            onClick={() => engine().pause(transfer.id)}
          >
            <Pause class="i" aria-hidden="true" />
          </button>
        ) : null}
        {state === "paused" || state === "stalled" || state === "failed" ? (
          <button
            type="button"
            class="ib"
            aria-label={w.goOnName(transfer.name)}
            title={w.goOnName(transfer.name)}
            onClick={() => engine().resume(transfer.id)}
          >
            <Play class="i" aria-hidden="true" />
          </button>
        ) : null}
        {live || held || state === "failed" ? (
          <button
            type="button"
            class="ib"
            aria-label={w.cancelName(transfer.name)}
            title={w.cancelName(transfer.name)}
            onClick={() => engine().cancel(transfer.id)}
          >
            <X class="i" aria-hidden="true" />
          </button>
        ) : null}
      </div>
    </li>
  );
}
