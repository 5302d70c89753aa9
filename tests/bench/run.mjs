// The conductor of scripts/bench: which cells are to be measured, one after the other, each kept as JSON
// under build/bench, and docs/bench.md written from them.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root, sleep } from "../e2e/lib/ring.mjs";
import { Bench } from "./lib/bench.mjs";
import { expectedMs, sayMinutes } from "./lib/duration.mjs";
import { measureOwn } from "./lib/own.mjs";
import { peers } from "./lib/peers.mjs";
import { machineTicks } from "./lib/proc.mjs";
import { chapters, disturbedPercent, plots, inFile } from "./lib/report.mjs";
import { linkNames, parseLink, tool } from "./lib/space.mjs";
import { measureOffline } from "./offline.mjs";

const usage = `usage: scripts/bench [--quick] [--only NAME,NAME...] [--held-out] [--repeat N] [--seconds N] [--fresh] [--quiet] [--report]
                     [--own] [--offline] [--print]
  without options   every peer, scene and main link, 3 times: hours. Says first how long it will take. Cells that are
                    there are kept, so it can be stopped and goes on where it was; those of other settings are measured
                    again, and those of Hearth when its source changed
  --quick           the main ones in ten minutes, to build/bench/quick only
  --only NAMES      of peers, scenes and links, in any order: hearth-page,scroll,wan20; links also like 20m-40ms-1%
  --held-out        the scenes on which nobody tunes, too
  --repeat N        runs of each cell (3; quick 1)
  --seconds N       of motion in each scene (6; quick 4)
  --fresh           measure again what is there
  --quiet           measure again also what was disturbed (CPU other over ${disturbedPercent} %), and wait for a quiet machine
  --report          only write the report from the cells that are there
  --own             only Hearth alone: echo, sealing, coder
  --offline         only the screen coder beside other coders, to docs/bench-offline.md: six minutes
  --print           the report to stdout, docs/ is left alone`;

const options = {
  quick: { type: "boolean" }, only: { type: "string" }, "held-out": { type: "boolean" }, repeat: { type: "string" },
  seconds: { type: "string" }, fresh: { type: "boolean" }, report: { type: "boolean" }, own: { type: "boolean" }, offline: { type: "boolean" },
  print: { type: "boolean" }, quiet: { type: "boolean" }, help: { type: "boolean" },
};

const say = (text) => process.stderr.write(`${text}\n`);

const allScenes = execFileSync(tool("bench_scene"), ["--list"], { encoding: "utf8" }).trim().split("\n").map((line) => {
  const [name, heldOut] = line.split(" ");
  return { name, heldOut: heldOut !== undefined };
});

function plan(args) {
  const scenes = allScenes.filter((s) => args["held-out"] || !s.heldOut).map((s) => s.name);
  const chosen = args.quick
    ? { peers: ["hearth-view", "hearth-page", "tigervnc", "x11vnc", "novnc"], links: ["lan", "wan20"],
        scenes: ["keys", "keys-video", "typing", "scroll", "terminal", "window", "photo", "video"] }
    : { peers: Object.keys(peers), links: ["lan", "wan20", "wan20loss", "dsl2"], scenes };
  const picked = { peers: [], scenes: [], links: [] };
  for (const name of (args.only ?? "").split(",").filter(Boolean)) {
    if (peers[name]) picked.peers.push(name);
    else if (allScenes.some((s) => s.name === name)) picked.scenes.push(name);
    else {
      parseLink(name); // says what a link may be called
      picked.links.push(name);
    }
  }
  for (const kind of Object.keys(picked)) if (picked[kind].length) chosen[kind] = picked[kind];
  // The copy within the machine knows of no link.
  const pairs = chosen.links.flatMap((link) => chosen.peers.filter((p) => p !== "limit" || link === "lan").map((peer) => ({ link, peer })));
  return { pairs, scenes: chosen.scenes, repeats: Number(args.repeat ?? (args.quick ? 1 : 3)),
    settings: { seconds: Number(args.seconds ?? (args.quick ? 4 : 6)), settleMs: args.quick ? 1150 : 3200, keys: args.quick ? 16 : 30 } };
}

/** The source that Hearth's programs were built from, as far as git can say; with a + when it was changed since. */
function revision() {
  const parts = ["channel", "codec", "broker", "host", "viewer"];
  const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  try {
    return git("log", "-1", "--format=%h", "--", ...parts) + (git("status", "--porcelain", "--", ...parts) ? "+" : "");
  } catch {
    return "unknown";
  }
}

function versionOf(peer) {
  return (peer.packages ?? []).map((name) => {
    try {
      return `${name} ${execFileSync("dpkg-query", ["-W", "-f=${Version}", name], { encoding: "utf8" })}`;
    } catch {
      return `${name} (not installed)`;
    }
  });
}

function loadCells(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => name.endsWith(".json")).sort().map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")));
}

const cellFile = (dir, c) => join(dir, `${inFile(c.link)}_${c.peer}_${c.scene}_${c.repeat}.json`);

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function wanted(dir, cell, args, now, settings) {
  if (args.fresh) return true;
  const file = cellFile(dir, cell);
  if (!existsSync(file)) return true;
  const old = JSON.parse(readFileSync(file, "utf8"));
  return old.error !== undefined || !same(old.settings, settings) || (args.quiet && old.cpu_other > disturbedPercent) || (peers[cell.peer].ours && old.revision !== now);
}

function keep(dir, cell) {
  const file = cellFile(dir, cell);
  writeFileSync(`${file}.part`, JSON.stringify(cell));
  renameSync(`${file}.part`, file);
}

let open = null;

const attempts = 2; // of a session's start, and of a scene

/** What promise gives, unless it takes longer: then whoever waits is not kept for ever. */
async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`${what} took longer than ${Math.round(ms / 1000)} s`)), ms); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The scenes of a session in a row. What fails is tried again in a new session, then left out with its error. */
async function measureSession(dir, session, scenes, settings) {
  const tries = new Map();
  let left = scenes, starts = 0;
  while (left.length) {
    const cell = (scene) => ({ ...session, scene, at: new Date().toISOString(), settings, versions: versionOf(peers[session.peer]) });
    let i = 0;
    try {
      open = new Bench(session.peer);
      await within(120000, "the start", open.start(session.link));
      for (; i < left.length; i++) {
        const figures = await within(3 * expectedMs(left[i], settings) + 60000, left[i], open.scene(left[i], settings));
        keep(dir, { ...cell(left[i]), ...figures });
        say(`  ${left[i]}`);
      }
    } catch (error) {
      if (stopping) await never;
      const begun = open?.started === true, scene = left[i];
      say(`  ${begun ? scene : `${session.peer} did not start`}: ${error.message}`);
      if (begun) {
        keep(dir, { ...cell(scene), error: error.message });
        tries.set(scene, (tries.get(scene) ?? 0) + 1);
        if (tries.get(scene) === attempts) i++;
      } else if (++starts === attempts) {
        for (const name of left.slice(i)) keep(dir, { ...cell(name), error: error.message });
        i = left.length;
      }
    } finally {
      await open?.close();
      open = null;
    }
    left = left.slice(i);
  }
}

/** Until two seconds passed in which the machine had next to nothing to do. */
async function quietMachine() {
  for (let told = false; ; told = true) {
    const before = machineTicks();
    await sleep(2000);
    if ((machineTicks() - before) / 2 < disturbedPercent) return;
    if (!told) say("  waiting for a quiet machine");
  }
}

/** Whether the peer has what the scene asks of it. */
const plays = (peer, scene) => !scene.endsWith("-transfer") || peers[peer].transfer !== undefined;

async function measure(dir, { pairs, scenes, repeats, settings }, args) {
  const now = revision();
  const sessions = [];
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { link, peer } of pairs) {
      const missing = scenes.filter((scene) => plays(peer, scene) && wanted(dir, { link, peer, scene, repeat }, args, now, settings));
      if (missing.length) sessions.push({ session: { link, peer, repeat, revision: now }, missing });
    }
  }
  const ms = (list) => list.reduce((sum, { session, missing }) =>
    sum + (peers[session.peer].startMs ?? 4000) + missing.reduce((all, scene) => all + expectedMs(scene, settings), 0), 0);
  say(`${sessions.reduce((sum, { missing }) => sum + missing.length, 0)} cells in ${sessions.length} sessions, ${sayMinutes(ms(sessions))}`);
  for (const [i, { session, missing }] of sessions.entries()) {
    if (args.quiet) await quietMachine();
    say(`${session.link} ${session.peer}, run ${session.repeat} (${sayMinutes(ms(sessions.slice(i)))} to go)`);
    await measureSession(dir, session, missing, settings);
  }
}

const machine = `${cpus().length} cores of ${cpus()[0].model.trim()}`;

function report(dir, args) {
  const cells = loadCells(join(dir, "cells"));
  const links = [...linkNames, ...new Set(cells.map((c) => c.link).filter((l) => !linkNames.includes(l)))];
  const ownFile = join(root, "build/bench/own.md");
  const text = chapters(cells, peers, links, { machine, own: existsSync(ownFile) ? readFileSync(ownFile, "utf8") : "" });
  if (args.print) {
    process.stdout.write(text);
    return;
  }
  const docs = args.quick ? dir : join(root, "docs"), images = join(docs, "img");
  mkdirSync(images, { recursive: true });
  writeFileSync(join(docs, "bench.md"), text);
  for (const [name, svg] of Object.entries(plots(cells, peers, links))) writeFileSync(join(images, name), svg);
  say(`written: ${join(docs, "bench.md")}`);
}

let stopping = false;
const never = new Promise(() => {}); // what is interrupted waits for stop() to end the process

async function stop(code) {
  if (stopping) return;
  stopping = true;
  await open?.close().catch(() => {});
  process.exit(code);
}

const { values: args } = parseArgs({ options });
if (args.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
if (args.offline) {
  measureOffline({ machine, runs: Number(args.repeat ?? 3), say });
  process.exit(0);
}
process.on("SIGINT", () => stop(130));
process.on("SIGTERM", () => stop(143));

const dir = join(root, "build/bench", args.quick ? "quick" : "full");
mkdirSync(join(dir, "cells"), { recursive: true });
if (!args.report) {
  const what = plan(args);
  if (!args.own) await measure(join(dir, "cells"), what, args);
  if (args.own || (!args.quick && !args.only)) writeFileSync(join(root, "build/bench/own.md"), await measureOwn());
}
report(dir, args);
process.exit(0);
