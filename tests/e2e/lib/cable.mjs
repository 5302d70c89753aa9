// A ring whose PC hangs on a cable: broker and CLI in one network namespace, the host in another, and a
// switch between them whose port can be pulled. Pulling it takes the carrier away from the host, which keeps
// its address, and tells the broker nothing: what a cable in the hand does.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { bin, Ring } from "./ring.mjs";

const run = promisify(execFile);
const here = process.pid;
const BROKER = `hearth-b${here}`;
const SWITCH = `hearth-s${here}`;
const HOST = `hearth-h${here}`;
const ADDRESS = { [BROKER]: "10.213.7.1", [HOST]: "10.213.7.2" };
const PORT = { [BROKER]: "broker", [HOST]: "host" }; // the switch's end of each cable

const ip = (...args) => run("ip", args);

/** Why there is no ring like this here, or undefined. */
export async function cableMissing() {
  if (process.getuid() !== 0) return "network namespaces need root";
  const probe = `hearth-p${here}`;
  try {
    await ip("netns", "add", probe);
    await ip("-n", probe, "link", "add", "probe", "type", "bridge");
    await ip("-n", probe, "link", "add", "one", "type", "veth", "peer", "name", "two");
    await run("tc", ["-n", probe, "qdisc", "add", "dev", "one", "root", "tbf", "rate", "20mbit", "burst", "32k", "latency", "50ms"]);
    return undefined;
  } catch (error) {
    return `no network namespaces with bridges and shaping here: ${String(error.stderr ?? error).trim()}`;
  } finally {
    await ip("netns", "del", probe).catch(() => undefined);
  }
}

export class CableRing extends Ring {
  get address() {
    return ADDRESS[BROKER];
  }

  async prepare() {
    this.cleanups.push(async () => {
      for (const name of [BROKER, HOST, SWITCH]) await ip("netns", "del", name).catch(() => undefined);
    });
    for (const name of [SWITCH, BROKER, HOST]) {
      await ip("netns", "add", name);
      await ip("-n", name, "link", "set", "lo", "up");
    }
    await ip("-n", SWITCH, "link", "add", "bridge", "type", "bridge");
    await ip("-n", SWITCH, "link", "set", "bridge", "up");
    for (const name of [BROKER, HOST]) {
      await ip("-n", SWITCH, "link", "add", PORT[name], "type", "veth", "peer", "name", "cable", "netns", name);
      await ip("-n", SWITCH, "link", "set", PORT[name], "master", "bridge");
      await ip("-n", SWITCH, "link", "set", PORT[name], "up");
      await ip("-n", name, "addr", "add", `${ADDRESS[name]}/24`, "dev", "cable");
      await ip("-n", name, "link", "set", "cable", "up");
    }
  }

  call(file, args) {
    if (file === bin("hearth")) args = ["--insecure-ws", ...args];
    if (file === bin("hearth-host")) args = [...args, "--insecure-ws"];
    return ["ip", ["netns", "exec", file === bin("hearth-host") ? HOST : BROKER, file, ...args]];
  }

  pull() {
    return ip("-n", SWITCH, "link", "set", PORT[HOST], "down");
  }

  plug() {
    return ip("-n", SWITCH, "link", "set", PORT[HOST], "up");
  }

  /** Make both directions as slow as rate ("20mbit"). */
  async shape(rate) {
    for (const port of Object.values(PORT)) {
      await run("tc", ["-n", SWITCH, "qdisc", "replace", "dev", port, "root", "tbf", "rate", rate, "burst", "32k", "latency", "50ms"]);
    }
  }

  /** A number of the broker's /metrics. */
  async metric(name) {
    const code = `fetch("http://127.0.0.1:${this.metricsPort}/metrics").then((r) => r.text()).then((t) => process.stdout.write(t))`;
    const { stdout } = await run("ip", ["netns", "exec", BROKER, process.execPath, "-e", code]);
    return Number(stdout.match(new RegExp(`^hearth_broker_${name} (\\d+)$`, "m"))[1]);
  }

  startBroker(extra = []) {
    this.metricsPort = this.port === 65535 ? 1024 : this.port + 1; // nobody else is in this namespace
    return super.startBroker(["--metrics", `127.0.0.1:${this.metricsPort}`, ...extra]);
  }
}
