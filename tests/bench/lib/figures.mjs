// From what bench_watch saw to the figures of a cell. Pure.

/** The value that p of the list lies at or below; null of nothing. */
export function percentile(values, p) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)];
}
export const median = (values) => percentile(values, 0.5);

/** Age of each source frame until it or a newer one is shown, ms; null for those that never were. */
export function staleness(issued, shown) {
  const out = new Array(issued.length).fill(null);
  let earliest = null;
  for (let n = issued.length - 1; n >= 0; n--) {
    if (shown[n] !== null && (earliest === null || shown[n] < earliest)) earliest = shown[n];
    if (earliest !== null) out[n] = (earliest - issued[n]) / 1000;
  }
  return out;
}

/** The figures of a scene with frames. */
export function motionFigures(raw) {
  const { issued_us: issued, shown_us: shown } = raw;
  const lat = [], draw = [];
  let inTime = 0;
  const motionEnd = (issued.at(-1) ?? 0) + raw.interval_us;
  for (let n = 0; n < issued.length; n++) {
    draw.push((raw.drawn_us[n] - issued[n]) / 1000);
    if (shown[n] === null) continue;
    lat.push((shown[n] - issued[n]) / 1000);
    if (shown[n] <= motionEnd) inTime++;
  }
  const stale = staleness(issued, shown);
  const seen = stale.filter((v) => v !== null);
  const seconds = (issued.length * raw.interval_us) / 1e6;
  return {
    frames: issued.length, shown: lat.length, unseen: stale.length - seen.length,
    src_fps: issued.length / seconds, fps: inTime / seconds,
    lat_p50: percentile(lat, 0.5), lat_p95: percentile(lat, 0.95),
    stale_p50: percentile(seen, 0.5), stale_p95: percentile(seen, 0.95),
    draw_p50: percentile(draw, 0.5),
    psnr_motion: raw.motion_db.length ? median(raw.motion_db) : null,
    psnr_1s: raw.psnr_1s ?? null, psnr_3s: raw.psnr_3s,
    exact_ms: raw.exact_us === undefined ? null : raw.exact_us / 1000,
    diff_px: raw.differences,
  };
}

/** The figures of a scene with keys. */
export function keyFigures(raw) {
  const total = [], toSource = [];
  let lost = 0;
  raw.pressed_us.forEach((pressed, i) => {
    if (raw.answered_us[i] === null) lost++;
    else total.push((raw.answered_us[i] - pressed) / 1000);
    if (raw.flipped_us[i] !== null) toSource.push((raw.flipped_us[i] - pressed) / 1000);
  });
  return {
    keys: raw.pressed_us.length, lost,
    key_p50: percentile(total, 0.5), key_p95: percentile(total, 0.95),
    key_to_source_p50: percentile(toSource, 0.5),
  };
}

/** Bytes between three readings: start of motion, its end, and the settled picture. */
export function byteFigures(start, ended, settled, motionSeconds, shown) {
  const down = settled.down - start.down;
  return {
    down_kB: down / 1000, up_kB: (settled.up - start.up) / 1000,
    down_Mbps: ((ended.down - start.down) * 8) / 1e6 / motionSeconds,
    up_Mbps: ((ended.up - start.up) * 8) / 1e6 / motionSeconds,
    kB_per_frame: shown > 0 ? down / 1000 / shown : null,
  };
}

/** Median, lowest and highest of one figure over the repeats; null when none has it. */
export function spread(cells, field) {
  const values = cells.map((c) => c[field]).filter((v) => typeof v === "number" && Number.isFinite(v));
  if (values.length === 0) return null;
  const sorted = values.sort((a, b) => a - b), middle = sorted.length >> 1;
  const mid = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median: mid, min: sorted[0], max: sorted.at(-1), n: sorted.length };
}
