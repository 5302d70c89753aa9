// scripts/bench --offline: the screen coder beside other lossless coders, without a screen: whole pictures, and
// the first frames of made-up scenes and of recorded displays. Writes docs/bench-offline.md and its picture.
//
// The pictures are build/bench/stills/*.png and the recordings build/bench/traces/*.htr; what is not there is
// drawn and recorded first. More of either can be put there. Five minutes.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../e2e/lib/ring.mjs";
import { spread } from "./lib/figures.mjs";
import { barChart } from "./lib/plot.mjs";
import { withSpread } from "./lib/report.mjs";
import { tool } from "./lib/space.mjs";

const first = 20; // frames of a scene or a recording
const wasmRuns = 3; // the best of them, so that the code is compiled
const clockTicks = 100; // a second, in /proc on Linux
const others = ["zstd-1", "zstd-3", "png-6", "webp-6", "x264-ultrafast", "x264-veryfast"];
const scenes = ["typing", "scroll", "window", "slides", "video"];
const work = join(root, "build/bench/offline");

const sum = (values) => values.reduce((a, b) => a + b, 0);
const output = (file, args) => execFileSync(file, args, { encoding: "utf8", maxBuffer: 1 << 26, timeout: 300000 });
const listed = (dir, end) => (existsSync(dir) ? readdirSync(dir).filter((n) => n.endsWith(end)).sort().map((n) => join(dir, n)) : []);

/** A folder is whole or not there: the next start makes it again. */
function made(name, end, make) {
  const dir = join(root, "build/bench", name);
  if (listed(dir, end).length === 0) {
    rmSync(`${dir}.part`, { recursive: true, force: true });
    mkdirSync(`${dir}.part`, { recursive: true });
    make(`${dir}.part`);
    renameSync(`${dir}.part`, dir);
  }
  return listed(dir, end);
}

/** Lines of bench_coders: one a frame. */
const theirs = (coder, source) => output(tool("bench_coders"), ["--coder", coder, ...source]).trim().split("\n").map((line) => {
  const [bytes, ms] = line.split(" ").map(Number);
  return { bytes, ms };
});

/** Lines of codec_bench --each: one a frame, then the sum, which says whether the other end has the same pixels. */
function ours(source, dump) {
  const lines = output(tool("codec_bench"), ["--each", ...source, ...(dump ? ["--dump", dump] : [])]).trim().split("\n").map((l) => l.trim().split(/\s+/));
  if (lines.at(-1).at(-1) !== "exact") throw new Error(`codec_bench ${source.join(" ")}: not exact`);
  return lines.slice(1, -1).map((l) => ({ bytes: Number(l[2]), ms: Number(l[3]), decode: Number(l[8]) }));
}

/** What the page's modules take for the messages of a dump: ms of all but the first, and of each epoch. */
function inWasm(dump) {
  const text = output(process.execPath, [join(root, "codec/bench/wasm_decode.mjs"), join(root, "build/wasm/bin"), dump, String(wasmRuns)]);
  const [, count, mean, begin, epochs] = text.match(/: (\d+) messages, ([\d.]+) ms, .*first ([\d.]+) ms, epochs ([\d. ]+) ms, same/);
  return { rest: Number(count) * Number(mean) - Number(begin), epochs: epochs.split(" ").map(Number) };
}

/** Processor seconds that the whole machine, and this process with its ended children, has used. */
function used() {
  const machine = readFileSync("/proc/stat", "utf8").split("\n", 1)[0].trim().split(/\s+/).slice(1).map(Number);
  const own = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /, "").split(" ").slice(11, 15).map(Number);
  return { machine: (sum(machine.slice(0, 8)) - machine[3] - machine[4]) / clockTicks, own: sum(own) / clockTicks, at: performance.now() / 1000 };
}

/** One run of everything: [{kind, name, coder, bytes, encode, decode, wasm}], of stills per picture and ns a pixel, of
 * what moves per frame and ms. */
function measure(stills, traces, raw, pixels, say) {
  const cells = [];
  const dump = join(work, "dump");
  say("  pictures");
  // The first goes in twice and counts once: at first the memory is not there yet.
  const again = [stills[0], ...stills];
  const still = (coder, frames, more) => frames.slice(1).forEach((f, i) =>
    cells.push({ kind: "still", name: basename(stills[i], ".png"), coder, bytes: f.bytes, encode: (f.ms * 1e6) / pixels, ...more?.(f, i) }));
  const exact = ours(["--still", "--frames", raw], dump);
  const { epochs } = inWasm(dump);
  still("hearth", exact, (f, i) => ({ decode: (f.decode * 1e6) / pixels, wasm: (epochs[i + 1] * 1e6) / pixels }));
  for (const coder of others) still(coder, theirs(coder, again));
  const sources = [...scenes.map((name) => [name, ["--scene", name]]), ...traces.map((file) => [`${basename(file, ".htr")} (recorded)`, ["--trace", file]])];
  for (const [name, source] of sources) {
    say(`  ${name}`);
    const some = [...source, "--first", String(first)];
    const mean = (frames, field) => sum(frames.slice(1).map((f) => f[field])) / (frames.length - 1);
    const frames = ours(some, dump);
    cells.push({ kind: "move", name, coder: "hearth", bytes: mean(frames, "bytes"), encode: mean(frames, "ms"), decode: mean(frames, "decode"), wasm: inWasm(dump).rest / (frames.length - 1) });
    for (const coder of others) {
      const their = theirs(coder, some);
      cells.push({ kind: "move", name, coder, bytes: mean(their, "bytes"), encode: mean(their, "ms") });
    }
  }
  rmSync(dump);
  return cells;
}

/** All pictures as one: bytes and times of a run added up. */
function together(cells, count) {
  const keys = new Map();
  for (const c of cells.filter((c) => c.kind === "still")) {
    const key = `${c.run} ${c.coder}`;
    const t = keys.get(key) ?? { kind: "still", name: "all", coder: c.coder, run: c.run, bytes: 0, encode: 0, decode: 0, wasm: 0 };
    t.bytes += c.bytes;
    for (const field of ["encode", "decode", "wasm"]) t[field] += (c[field] ?? 0) / count;
    keys.set(key, t);
  }
  return [...keys.values()];
}

const digits = (v) => (v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v >= 0.1 ? v.toFixed(2) : v.toFixed(3));
const kB = (v) => digits(v / 1000);
const coders = ["hearth", ...others];
const names = (cells, kind) => [...new Set(cells.filter((c) => c.kind === kind).map((c) => c.name))];
const pick = (cells, kind, name, coder) => cells.filter((c) => c.kind === kind && c.name === name && c.coder === coder);

function table(cells, kind, field, write) {
  return [`| | ${coders.map((c) => (c === "hearth" ? "**Hearth**" : c)).join(" | ")} |`, `|---|${coders.map(() => "--:|").join("")}`,
    ...names(cells, kind).map((name) => `| ${name} | ${coders.map((c) => withSpread(spread(pick(cells, kind, name, c), field), write)).join(" | ")} |`)].join("\n");
}

function ourTable(cells, kind, unit, raw) {
  return [`| | kB | ${raw ? "times smaller than 24-bit raw | " : ""}encode ${unit} | decode ${unit} | decode in the page's WebAssembly ${unit} |`, `|---|--:|${raw ? "--:|" : ""}--:|--:|--:|`,
    ...names(cells, kind).map((name) => {
      const own = pick(cells, kind, name, "hearth");
      const v = (field, write = digits) => withSpread(spread(own, field), write);
      return `| ${name} | ${v("bytes", kB)} | ${raw ? `${digits(raw(name) / own[0].bytes)} | ` : ""}${v("encode")} | ${v("decode")} | ${v("wasm")} |`;
    })].join("\n");
}

function plot(cells) {
  const bars = (kind, name, field, scale) => coders.map((coder) => {
    const s = spread(pick(cells, kind, name, coder), field);
    return { label: coder, value: s.median / scale, min: s.min / scale, max: s.max / scale, ours: coder === "hearth", text: digits(s.median / scale) };
  });
  return barChart({ title: "Hearth's exact coder beside others", note: "less is better, logarithmic, each group on its own scale; one core; scripts/bench --offline", low: 0.05, ownScale: true,
    groups: [{ name: "all pictures: kB", bars: bars("still", "all", "bytes", 1000) }, { name: "all pictures: encode, ns a pixel", bars: bars("still", "all", "encode", 1) },
      ...names(cells, "move").flatMap((name) => [{ name: `${name}: kB a frame`, bars: bars("move", name, "bytes", 1000) }, { name: `${name}: encode, ms a frame`, bars: bars("move", name, "encode", 1) }])] });
}

function chapter(cells, { machine, pixels, stills, runs, cpuOther }) {
  const raw = (name) => pixels * 3 * (name === "all" ? stills : 1);
  return `# The screen coder, offline

Made by \`scripts/bench --offline\` on ${machine}. ${runs === 1 ? "One run" : `Medians of ${runs} runs, the lowest and highest in brackets where they
differ`}; times are processor time of one core. While it ran, other programs took ${cpuOther.toFixed(0)} % of a core${cpuOther > 10 ? " (**not a quiet machine:** times are too high, bytes are right)" : ""}.

All coders are without loss: Hearth's exact coder, zstd at levels 1 and 3 on the 32-bit pixels, libpng at level 6, WebP
as \`cwebp -z 6\`, and x264 in RGB at QP 0, presets ultrafast and veryfast, tuned for zero latency, one thread.

![Hearth's exact coder beside others](img/bench-offline.svg)

## Whole pictures

1920x1080, each on its own, as when a viewer connects: tests/bench/stills.mjs draws them; others (photographs) are put into
build/bench/stills by hand. \`all\` is their sum, or the mean time.

### kB

${table(cells, "still", "bytes", kB)}

### Encode, ns a pixel

${table(cells, "still", "encode", digits)}

### Hearth in detail

${ourTable(cells, "still", "ns/px", raw)}

## What moves

Frames 2 to ${first} (or as many as there are) of the scenes of codec/bench/scenes.c, and of displays that scripts/record-traces recorded. Hearth
and x264 code a stream. The coders of still pictures get the rectangle around what changed, and finding it is not counted.
Hearth compares the whole screen itself except in \`typing\` and in recordings, where the display server's damage is told.

### kB a frame

${table(cells, "move", "bytes", kB)}

### Encode, ms a frame

${table(cells, "move", "encode", digits)}

### Hearth in detail, a frame

${ourTable(cells, "move", "ms")}
`;
}

function write(cells, facts) {
  const docs = join(root, "docs");
  mkdirSync(join(docs, "img"), { recursive: true });
  writeFileSync(join(docs, "bench-offline.md"), chapter(cells, facts));
  writeFileSync(join(docs, "img/bench-offline.svg"), plot(cells));
}

/** Measures, and writes the report after each run. */
export function measureOffline({ machine, runs, say }) {
  const stills = made("stills", ".png", (dir) => output(process.execPath, [join(root, "tests/bench/stills.mjs"), dir]));
  const traces = made("traces", ".htr", (dir) => output(join(root, "scripts/record-traces"), [dir]));
  mkdirSync(work, { recursive: true });
  const raw = join(work, "raw");
  output(tool("bench_coders"), ["--raw", raw, stills[0], ...stills]);
  const pixels = 1920 * 1080;
  const before = used();
  const cells = [];
  for (let run = 1; run <= runs; run++) {
    say(`run ${run}`);
    cells.push(...measure(stills, traces, raw, pixels, say).map((c) => ({ ...c, run })));
    const now = used();
    const cpuOther = Math.max(0, (100 * (now.machine - before.machine - (now.own - before.own))) / (now.at - before.at));
    write([...cells, ...together(cells, stills.length)], { machine, pixels, stills: stills.length, runs: run, cpuOther });
  }
  rmSync(raw);
}
