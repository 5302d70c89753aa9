// The link: this browser's one WebSocket to its broker (docs/wire.md section 5). Signs in with the device
// key, keeps the log in step (checked by the C code), hears presence, asks for connections.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Device, HearthError, type LinkState, type Use } from "../engine/api";
import {
  Code,
  type DeviceState,
  DeviceStateSchema,
  type FromBroker,
  FromBrokerSchema,
  Kind,
  type Relay,
  type ToBroker,
  ToBrokerSchema,
} from "../gen/link_pb";
import { backoffMs } from "./backoff";
import { type Bytes, concat, copyOf, equal, hex, utf8 } from "./bytes";
import type { Identity } from "./identity";
import { ERR_FORK, LogError } from "./log";

export const VERSION = "0.1.0";
const SUBPROTOCOL = "hearth-link-1";
const REQUEST_TIMEOUT_MS = 10_000;
const OPEN_TIMEOUT_MS = 10_000;
const PING_DEFAULT_S = 20;
const DEAD_AFTER_PINGS = 2.2;
const PROBE_MS = 2500;
const URGENT_MS = 1000;
const URGENT_FOR_MS = 60_000;
const NONCE_BYTES = 32;
const CLOSE_DENIED = 4401;
const CLOSE_REPLACED = 4409;

type Body = Exclude<ToBroker["body"], { case: undefined }>;
type Answer = FromBroker["body"];

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

export interface LinkEvents {
  /** Somebody waits in front of a picture that stands still: try again sooner. */
  urgent(): boolean;
  state(state: LinkState): void;
  /** Devices, names or presence changed. */
  changed(): void;
  enroll(handle: bigint, data: Bytes, end: boolean): void;
}

const CODES: Partial<Record<Code, HearthError["code"]>> = {
  [Code.BAD_REQUEST]: "bad-input",
  [Code.DENIED]: "denied",
  [Code.NOT_FOUND]: "not-found",
  [Code.OFFLINE]: "offline",
  [Code.EXPIRED]: "expired",
  [Code.CONFLICT]: "changed",
  [Code.BUSY]: "busy",
};

const OFFLINE = () =>
  new HearthError("unreachable", "The server does not answer now. The page goes on trying by itself.");

export class Link {
  private socket: WebSocket | null = null;
  private greeted = false;
  private stopped = false;
  private tries = 0;
  private requests = 0;
  private heardMs = 0;
  private saidMs = 0;
  private pingS = PING_DEFAULT_S;
  private lostSinceMs = 0;
  private looking = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly pulse: ReturnType<typeof setInterval>;
  private readonly waiting = new Map<number, Waiting>();
  private readonly patient = new Set<() => void>();
  private presence = new Map<string, DeviceState>();
  private current: LinkState;

  constructor(
    private readonly me: Identity,
    private readonly events: LinkEvents,
  ) {
    this.current = { is: "connecting", account: me.account };
    this.pulse = setInterval(() => this.beat(), 1000);
    this.connect();
  }

  get state(): LinkState {
    return this.current;
  }

  get online(): boolean {
    return this.current.is === "online";
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.pulse);
    clearTimeout(this.retryTimer);
    clearTimeout(this.probeTimer);
    this.drop(OFFLINE());
  }

  /** Is the socket still good? After sleep or a change of network it may be dead without knowing. */
  probe(): void {
    if (!this.greeted || this.probeTimer !== undefined) return;
    const sinceMs = performance.now();
    this.send({ case: "ping", value: { $typeName: "hearth.link.Ping", t: BigInt(Math.round(sinceMs)) } });
    this.probeTimer = setTimeout(() => {
      this.probeTimer = undefined;
      if (!this.greeted || this.heardMs >= sinceMs) return;
      this.drop(OFFLINE());
      this.later("The server does not answer.", 0);
    }, PROBE_MS);
  }

  /** The network came back or the page is seen again: do not wait out the pause. */
  hurry(): void {
    this.probe();
    if (this.stopped || this.current.is !== "waiting") return;
    this.tries = 0;
    clearTimeout(this.retryTimer);
    this.connect();
  }

  look(on: boolean): void {
    this.looking = on;
    if (this.online) this.send({ case: "look", value: { $typeName: "hearth.link.Look", on } });
  }

  async connectTo(device: Bytes, sessionId: Bytes): Promise<Relay> {
    const answer = await this.request({
      case: "connect",
      value: { $typeName: "hearth.link.Connect", deviceId: device, sessionId },
    });
    if (answer.case !== "relay")
      throw new HearthError("internal", "The server answered something else. Try again.");
    return answer.value;
  }

  async enrollFind(locator: string): Promise<bigint> {
    const answer = await this.request({
      case: "enrollFind",
      value: { $typeName: "hearth.link.EnrollFind", locator },
    });
    if (answer.case !== "enrollFound")
      throw new HearthError("internal", "The server answered something else. Try again.");
    return answer.value.handle;
  }

  enrollSend(handle: bigint, data: Uint8Array, end = false): void {
    this.send({
      case: "enrollMessage",
      value: { $typeName: "hearth.link.EnrollMessage", handle, data, end },
    });
  }

  /** Asks for entries that are missing here and waits until they are in. */
  async refreshLog(): Promise<void> {
    for (;;) {
      const before = this.me.log.count;
      const answer = await this.request({
        case: "logGet",
        value: { $typeName: "hearth.link.LogGet", from: BigInt(before) },
      });
      if (answer.case !== "logEntries") return;
      // What the answer brought was taken when it came. A long log comes in pages.
      const now = this.me.log.count;
      if (now >= Number(answer.value.total)) return;
      if (now === before)
        throw new HearthError(
          "internal",
          "The server did not give the whole history of the account. Try again.",
        );
    }
  }

  /** make: the unsigned entry for the log as it stands; tried again when the log moved on. */
  async appendEntry(make: () => Bytes): Promise<void> {
    for (let tries = 0; ; tries++) {
      let unsigned: Bytes;
      try {
        unsigned = make();
      } catch {
        throw new HearthError("bad-input", "That name does not fit. Use 1 to 64 letters or digits.");
      }
      const entry = await this.me.signed(unsigned);
      try {
        await this.request({
          case: "logAppend",
          value: { $typeName: "hearth.link.LogAppend", entries: [entry] },
        });
      } catch (error) {
        if (!(error instanceof HearthError) || error.code !== "changed" || tries >= 3) throw error;
        await this.refreshLog();
        continue;
      }
      // The broker may have pushed it already.
      if (!this.holds(entry)) this.takeEntries(this.me.log.count, [entry], this.me.log.count + 1);
      return;
    }
  }

  devices(): Device[] {
    const all = this.me.log.devices();
    const nameOf = (id: Uint8Array) => all.find((d) => equal(d.id, id))?.name ?? "Unknown device";
    return all
      .filter((d) => !d.revoked)
      .map((d) => {
        const key = hex(d.id);
        const seen = this.online ? this.presence.get(key) : undefined;
        const known = this.presence.get(key) ?? create(DeviceStateSchema);
        const inUse: Use[] = (seen?.inUse ?? []).map((use) => ({
          deviceId: hex(use.deviceId),
          name: nameOf(use.deviceId),
          sinceMs: Number(use.sinceMs),
          viewOnly: use.viewOnly,
        }));
        const here = equal(d.id, this.me.deviceId);
        return {
          id: key,
          name: d.name,
          role: d.role,
          presence: here ? "here" : !seen?.online ? "offline" : inUse.length > 0 ? "in-use" : "online",
          lastSeenMs: Number(known.lastSeenMs),
          os: known.os,
          version: known.version,
          addedMs: d.addedMs,
          inUse,
        };
      });
  }

  isOnline(id: string): boolean {
    return this.online && this.presence.get(id)?.online === true;
  }

  private set(state: LinkState): void {
    this.current = state;
    if (state.is !== "connecting") for (const done of [...this.patient]) done();
    this.events.state(state);
    this.events.changed();
  }

  private connect(): void {
    if (this.stopped) return;
    if (this.tries === 0 || this.current.is !== "waiting")
      this.set({ is: "connecting", account: this.me.account });
    const url = new URL("/v1/link", self.location.origin);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.greeted = false;
    this.heardMs = performance.now();
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, SUBPROTOCOL);
    } catch {
      this.later("This browser refused the connection to the server.");
      return;
    }
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = (event) => {
      if (this.socket === socket && event.data instanceof ArrayBuffer)
        this.receive(new Uint8Array(event.data));
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.closed(event.code);
    };
  }

  private receive(data: Bytes): void {
    this.heardMs = performance.now();
    let message: FromBroker;
    try {
      message = fromBinary(FromBrokerSchema, data);
    } catch {
      this.drop(OFFLINE());
      this.later("The server sent something that is not a message.");
      return;
    }
    const { body } = message;
    switch (body.case) {
      case "challenge":
        if (!this.greeted && body.value.nonce.length === NONCE_BYTES) void this.hello(body.value.nonce);
        return;
      case "welcome":
        this.greeted = true;
        this.tries = 0;
        this.lostSinceMs = 0;
        this.pingS = Math.min(120, Math.max(1, body.value.pingS || PING_DEFAULT_S));
        this.set({ is: "online", account: this.me.account });
        if (this.looking) this.look(true);
        return;
      case "ping":
        this.send({ case: "pong", value: { $typeName: "hearth.link.Pong", t: body.value.t } });
        return;
      case "presence":
        if (body.value.full) this.presence = new Map();
        for (const device of body.value.devices) this.presence.set(hex(device.deviceId), device);
        this.events.changed();
        return;
      case "logEntries":
        this.takeEntries(Number(body.value.from), body.value.entries, Number(body.value.total));
        break;
      case "enrollMessage":
        this.events.enroll(body.value.handle, copyOf(body.value.data), body.value.end);
        return;
      case "goAway":
        this.drop(OFFLINE());
        this.later("The server restarts.", Math.random() * Math.min(60_000, body.value.retryMs || 1000));
        return;
      case "error":
        if (!this.greeted && message.re === 0) {
          if (body.value.code === Code.DENIED) this.refuse();
          return;
        }
        break;
      default:
        break;
    }
    this.answer(message);
  }

  private answer(message: FromBroker): void {
    const waiting = message.re ? this.waiting.get(message.re) : undefined;
    if (!waiting) return;
    this.waiting.delete(message.re);
    clearTimeout(waiting.timer);
    if (message.body.case === "error") {
      const { code, message: text, retryMs } = message.body.value;
      waiting.reject(new HearthError(CODES[code] ?? "internal", text || "The server refused that.", retryMs));
    } else {
      waiting.resolve(message.body);
    }
  }

  private async hello(nonce: Uint8Array): Promise<void> {
    const socket = this.socket;
    const proof = await this.me.sign(
      concat(utf8("hearth-link-1\0"), nonce, this.me.deviceId, utf8(self.location.host)),
    );
    if (this.socket !== socket) return;
    this.send({
      case: "hello",
      value: {
        $typeName: "hearth.link.Hello",
        accountId: this.me.accountId,
        deviceId: this.me.deviceId,
        proof,
        os: browserName(),
        version: VERSION,
        // One fewer than it holds: the last entry comes again, so that a fork of the same length shows at once.
        logHave: BigInt(Math.max(0, this.me.log.count - 1)),
        kind: Kind.BROWSER,
      },
    });
  }

  private holds(entry: Bytes): boolean {
    const log = this.me.log;
    for (let seq = log.count - 1; seq >= 0 && seq >= log.count - 8; seq--) {
      const ours = log.entry(seq);
      if (ours && equal(ours, entry)) return true;
    }
    return false;
  }

  private takeEntries(from: number, entries: Uint8Array[], total: number): void {
    const log = this.me.log;
    const before = log.count;
    if (total < before) {
      this.distrust("The server shows a shorter history of this account than this browser has seen");
      return;
    }
    try {
      for (const [i, entry] of entries.entries()) {
        const seq = from + i;
        if (seq > log.count) return void this.refreshLog().catch(() => undefined);
        const ours = seq < log.count ? log.entry(seq) : null;
        if (!ours) log.append(entry);
        else if (!equal(ours, entry)) throw new LogError(ERR_FORK);
      }
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      this.distrust("The server shows another history of this account than this browser has seen");
      return;
    }
    if (log.count === before) return;
    void this.me.saveLog().catch(() => undefined);
    if (log.find(this.me.deviceId)?.revoked) {
      this.refuse();
      return;
    }
    this.events.changed();
  }

  /** Final: an attack or a broken broker; nothing is sent to it any more. */
  distrust(fact: string): void {
    this.end(
      `${fact}. The page stopped talking to it. Compare the account's words on your other devices, and speak with whoever runs the server.`,
    );
  }

  private refuse(): void {
    this.end("This browser was removed from the account. Sign out here, then sign in again to add it.");
  }

  private end(why: string): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    clearInterval(this.pulse);
    this.drop(new HearthError("denied", why));
    this.set({ is: "refused", account: this.me.account, why });
  }

  private closed(code: number): void {
    this.drop(OFFLINE());
    if (code === CLOSE_DENIED) {
      this.refuse();
    } else if (code === CLOSE_REPLACED) {
      // Two tabs must not push each other out for ever: this one waits until it is looked at again.
      this.later(
        "Hearth is open in another tab of this browser. Go on there, or look at this tab again.",
        3_600_000,
      );
    } else {
      this.later("The server does not answer.");
    }
  }

  private later(why: string, pauseMs?: number): void {
    if (this.stopped) return;
    this.tries++;
    const now = Date.now();
    if (this.lostSinceMs === 0) this.lostSinceMs = now;
    const urgent = this.events.urgent() && now - this.lostSinceMs < URGENT_FOR_MS;
    const pause =
      pauseMs ?? (urgent ? URGENT_MS * (0.3 + 0.7 * Math.random()) : backoffMs(this.tries, Math.random()));
    this.set({
      is: "waiting",
      account: this.me.account,
      sinceMs: this.lostSinceMs,
      nextTryMs: now + pause,
      why,
    });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.connect(), pause);
  }

  private drop(error: HearthError): void {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    if (socket) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.waiting.clear();
  }

  private beat(): void {
    if (!this.socket) return;
    const now = performance.now();
    const silentMs = now - this.heardMs;
    const limitMs = this.greeted ? DEAD_AFTER_PINGS * this.pingS * 1000 : OPEN_TIMEOUT_MS;
    if (silentMs > limitMs) {
      this.drop(OFFLINE());
      this.later("The server does not answer.");
    } else if (this.greeted && silentMs > this.pingS * 1000 && now - this.saidMs > 1000) {
      this.send({ case: "ping", value: { $typeName: "hearth.link.Ping", t: BigInt(Math.round(now)) } });
    }
  }

  private send(body: Body, id = 0): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.saidMs = performance.now();
    this.socket.send(toBinary(ToBrokerSchema, create(ToBrokerSchema, { id, body })) as Bytes);
  }

  /** Right after signing in the socket is still being opened: worth a moment's patience. */
  private comingOnline(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.patient.delete(done);
        reject(OFFLINE());
      }, REQUEST_TIMEOUT_MS);
      const done = () => {
        clearTimeout(timer);
        this.patient.delete(done);
        if (this.online) resolve();
        else reject(OFFLINE());
      };
      this.patient.add(done);
    });
  }

  private async request(body: Body): Promise<Answer> {
    if (!this.online && this.current.is === "connecting") await this.comingOnline();
    if (!this.online) throw OFFLINE();
    this.requests = (this.requests + 1) >>> 0 || 1;
    const id = this.requests;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(OFFLINE());
      }, REQUEST_TIMEOUT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      this.send(body, id);
    });
  }
}

/** "Chromium 156 on Linux": what the owner sees in the list of devices; at most 64 bytes. */
function browserName(): string {
  const agent = navigator.userAgent;
  const version = (pattern: RegExp) => pattern.exec(agent)?.[1] ?? "";
  const browser = agent.includes("Firefox/")
    ? `Firefox ${version(/Firefox\/(\d+)/)}`
    : agent.includes("Edg/")
      ? `Edge ${version(/Edg\/(\d+)/)}`
      : agent.includes("Chrome/")
        ? `Chrome ${version(/Chrome\/(\d+)/)}`
        : agent.includes("Safari/")
          ? `Safari ${version(/Version\/(\d+)/)}`
          : "Browser";
  const os = ["Android", "Windows", "iPhone", "iPad", "Mac OS", "CrOS", "Linux"].find((name) =>
    agent.includes(name),
  );
  return os ? `${browser} on ${os === "Mac OS" ? "macOS" : os}` : browser;
}
