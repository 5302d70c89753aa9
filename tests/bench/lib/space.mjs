// Two network namespaces and the link between them: a veth pair, or bench_link's shaped TUN pair.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program, root } from "../../e2e/lib/ring.mjs";

const run = promisify(execFile);
export const tool = (name) => join(root, "build/release/bench", name);
export const addressA = "10.77.0.1", addressB = "10.77.0.2";

/** The links by name: rates in Mbit/s and round trips in ms; the queue holds 100 ms, at least 50 kB. */
const named = {
  lan: null,
  lan100: { mbit: 100, ms: 0, loss: 0 },
  wan100: { mbit: 100, ms: 40, loss: 0 },
  wan20: { mbit: 20, ms: 40, loss: 0 },
  wan20loss: { mbit: 20, ms: 40, loss: 1 },
  far20: { mbit: 20, ms: 150, loss: 0 },
  dsl2: { mbit: 2, ms: 60, loss: 0 },
};
export const linkNames = Object.keys(named);

/** {mbit, ms, loss, queue} of a name of the table or of RATEm-DELAYms[-LOSS%]; null for unshaped. */
export function parseLink(name) {
  let link = named[name];
  if (link === undefined) {
    const m = name.match(/^(\d+(?:\.\d+)?)m-(\d+)ms(?:-(\d+(?:\.\d+)?)%)?$/);
    if (!m) throw new Error(`no link is called ${name}; links: ${linkNames.join(" ")}, or like 20m-40ms or 20m-40ms-1%`);
    link = { mbit: Number(m[1]), ms: Number(m[2]), loss: Number(m[3] ?? 0) };
  }
  return link && { ...link, queue: Math.max(50000, Math.round((link.mbit * 1e6) / 8 / 10)) };
}

/** Remove the namespaces of benches that were killed. */
async function sweep() {
  const { stdout } = await run("ip", ["netns", "list"]);
  for (const name of stdout.split("\n").map((line) => line.split(" ")[0])) {
    const pid = name.match(/^hearthBench[AB](\d+)$/)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) await run("ip", ["netns", "del", name]).catch(() => {});
  }
}

export class Space {
  a = `hearthBenchA${process.pid}`;
  b = `hearthBenchB${process.pid}`;

  async open(linkName) {
    this.link = parseLink(linkName);
    await sweep();
    for (const name of [this.a, this.b]) {
      await run("ip", ["netns", "add", name]);
      await run("ip", ["-n", name, "link", "set", "lo", "up"]);
    }
    await (this.link ? this.shaped() : this.plain());
  }

  async plain() {
    this.device = "veth0";
    await run("ip", ["link", "add", "veth0", "netns", this.a, "type", "veth", "peer", "name", "veth0", "netns", this.b]);
    for (const [name, address] of [[this.a, addressA], [this.b, addressB]]) {
      // Whole packets are counted, not what the kernel would glue together.
      await run("ip", ["netns", "exec", name, "ethtool", "-K", "veth0", "tso", "off", "gso", "off", "gro", "off"]);
      await run("ip", ["-n", name, "addr", "add", `${address}/24`, "dev", "veth0"]);
      await run("ip", ["-n", name, "link", "set", "veth0", "up"]);
    }
    await this.congestion();
  }

  /** Debian's congestion control, whatever this kernel's default is. */
  async congestion() {
    for (const name of [this.a, this.b])
      await run("ip", ["-n", name, "route", "replace", "10.77.0.0/24", "dev", this.device, "congctl", "cubic"]);
  }

  async shaped() {
    const { mbit, ms, loss, queue } = this.link;
    this.device = "tun0";
    this.relay = new Program(tool("bench_link"), ["--a", this.a, "--b", this.b, "--device", "tun0",
      "--rate-kbit", String(Math.round(mbit * 1000)), "--delay-ms", String(ms), "--queue-bytes", String(queue),
      "--loss-ppm", String(Math.round(loss * 10000))]);
    await this.relay.line(/^ready/);
    for (const [name, address] of [[this.a, addressA], [this.b, addressB]]) {
      await run("ip", ["-n", name, "addr", "add", `${address}/24`, "dev", "tun0"]);
      await run("ip", ["-n", name, "link", "set", "tun0", "txqueuelen", "1000", "up"]);
    }
    await this.congestion();
  }

  inA = (file, args) => ["ip", ["netns", "exec", this.a, file, ...args]];
  inB = (file, args) => ["ip", ["netns", "exec", this.b, file, ...args]];

  /** IP bytes of the viewer's side; a veth counts Ethernet's header too. */
  bytes({ rxBytes, rxPackets, txBytes, txPackets }) {
    const header = this.link ? 0 : 14;
    return { down: rxBytes - header * rxPackets, up: txBytes - header * txPackets };
  }

  async close() {
    await this.relay?.stop().catch(() => {});
    for (const name of [this.a, this.b]) await run("ip", ["netns", "del", name]).catch(() => {});
  }
}
