/* An engine of pretence for looking at the views: never part of the built page. */
import { signal } from "@preact/signals";
import {
  type Device,
  type Engine,
  type FileEntry,
  type Files,
  HearthError,
  type LinkState,
  type Rights,
  type ScreenSession,
  type SessionState,
  type SessionStats,
  type Transfer,
} from "../../engine/api";

const all: Rights = {
  view: true,
  control: true,
  clipboardIn: true,
  clipboardOut: true,
  filesRead: true,
  filesWrite: true,
};
const id = (k: number) => k.toString(16).padStart(32, "7a3c");
const min = 60_000;
const t0 = Date.now();

const query = new URLSearchParams(location.search);
const some = Number(query.get("n") ?? 5);

function makeDevices(): Device[] {
  const base = { version: "0.1.0", addedMs: t0 - 40 * 24 * 60 * min, inUse: [] };
  const use = { deviceId: id(99), name: "Jonas", sinceMs: t0 - 12 * min, viewOnly: true };
  const list: Device[] = [
    {
      ...base,
      id: id(1),
      name: "Workshop",
      role: "host",
      presence: "in-use",
      lastSeenMs: t0,
      os: "Debian 12",
      inUse: [use],
    },
    { ...base, id: id(2), name: "Studio", role: "host", presence: "online", lastSeenMs: t0, os: "Debian 12" },
    {
      ...base,
      id: id(3),
      name: "This browser",
      role: "browser",
      presence: "here",
      lastSeenMs: t0,
      os: "Firefox on Linux",
    },
    {
      ...base,
      id: id(4),
      name: "Old ThinkPad",
      role: "host",
      presence: "offline",
      lastSeenMs: t0 - 70 * 60 * min,
      os: "Debian 11",
    },
    {
      ...base,
      id: id(5),
      name: "Attic",
      role: "host",
      presence: "online",
      lastSeenMs: t0,
      os: "Ubuntu 24.04",
    },
  ];
  for (let k = 6; k <= some; k++) {
    list.push({
      ...base,
      id: id(k * 7),
      name: `Till ${k}`,
      role: "host",
      presence: k % 4 ? "online" : "offline",
      lastSeenMs: t0 - k * 60 * min,
      os: "Debian 12",
    });
  }
  return some === 1 ? list.filter((device) => device.role === "browser") : list.slice(0, Math.max(some, 2));
}

export function fakeEngine(): Engine {
  const signedIn = !query.has("out");
  const link = signal<LinkState>(signedIn ? { is: "online", account: "claire" } : { is: "signed-out" });
  if (query.has("lost"))
    link.value = { is: "waiting", account: "claire", sinceMs: t0 - 12_000, nextTryMs: 0, why: "" };
  const devices = signal<Device[]>(makeDevices());
  const transfers = signal<Transfer[]>([]);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  if (query.has("transfers")) {
    const base = { device: id(1), deviceName: "Workshop", at: { root: "home", parts: ["x"] }, note: "" };
    transfers.value = [
      {
        ...base,
        id: "1",
        name: "hob-walkround.mp4",
        direction: "up",
        total: 1.42e9,
        done: 8.66e8,
        bytesPerS: 24.8e6,
        state: "running",
      },
      {
        ...base,
        id: "2",
        name: "lavender.tar.gz",
        direction: "down",
        total: 2.1e8,
        done: 7.1e7,
        bytesPerS: 0,
        state: "paused",
      },
      {
        ...base,
        id: "3",
        name: "recipes.zip",
        direction: "up",
        total: 5e6,
        done: 1e6,
        bytesPerS: 0,
        state: "failed",
        note: "Workshop has no room left on its disk. Make room, then go on.",
      },
    ];
  }
  return {
    link,
    devices,
    allDevices: devices,
    transfers,
    account: {
      async signUp() {
        await pause(400);
        link.value = { is: "online", account: "claire" };
        return { recoveryKey: "7QXM-K2RD-9VHT-4WCN-P6GJ-TZ3B-M8FY-2D1A" };
      },
      async signIn(_account, password) {
        await pause(600);
        if (password !== "right horse battery") throw new HearthError("wrong-password", "");
        link.value = { is: "online", account: "claire" };
      },
      async recover() {
        await pause(400);
        throw new HearthError("wrong-password", "");
      },
      async signOut() {
        link.value = { is: "signed-out" };
      },
      async headWords() {
        return ["amber", "thistle", "ferry", "nine"];
      },
    },
    async start() {
      return signedIn;
    },
    look() {},
    add(code) {
      return {
        found: pause(500).then(() => {
          if (code.startsWith("0000")) throw new HearthError("not-found", "");
          return { name: "garden-pc", os: "Debian 12", words: ["copper", "linen", "harbour", "seven"] };
        }),
        async approve() {
          await pause(300);
          return id(2);
        },
        refuse() {},
      };
    },
    async rename(device, name) {
      devices.value = devices.value.map((one) => (one.id === device ? { ...one, name } : one));
    },
    async revoke(device) {
      devices.value = devices.value.filter((one) => one.id !== device);
    },
    control: (device) => fakeSession(device),
    files: fakeFiles,
    pause() {},
    resume() {},
    cancel() {},
    clearFinished() {
      transfers.value = [];
    },
    keyOf: (name) => btoa(unescape(encodeURIComponent(name))),
  };
}

function fakeSession(device: string): ScreenSession {
  const want = query.get("s");
  const state = signal<SessionState>(
    want === "lost"
      ? { is: "lost", sinceMs: t0 - 3000, heldKeys: 12, why: "Your network changed." }
      : want === "connecting"
        ? { is: "connecting", step: "securing" }
        : { is: "live" },
  );
  const size = signal<{ width: number; height: number } | null>({ width: 1920, height: 1200 });
  const stats = signal<SessionStats>({
    connect_ms: 120,
    first_frame_ms: 210,
    frames: 900,
    bytes_in: 38e6,
    bytes_out: 6e5,
    path: "relay",
    rtt_ms: 14,
    exact_share: 0.992,
    echo_ms: [12, 14, 13],
    codec: "hearth-1",
    width: 1920,
    height: 1200,
    frames_per_s: 31,
    bits_per_s: 2.4e6,
    capture_ms: 2.1,
    encode_ms: 4,
    network_ms: 14,
    decode_ms: 3,
    present_ms: 4,
  });
  const paint = (canvas: HTMLCanvasElement) => {
    canvas.width = 1920;
    canvas.height = 1200;
    const context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    if (!context) return;
    context.fillStyle = "#5f8480";
    context.fillRect(0, 0, 1920, 1200);
    context.fillStyle = "#f4f4f2";
    context.fillRect(80, 90, 1000, 700);
    context.fillStyle = "#1a1c24";
    context.fillRect(1010, 300, 840, 600);
    context.font = "22px monospace";
    for (let line = 0; line < 24; line++) {
      context.fillStyle = "#30343a";
      context.fillText(`${line + 1}  Oak worktop, 40 mm, row ${line * 7}`, 120, 140 + line * 27);
      context.fillStyle = "#c9d1d9";
      if (line < 20) context.fillText(`if (plunge(j, ${line}, r) < 0) return -1;`, 1040, 350 + line * 27);
    }
  };
  const log: unknown[] = [];
  Object.assign(window, { fakeLog: log });
  return {
    device,
    state,
    rights: signal({ ...all, control: !query.has("watch") }),
    size,
    noPicture: signal(
      want === "black" ? "The monitor of this PC is off. Move its mouse or press a key to wake it." : null,
    ),
    unsent: signal({ keys: 0, clicks: 0 }),
    cursor: signal({ visible: true, css: "default" }),
    viewers: signal([{ deviceId: id(99), name: "Jonas", sinceMs: t0, viewOnly: true }]),
    stats,
    remoteClipboard: signal("6 passes at 490 mm, feed 1200"),
    attach: paint,
    detach() {},
    setHidden() {},
    setViewOnly() {},
    keyEvent(event, down) {
      log.push(["key", event.code, event.key, down]);
    },
    chord(codes) {
      log.push(["chord", ...codes]);
    },
    typeText(text) {
      log.push(["text", text]);
    },
    releaseAll() {
      log.push(["release"]);
    },
    pointer(x, y, buttons) {
      log.push(["pointer", x, y, buttons]);
    },
    motion() {},
    wheel(x, y, dx, dy) {
      log.push(["wheel", x, y, dx, dy]);
    },
    sendClipboard(text) {
      log.push(["clipboard", text]);
    },
    tryNow() {},
    end() {
      state.value = { is: "ended", by: "you", why: "", seconds: 2520, bytes: 38.6e6 };
    },
  };
}

function fakeFiles(device: string): Files {
  const entry = (name: string, kind: FileEntry["kind"], size: number, ago: number): FileEntry => ({
    name,
    key: btoa(name),
    kind,
    size,
    mtimeMs: t0 - ago * min,
    write: true,
  });
  const state = signal<SessionState>({ is: "live" });
  return {
    device,
    state,
    rights: signal(all),
    async roots() {
      return [{ id: "home", name: "Home", write: true, freeBytes: 86e9 }];
    },
    async list(at) {
      if (at.parts.length > 1) return { entries: [], more: false };
      return {
        more: query.has("more"),
        entries: [
          entry("fixtures", "folder", 0, 40),
          entry("photos", "folder", 0, 1600),
          entry("hob-cutout.c", "file", 4100, 12),
          entry("hob-front.jpg", "file", 2.8e6, 200),
          entry("hob-side.jpg", "file", 3.1e6, 200),
          entry("hob-walkround.mp4", "file", 1.42e9, 190),
          entry("hob.nc", "file", 31000, 11),
          entry("kitchen-rebuild with a very long name that does not fit.ods", "file", 48000, 9),
        ],
      };
    },
    async makeFolder() {},
    async rename() {},
    async remove() {},
    async upload(_to, file, options) {
      if (file.name === "hob.nc" && !options?.replace) throw new HearthError("exists", "");
      return undefined as unknown as Transfer;
    },
    async download() {
      return undefined as unknown as Transfer;
    },
    async downloadFolder() {
      throw new HearthError("denied", "");
    },
    async copyTo() {
      return undefined as unknown as Transfer;
    },
    close() {},
  };
}
