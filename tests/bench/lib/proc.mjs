// What /proc tells of programs and their descendants: processor time, memory, wake-ups, and the bytes of
// a network namespace's device.
import { readFileSync, readdirSync } from "node:fs";

const ticksPerSecond = 100; // USER_HZ, fixed for user space

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

/** {ppid, ticks} from a line of /proc/PID/stat; the name may hold spaces and brackets. */
export function parseStat(text) {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // Own and waited-for children's time, so that what ended in between counts.
  return { ppid: Number(fields[1]), ticks: [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0) };
}

/** Bytes and packets of one device from /proc/net/dev. */
export function parseDevice(text, device) {
  const line = text.split("\n").find((l) => l.trim().startsWith(`${device}:`));
  if (!line) return null;
  const n = line.slice(line.indexOf(":") + 1).trim().split(/\s+/).map(Number);
  return { rxBytes: n[0], rxPackets: n[1], txBytes: n[8], txPackets: n[9] };
}

/** pid -> {ppid, ticks} of every process. */
export function processes() {
  const all = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = read(`/proc/${name}/stat`);
    if (text) all.set(Number(name), parseStat(text));
  }
  return all;
}

/** The pids of these and all they have started. */
export function tree(all, roots) {
  const children = new Map();
  for (const [pid, { ppid }] of all) children.set(ppid, [...(children.get(ppid) ?? []), pid]);
  const found = [], next = roots.filter((pid) => all.has(pid));
  while (next.length) {
    const pid = next.pop();
    found.push(pid);
    next.push(...(children.get(pid) ?? []));
  }
  return [...new Set(found)];
}

export function cpuTicks(all, roots) {
  return tree(all, roots).reduce((sum, pid) => sum + all.get(pid).ticks, 0);
}

/** Proportional memory in MB. */
export function pssMb(all, roots) {
  let kb = 0;
  for (const pid of tree(all, roots)) kb += Number(read(`/proc/${pid}/smaps_rollup`).match(/^Pss:\s+(\d+)/m)?.[1] ?? 0);
  return kb / 1024;
}

/** Voluntary context switches of all threads: how often they woke up. */
export function wakeUps(all, roots) {
  let sum = 0;
  for (const pid of tree(all, roots)) {
    let tasks = [];
    try {
      tasks = readdirSync(`/proc/${pid}/task`);
    } catch {
      continue;
    }
    for (const task of tasks)
      sum += Number(read(`/proc/${pid}/task/${task}/status`).match(/^voluntary_ctxt_switches:\s+(\d+)/m)?.[1] ?? 0);
  }
  return sum;
}

/** Busy ticks of the whole machine. */
export function machineTicks() {
  const n = read("/proc/stat").split("\n")[0].trim().split(/\s+/).slice(1).map(Number);
  return n[0] + n[1] + n[2] + n[5] + n[6]; // user, nice, system, irq, softirq; steal and idle are not ours to judge
}

/** Everything the percentages are made of, at one time. */
export function snapshot(groups, { pid, device }) {
  const all = processes();
  const shot = { ms: performance.now(), machine: machineTicks(), own: cpuTicks(all, [process.pid]), groups: {} };
  for (const [name, roots] of Object.entries(groups)) shot.groups[name] = { ticks: cpuTicks(all, roots), wakeUps: wakeUps(all, roots) };
  shot.net = parseDevice(read(`/proc/${pid}/net/dev`), device);
  return shot;
}

/** Percent of one core between two snapshots. */
export function cpuPercent(from, to) {
  const seconds = (to.ms - from.ms) / 1000;
  const percent = (ticks) => (ticks / ticksPerSecond / seconds) * 100;
  const out = {};
  for (const name of Object.keys(from.groups)) {
    out[`cpu_${name}`] = percent(to.groups[name].ticks - from.groups[name].ticks);
    out[`wakeups_${name}`] = (to.groups[name].wakeUps - from.groups[name].wakeUps) / seconds;
  }
  out.cpu_other = Math.max(0, percent(to.machine - from.machine - (to.own - from.own)));
  return out;
}
