// One peer on one link: both X servers, the peer between them, and one scene after the other.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Program, root, sleep } from "../../e2e/lib/ring.mjs";
import { byteFigures, keyFigures, motionFigures } from "./figures.mjs";
import { peers } from "./peers.mjs";
import { cpuPercent, pssMb, processes, snapshot } from "./proc.mjs";
import { Space, tool } from "./space.mjs";

const size = "1920x1080";
/** Until a copy has filled the link. */
const transferLeadMs = 3000;

// A number is free within a network namespace only as far as the server can tell, but the sockets in /tmp
// are seen by all: so the numbers are this process's own.
const firstDisplay = 20000 + (process.pid % 10000) * 4;
let displays = 0;

/** An X server; says on descriptor 3 when it serves. */
export async function xServer(wrap, file, args, programs) {
  const number = firstDisplay + (displays++ % 4);
  const child = spawn(...wrap(file, [`:${number}`, "-displayfd", "3", ...args]), { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const program = { pid: child.pid, stop: async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill();
    await Promise.race([new Promise((done) => child.once("exit", done)), sleep(3000).then(() => child.kill("SIGKILL"))]);
  } };
  programs.push(program);
  await new Promise((done, fail) => {
    createInterface({ input: child.stdio[3] }).once("line", done);
    child.once("exit", () => fail(new Error(`${file} did not start`)));
  });
  program.display = `:${number}`;
  return program;
}

export class Bench {
  constructor(peerName) {
    this.peer = peers[peerName];
    this.programs = [];
    this.cleanups = [];
    this.space = new Space();
  }

  /** Everything is running and connected; a scene may play. Whatever happens, close() is to follow. */
  async start(linkName) {
    this.dir = await mkdtemp(join(tmpdir(), "hearth-bench-"));
    await this.space.open(linkName);
    const screen = ["-screen", "0", `${size}x24`, "-dpi", "96", "-nolisten", "tcp", "-noreset"];
    this.target = await xServer(this.space.inB, "Xvfb", [...screen, "-fbdir", this.dir], this.programs);
    this.targetFile = join(this.dir, "Xvfb_screen0");
    if (this.peer.windowManager !== false) this.spawn(this.space.inB, "openbox", [], this.target.display);
    this.source = this.peer.source
      ? await this.peer.source(this)
      : await xServer(this.space.inA, "Xvfb", screen, this.programs);
    this.groups = { server: [], viewer: [], xsrc: [this.source.pid], xdst: [this.target.pid] };
    await this.peer.start(this);
    this.started = true;
  }

  /** A program that is ended with the bench; group: whose time it counts to. */
  spawn(wrap, file, args, display, { group, env = {} } = {}) {
    const environment = { ...process.env, ...env, HOME: this.dir, XDG_RUNTIME_DIR: this.dir };
    delete environment.WAYLAND_DISPLAY;
    if (display) environment.DISPLAY = display;
    else delete environment.DISPLAY;
    const program = new Program(...wrap(file, args), { env: environment });
    this.programs.push(program);
    if (group) this.groups[group].push(program.pid);
    return program;
  }

  server(file, args, options) {
    return this.spawn(this.space.inA, file, args, this.source.display, { group: "server", ...options });
  }
  viewer(file, args, options) {
    return this.spawn(this.space.inB, file, args, this.target.display, { group: "viewer", ...options });
  }

  reading() {
    const shot = snapshot(this.groups, { pid: this.target.pid, device: this.space.device });
    return { ...shot, bytes: this.space.bytes(shot.net) };
  }

  /** Play one scene and give its figures. */
  async scene(name, { seconds, settleMs, keys }) {
    if (name.startsWith("keys")) seconds = Math.ceil(keys * 3.5) + 5; // enough when all are lost; ends with the last key
    const file = join(this.dir, "run");
    await rm(file, { force: true });
    const cache = join(root, "build/bench/photos");
    await mkdir(cache, { recursive: true });
    const playing = this.spawn(this.space.inA, tool("bench_scene"), ["--run", file, "--scene", name, "--seconds", String(seconds),
      "--cache", cache], this.source.display);
    let watch, endTransfer;
    try {
      const isKeys = name.startsWith("keys");
      const watchArgs = ["--run", file, "--target", this.targetFile, "--settle-ms", String(name === "idle" ? 0 : settleMs)];
      if (isKeys) watchArgs.push("--keys", String(keys));
      // The watcher needs the scene's file: there once the scene is painted.
      for (let i = 0; i < 200 && !(await ready(file)); i++) {
        if (playing.code !== undefined) throw new Error(`bench_scene ended: ${playing.lines.join(" ")}`);
        await sleep(50);
      }
      const [watchFile, args] = this.space.inB(tool("bench_watch"), watchArgs);
      watch = spawn(watchFile, args, { env: { ...process.env, DISPLAY: this.target.display }, stdio: ["pipe", "pipe", "pipe"] });
      const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]();
      let complaint = "";
      watch.stderr.on("data", (data) => { complaint += data; });
      const line = async () => {
        const { value, done } = await lines.next();
        if (done) throw new Error(complaint.trim() || "bench_watch ended early");
        return value;
      };
      await line();
      if (name.endsWith("-transfer")) {
        endTransfer = await this.peer.transfer(this);
        await sleep(transferLeadMs);
      }
      const from = this.reading();
      watch.stdin.write("go\n");
      await line();
      const to = this.reading();
      const raw = JSON.parse(await line());
      const settled = this.reading();
      await endTransfer?.();
      endTransfer = undefined;
      const all = processes();
      const moving = raw.interval_us > 0 && !isKeys;
      const figures = isKeys ? keyFigures(raw) : moving ? motionFigures(raw) : { diff_px: raw.differences, psnr_3s: raw.psnr_3s };
      return {
        ...figures,
        ...byteFigures(from.bytes, to.bytes, settled.bytes, (to.ms - from.ms) / 1000, figures.shown ?? figures.keys ?? 0),
        ...cpuPercent(from, to),
        pss_server: pssMb(all, this.groups.server), pss_viewer: pssMb(all, this.groups.viewer),
        raw,
      };
    } finally {
      if (watch && watch.exitCode === null) watch.kill();
      await endTransfer?.().catch(() => {});
      await playing.stop().catch(() => {});
    }
  }

  async close() {
    for (const program of this.programs.reverse()) await program.stop("SIGTERM", 4000).catch(() => {});
    for (const cleanup of this.cleanups.reverse()) await cleanup().catch(() => {});
    await this.space.close();
    if (this.dir) await rm(this.dir, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether bench_scene has painted frame 0: the state, first in its file, is 1. */
async function ready(file) {
  const { open } = await import("node:fs/promises");
  try {
    const handle = await open(file, "r");
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return bytesRead === 4 && buffer.readUInt32LE(0) >= 1;
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}
