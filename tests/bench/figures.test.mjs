import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedMs, sayMinutes } from "./lib/duration.mjs";
import { byteFigures, keyFigures, motionFigures, percentile, spread, staleness } from "./lib/figures.mjs";
import { barChart, logPlace, short } from "./lib/plot.mjs";
import { cpuPercent, parseDevice, parseStat, tree } from "./lib/proc.mjs";
import { chapters, disturbance, pick, plots, withSpread } from "./lib/report.mjs";
import { parseLink } from "./lib/space.mjs";

test("a percentile is a value of the list", () => {
  assert.equal(percentile([5, 1, 9], 0.5), 5);
  assert.equal(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95), 10);
  assert.equal(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.5), 5);
  assert.equal(percentile([], 0.5), null);
});

test("a frame that was skipped is stale until a newer one is shown", () => {
  assert.deepEqual(staleness([0, 10000, 20000, 30000], [4000, null, 25000, null]), [4, 15, 5, null]);
});

test("a newer frame shown before an older one counts for both", () => {
  assert.deepEqual(staleness([0, 10000], [50000, 12000]), [12, 2]);
});

const raw = { issued_us: [100000, 200000, 300000], drawn_us: [101000, 201000, 302000], shown_us: [110000, null, 420000],
  interval_us: 100000, motion_db: [40, 42, 99], psnr_1s: 50, psnr_3s: 60, differences: 3 };

test("only frames shown within the motion make its frames a second", () => {
  const f = motionFigures(raw);
  assert.equal(f.shown, 2);
  assert.equal(f.src_fps, 10);
  assert.ok(Math.abs(f.fps - 1 / 0.3) < 1e-9);
  assert.equal(f.lat_p50, 10);
  assert.equal(f.stale_p95, 220);
  assert.equal(f.unseen, 0);
  assert.equal(f.psnr_motion, 42);
  assert.equal(f.exact_ms, null);
});

test("a key without an answer is lost, not slow", () => {
  const f = keyFigures({ pressed_us: [0, 1000000], answered_us: [14000, null], flipped_us: [5000, null] });
  assert.deepEqual([f.keys, f.lost, f.key_p50, f.key_to_source_p50], [2, 1, 14, 5]);
});

test("bytes a frame go to the settled picture, the rate only to the end of the motion", () => {
  const f = byteFigures({ down: 1000, up: 0 }, { down: 501000, up: 10 }, { down: 801000, up: 2000 }, 4, 8);
  assert.equal(f.down_kB, 800);
  assert.equal(f.kB_per_frame, 100);
  assert.equal(f.down_Mbps, 1);
  assert.equal(f.up_kB, 2);
});

test("the spread of repeats leaves out what was not measured", () => {
  assert.deepEqual(spread([{ x: 3 }, { x: null }, { x: 1 }, { x: 8 }], "x"), { median: 3, min: 1, max: 8, n: 3 });
  assert.equal(spread([{ x: null }], "x"), null);
  assert.equal(withSpread({ median: 12.4, min: 11, max: 14, n: 3 }), "12 (11–14)");
  assert.equal(withSpread({ median: 12.4, min: 12.4, max: 12.4, n: 1 }), "12");
});

test("a process's name may hold brackets and spaces", () => {
  const fields = Array.from({ length: 50 }, (_, i) => i);
  const line = `42 (a) b (c) S 7 ${fields.slice(5).join(" ")}`;
  assert.equal(parseStat(line).ppid, 7);
  // utime, stime, cutime, cstime are the 14th to 17th of the line.
  assert.equal(parseStat(`1 (x) S 1 ${Array(9).fill(0).join(" ")} 10 20 30 40 0`).ticks, 100);
});

test("a tree is all that was started below", () => {
  const all = new Map([[1, { ppid: 0 }], [2, { ppid: 1 }], [3, { ppid: 2 }], [4, { ppid: 1 }]]);
  assert.deepEqual(tree(all, [2]).sort(), [2, 3]);
  assert.deepEqual(tree(all, [2, 3, 9]).sort(), [2, 3]);
});

test("a device's counters are found by its name", () => {
  const text = "Inter-|   Receive\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n veth0: 900 10 0 0 0 0 0 0 700 8 0 0 0 0 0 0\n";
  assert.deepEqual(parseDevice(text, "veth0"), { rxBytes: 900, rxPackets: 10, txBytes: 700, txPackets: 8 });
  assert.equal(parseDevice(text, "tun0"), null);
});

test("what is not ours is what the machine did besides", () => {
  const from = { ms: 0, machine: 100, own: 50, groups: { server: { ticks: 10, wakeUps: 0 } } };
  const to = { ms: 2000, machine: 300, own: 150, groups: { server: { ticks: 60, wakeUps: 10 } } };
  assert.deepEqual(cpuPercent(from, to), { cpu_server: 25, wakeups_server: 5, cpu_other: 50 });
});

test("links have names or say what they are", () => {
  assert.equal(parseLink("lan"), null);
  assert.deepEqual(parseLink("wan20"), { mbit: 20, ms: 40, loss: 0, queue: 250000 });
  assert.deepEqual(parseLink("2m-150ms-1%"), { mbit: 2, ms: 150, loss: 1, queue: 50000 });
  assert.throws(() => parseLink("wan21"), /no link is called wan21/);
});

test("a logarithmic place is between nothing and all", () => {
  assert.equal(logPlace(0.5, 1, 100), 0);
  assert.equal(logPlace(10, 1, 100), 0.5);
  assert.equal(logPlace(1000, 1, 100), 1);
  assert.equal(short(0.349), "0.35");
  assert.equal(short(18.2), "18");
});

const peers = { ours: { label: "Ours", ours: true, how: "so" }, theirs: { label: "<Theirs>", how: "as it is" }, limit: { label: "copy", how: "" } };
const cell = (peer, scene, more) => ({ peer, scene, link: "lan", repeat: 1, ...more });
const cells = [cell("ours", "scroll", { ...motionFigures(raw), kB_per_frame: 1.5, src_fps: 10 }), cell("theirs", "scroll", { ...motionFigures(raw), kB_per_frame: 250 }),
  cell("ours", "keys", { key_p50: 9, key_p95: 12, lost: 0 }), cell("theirs", "keys", { error: "did not start" })];

test("a cell that failed is not reported", () => {
  assert.equal(pick(cells, "theirs", "keys", "lan").length, 0);
  const text = chapters(cells, peers, ["lan"], { machine: "a machine", own: "" });
  assert.match(text, /\| \*\*Ours\*\* \| 9\.0 \/ 12 \|/);
  assert.match(text, /#### lan \/ scroll/);
  assert.doesNotMatch(text, /undefined|NaN/);
});

test("a picture holds every peer by name, escaped", () => {
  const svg = plots(cells, peers, ["lan"])["bench-bytes-lan.svg"];
  assert.match(svg, /&lt;Theirs&gt;/);
  assert.match(svg, /class="ours"/);
  assert.doesNotMatch(svg, /NaN|undefined/);
  assert.match(barChart({ title: "t", groups: [] }), /^<svg/);
});

test("keys beside files have a column of their own, and our rows name their commit", () => {
  const more = [...cells, cell("ours", "keys-transfer", { key_p50: 30, key_p95: 41, lost: 1, revision: "abc1234+" })];
  const text = chapters(more, peers, ["lan"], { machine: "a machine", own: "" });
  assert.match(text, /\| lan \| lan \+ files \|/);
  assert.match(text, /\| 30 \/ 41, 1 lost \|/);
  assert.match(text, /this repository at abc1234\+/);
});

test("a run says how long it takes before it begins", () => {
  const settings = { seconds: 6, settleMs: 3200, keys: 30 };
  assert.equal(expectedMs("scroll", settings), 11200);
  assert.ok(expectedMs("keys-transfer", settings) > expectedMs("keys", settings));
  assert.equal(sayMinutes(20000), "about 1 min");
  assert.equal(sayMinutes(25 * 60000), "about 25 min");
  assert.equal(sayMinutes(3 * 3600000), "about 3.0 hours");
});

test("a disturbed run says so", () => {
  assert.equal(disturbance([{ cpu_other: 3 }, { error: "x" }]), "");
  assert.match(disturbance([{ cpu_other: 3 }, { cpu_other: 90 }]), /In 1 of 2 cells/);
});
