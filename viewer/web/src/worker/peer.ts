// One computer as this page knows it: finds it through the broker, keeps one sealed session with it alive
// over lost networks, and shares that session between the screen and the files of the page.

import { create } from "@bufbuild/protobuf";
import { HearthError, type Rights, type SessionState } from "../engine/api";
import { type FromHost, type HostHello, ViewerHelloSchema } from "../gen/session_pb";
import { type Bytes, concat, random, unhex, utf8 } from "./bytes";
import { Channel, type ChannelHandler, KIND, LANE } from "./channel";
import { type Answer, type Body, Control, type More } from "./control";
import type { Core, Ptr } from "./core";
import type { Identity } from "./identity";
import type { Link } from "./link";
import { servesAt } from "./log";
import { Pulse } from "./pulse";
import { openRelay } from "./relay";
import { Typed } from "./typed";

const HANDSHAKE_TIMEOUT_MS = 10_000;
const RESUME_TIMEOUT_MS = 3_000;
/** The host forgets a session without a path after 60 s; a little sooner we start afresh. */
const RESUME_WITHIN_MS = 55_000;
const RETRY_MOST_MS = 8_000;
/** ... and while the broker says that it is there. */
const RETRY_THERE_MS = 1_500;
const FAILURES_MOST = 4;
const REFUSALS_MOST = 2;
const HELD_KEYS_MOST = 1000;
/** Motion in the line that is not acknowledged; about half a second of a quick mouse. */
const MOTION_AHEAD_BYTES = 4096;
const MAX_PIXELS = 3840 * 2160;

/** A part of the page that works on the computer. */
export interface PeerUser {
  readonly screen: boolean;
  readonly viewOnly: boolean;
  /** Somebody looks at it now: a silent line must be noticed at once. */
  readonly watched: boolean;
  state(state: SessionState): void;
  rights(rights: Rights): void;
  /** A new session is up; nothing of the one before is left. */
  begun(hello: HostHello): void;
  /** The old session goes on over a new path. */
  resumed(): void;
  heard(message: FromHost): void;
  message(at: Ptr, len: number): void;
  gap(): void;
  /** So many keys were held for a session that is no more: they are not sent. */
  keysLost(keys: number): void;
}

/** Only listens for what it names: for somebody who looks on for a moment. */
export const ONLOOKER: PeerUser = {
  screen: false,
  viewOnly: true,
  watched: false,
  state: () => undefined,
  rights: () => undefined,
  begun: () => undefined,
  resumed: () => undefined,
  heard: () => undefined,
  message: () => undefined,
  gap: () => undefined,
  keysLost: () => undefined,
};

/** Bytes of one file stream. */
export interface StreamUser {
  /** true: taken. false: call peer.consumed when it is, until then no more comes than the credit given. */
  data(bytes: Uint8Array): boolean;
  finished(): void;
  failed(): void;
  writable(): void;
}

const GONE = "That computer is no longer part of the account.";
const LOST = () => new HearthError("unreachable", "The connection to the computer was lost.");
const NO_RIGHTS: Rights = {
  view: false,
  control: false,
  clipboardIn: false,
  clipboardOut: false,
  filesRead: false,
  filesWrite: false,
};

/** A place is replaced by the newer one, movements add up. */
function joined(before: Body | null, body: Body): Body {
  if (before?.case !== "motion" || body.case !== "motion") return body;
  const { value } = body;
  return {
    case: "motion",
    value: { ...value, dx: value.dx + before.value.dx, dy: value.dy + before.value.dy },
  };
}

export class Peer {
  readonly id: Bytes;
  private readonly users = new Set<PeerUser>();
  private channel: Channel | null = null;
  private sessionId: Bytes = random(16);
  private state: SessionState = { is: "connecting", step: "finding" };
  private rights: Rights = NO_RIGHTS;
  private hello: HostHello | null = null;
  private controlStream = 0;
  private readonly control = new Control((bytes) =>
    this.channel && this.controlStream > 0 ? this.channel.write(this.controlStream, bytes) : -8,
  );
  private readonly streams = new Map<number, StreamUser>();
  private readonly awaitedStreams = new Map<number, StreamUser>();
  private screenStream = 0;
  private trying = false;
  private underWay = false; // a pipe is there, the handshake or the resuming is not over
  private failures = 0;
  private wantFresh = false;
  private refusals = 0;
  private greeted = false; // the host said hello in this session: other messages may follow
  private saidViewOnly = false;
  private readonly typed = new Typed();
  private keysLost = 0;
  private held: { body: Body; name: string } | null = null; // motion for when the line has room
  private lastMotion = "";
  private quiet = false; // nothing is heard; the path is not given up yet
  private pulse = new Pulse(performance.now());
  private pulseTimer: ReturnType<typeof setTimeout> | undefined;
  private pulseDueMs = 0;
  private lostMs = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private stepTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly startedMs = Date.now();
  private bytesBefore = 0;

  constructor(
    private readonly core: Core,
    private readonly me: Identity,
    private readonly link: Link,
    readonly device: string,
    private readonly gone: () => void,
  ) {
    this.id = unhex(device) ?? new Uint8Array(16);
    this.attempt();
  }

  get name(): string {
    return this.me.log.find(this.id)?.name ?? "The computer";
  }

  /** There is a path, though it may be silent just now. */
  get live(): boolean {
    return this.state.is === "live" || this.quiet;
  }

  /** What is said now is heard now, as far as is known. */
  get reached(): boolean {
    return this.state.is === "live";
  }

  get ended(): boolean {
    return this.state.is === "ended";
  }

  add(user: PeerUser): void {
    this.users.add(user);
    user.state(this.state);
    user.rights(this.rights);
    if (this.hello && this.greeted) user.begun(this.hello);
  }

  /** Rights are fixed at hello: somebody who only watched and now wants to work says hello again. */
  askControl(): void {
    if (!this.saidViewOnly || this.ended || !this.channel) return;
    this.wantFresh = true;
    this.channel.close(0, "the viewer says hello again");
    this.channel?.lose(0);
  }

  /** Only stops telling: for somebody who looked on for a moment. */
  leave(user: PeerUser): void {
    this.users.delete(user);
  }

  /** The last one turns off the light. */
  remove(user: PeerUser): void {
    this.users.delete(user);
    if (this.users.size === 0) this.end("you", "You ended it.");
  }

  bytes(): number {
    const stats = this.channel?.stats();
    return this.bytesBefore + (stats ? stats.bytesIn + stats.bytesOut : 0);
  }

  stats() {
    return this.channel?.stats() ?? null;
  }

  /** Without waiting: the network is back, or the person asked. */
  tryNow(): void {
    if (this.quiet) this.channel?.lose(0);
    if (this.ended || this.live || this.trying || this.underWay) return;
    clearTimeout(this.retryTimer);
    this.attempt();
  }

  end(by: "you" | "host" | "revoked" | "error", why: string): void {
    if (this.ended) return;
    const bytes = this.bytes();
    const { channel } = this;
    this.channel = null;
    this.quiet = false;
    clearTimeout(this.pulseTimer);
    clearTimeout(this.retryTimer);
    clearTimeout(this.stepTimer);
    this.forget();
    if (channel) {
      if (channel.open) channel.close(0, "the viewer ended it");
      // GOAWAY leaves in this turn; the memory goes after it.
      setTimeout(() => channel.destroy(), 200);
    }
    this.set({ is: "ended", by, why, seconds: Math.round((Date.now() - this.startedMs) / 1000), bytes });
    this.gone();
  }

  /** Control message without an answer. pointer: one that a newer of the same kind may replace. */
  say(body: Body, pointer: string | null = null): void {
    if (this.greeted) this.control.post(body, 0, pointer);
  }

  /** Input that must arrive, and in order: it waits in a gap. keys: how many a person would count. */
  input(body: Body, keys: number): void {
    const { channel } = this;
    if (!channel?.open || !this.greeted) {
      if (this.hello) this.keysLost += keys; // between two sessions
      return;
    }
    if (this.reached) {
      this.tellHeld();
      this.control.post(body);
      if (keys > 0) this.typed.sent(channel.stats().sealed - 1, keys);
      this.asked();
      return;
    }
    if (this.heldKeys() >= HELD_KEYS_MOST) return;
    this.control.post(body);
    if (keys === 0) return;
    this.typed.held(keys);
    if (this.state.is === "lost") this.set({ ...this.state, heldKeys: this.heldKeys() });
  }

  /** Motion of the pointer: worth nothing later. Over a line that is behind, motions of the same name become one. */
  motion(body: Body, name: string): void {
    if (!this.channel?.open || !this.greeted || !this.reached) return;
    if (this.held && this.held.name !== name) this.tellHeld();
    if (this.channel.stats().unackedInteractive > MOTION_AHEAD_BYTES && name === this.lastMotion) {
      this.held = { body: joined(this.held?.body ?? null, body), name };
      return;
    }
    this.held = this.held && { body: joined(this.held.body, body), name };
    if (this.held) this.tellHeld();
    else this.control.post(body, 0, body.case === "pointer" ? name : null);
    this.lastMotion = name;
    this.asked();
  }

  private roomForMotion(): void {
    if (!this.channel?.open || !this.reached) this.held = null;
    else if (this.channel.stats().unackedInteractive <= MOTION_AHEAD_BYTES) this.tellHeld();
  }

  private tellHeld(): void {
    const { held } = this;
    this.held = null;
    if (held) this.control.post(held.body);
  }

  /** Somebody looks, or does not any more. */
  watchedChanged(): void {
    this.armPulse();
  }

  /** Request and answer. */
  ask(body: Body, more: More | null = null): Promise<Answer> {
    return this.askNumbered(body, more).answer;
  }

  askNumbered(body: Body, more: More | null = null): { id: number; answer: Promise<Answer> } {
    if (!this.channel?.open || !this.greeted) return { id: 0, answer: Promise.reject(LOST()) };
    return this.control.ask(body, more);
  }

  /** No answer to this request is of interest any more. */
  unask(request: number): void {
    this.control.unask(request);
  }

  /** The host will open a file stream whose param is this request. */
  awaitStream(request: number, user: StreamUser): void {
    this.awaitedStreams.set(request, user);
  }

  /** Our own file stream for a request. 0 when there is no session. */
  openFileStream(request: number, user: StreamUser): number {
    const stream = this.channel?.openStream(LANE.bulk, KIND.file, request) ?? 0;
    if (stream <= 0) return 0;
    this.streams.set(stream, user);
    return stream;
  }

  write(stream: number, data: Uint8Array): number {
    return this.channel?.write(stream, data) ?? -8;
  }

  /** len bytes that data() answered false for are taken now. */
  consumed(user: StreamUser, len: number): void {
    for (const [stream, held] of this.streams) if (held === user) this.channel?.consumed(stream, len);
  }

  finish(stream: number): void {
    this.channel?.finish(stream);
  }

  /** The user of a file stream is no longer interested. */
  abandon(user: StreamUser, request: number): void {
    this.awaitedStreams.delete(request);
    for (const [stream, held] of this.streams) {
      if (held !== user) continue;
      this.streams.delete(stream);
      this.channel?.stop(stream, 0);
      this.channel?.reset(stream, 0);
    }
  }

  /** The log changed: nothing goes on with a computer that is no longer in it. */
  check(): void {
    if (!this.ended && this.me.log.find(this.id)?.revoked) this.end("revoked", GONE);
  }

  private set(state: SessionState): void {
    this.state = state;
    for (const user of this.users) user.state(state);
  }

  private attempt(): void {
    if (this.trying || this.underWay || this.ended || this.live) return;
    this.trying = true;
    this.meet()
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.trying = false;
      });
  }

  private canResume(): boolean {
    return (
      !this.wantFresh &&
      this.channel?.open === true &&
      this.hello !== null &&
      performance.now() - this.lostMs < RESUME_WITHIN_MS
    );
  }

  private async meet(): Promise<void> {
    if (!this.link.online) throw new HearthError("unreachable", "The server does not answer.");
    const resume = this.canResume();
    if (!resume) {
      this.clear();
      this.sessionId = random(16);
    }
    const relay = await this.link.connectTo(this.id, this.sessionId);
    if (this.ended) return;
    if (this.state.is === "connecting") this.set({ is: "connecting", step: "securing" });
    const pipe = await openRelay(relay.path, relay.token, this.sessionId);
    if (this.ended) {
      pipe.close();
      return;
    }
    clearTimeout(this.stepTimer);
    if (resume && this.channel?.open) {
      this.stepTimer = setTimeout(() => {
        this.wantFresh = true;
        this.channel?.lose(0);
      }, RESUME_TIMEOUT_MS);
      this.underWay = true;
      this.channel.attach(pipe);
      return;
    }
    const device = this.me.log.find(this.id);
    if (!device || !servesAt(device, Date.now())) {
      pipe.close();
      this.end("error", GONE);
      return;
    }
    this.channel = new Channel(
      this.core,
      {
        sessionId: this.sessionId,
        prologue: concat(utf8("hearth/1\0"), this.sessionId, this.me.deviceId, this.id),
        localPublic: this.me.dhPublic,
        peerPublic: device.dhPublic,
        payload: this.me.log.head(),
      },
      this.handler(),
    );
    this.stepTimer = setTimeout(() => this.channel?.lose(0), HANDSHAKE_TIMEOUT_MS);
    this.underWay = true;
    this.channel.attach(pipe);
  }

  private failed(error: unknown): void {
    if (this.ended) return;
    const fact =
      error instanceof HearthError
        ? error
        : new HearthError("internal", "Something in this page went wrong.");
    const first = this.hello === null;
    if (first && fact.code === "offline") {
      this.end(
        "error",
        `${this.name} is offline. Check that it is switched on and connected; then try again.`,
      );
    } else if (fact.code === "denied" || fact.code === "not-found") {
      this.end("error", fact.message);
    } else {
      this.retry(fact.code === "offline" ? `${this.name} is offline.` : fact.message, fact.retryMs);
    }
  }

  private retry(why: string, leastMs = 0): void {
    clearTimeout(this.retryTimer);
    if (this.state.is === "lost" && this.state.why !== why) this.set({ ...this.state, why });
    // The link comes first: it calls tryNow when it is back.
    if (!this.link.online) return;
    this.failures++;
    if (this.hello === null && this.failures > FAILURES_MOST && this.link.online) {
      this.end("error", `${this.name} could not be reached: ${why}`);
      return;
    }
    const most = this.link.isOnline(this.device) ? RETRY_THERE_MS : RETRY_MOST_MS;
    const ceiling = Math.min(most, 250 * 2 ** Math.min(10, this.failures));
    this.retryTimer = setTimeout(() => this.attempt(), Math.max(leastMs, 100 + Math.random() * ceiling));
  }

  private handler(): ChannelHandler {
    return {
      heard: () => this.recordCame(),
      wantDh: (point) => {
        const { channel } = this;
        void this.me.agree(point).then((shared) => {
          if (this.channel !== channel || !channel) return;
          if (shared) channel.giveDh(shared);
          else channel.lose(-3);
        });
      },
      verdict: (payload) => void this.judge(payload),
      open: () => this.opened(),
      pathUp: () => this.pathUp(),
      pathDown: (error) => this.pathDown(error),
      streamOpened: (stream, kind, param) => this.streamOpened(stream, kind, param),
      data: (stream, bytes) => this.data(stream, bytes),
      finished: (stream) => {
        this.streams.get(stream)?.finished();
        this.streams.delete(stream);
      },
      reset: (stream) => {
        this.streams.get(stream)?.failed();
        this.streams.delete(stream);
      },
      stopped: (stream) => {
        this.streams.get(stream)?.failed();
        this.streams.delete(stream);
      },
      writable: (stream) => {
        if (stream === this.controlStream) this.control.flush();
        else this.streams.get(stream)?.writable();
      },
      message: (stream, at, len) => {
        if (stream !== this.screenStream) return;
        for (const user of this.users) if (user.screen) user.message(at, len);
      },
      gap: () => {
        for (const user of this.users) if (user.screen) user.gap();
      },
      closed: (error, text) => this.closed(error, text),
    };
  }

  private async judge(payload: Bytes): Promise<void> {
    const { channel } = this;
    let verdict = this.me.log.judgeHead(payload);
    if (verdict === 0) {
      await this.link.refreshLog().catch(() => undefined);
      verdict = this.me.log.judgeHead(payload);
    }
    if (this.channel !== channel || !channel) return;
    // The log may have brought its removal just now: asked again, not only before dialling.
    const serves = servesAt(this.me.log.find(this.id), Date.now());
    channel.verdict(verdict === 1 && serves);
    if (!serves) this.end("error", GONE);
    if (verdict < 0)
      this.link.distrust(`${this.name} has seen another history of this account than the server shows here`);
  }

  private opened(): void {
    const { channel } = this;
    if (!channel) return;
    this.controlStream = channel.openStream(LANE.interactive, KIND.control, 0);
    if (this.controlStream <= 0) {
      this.end("error", "The computer took no commands. Try again.");
      return;
    }
    const viewOnly = [...this.users].some((u) => u.screen && u.viewOnly);
    this.saidViewOnly = viewOnly;
    this.control.post({
      case: "hello",
      value: create(ViewerHelloSchema, {
        version: 1,
        want: {
          view: true,
          control: !viewOnly,
          clipboardIn: true,
          clipboardOut: true,
          filesRead: true,
          filesWrite: true,
        },
        viewOnly,
        agent: "page",
      }),
    });
  }

  private pathUp(): void {
    if (!this.hello || !this.channel?.open) return; // the first path of a session: hello follows
    clearTimeout(this.stepTimer);
    this.underWay = false;
    this.failures = 0;
    this.refusals = 0;
    if (this.state.is === "lost") {
      this.begins();
      this.typed.resumed(this.channel.stats().sealed);
      for (const user of this.users) user.resumed();
      this.control.flush();
    }
  }

  private pathDown(error: number): void {
    if (this.ended) return;
    clearTimeout(this.stepTimer);
    this.underWay = false;
    // A resume that the host does not take twice: it restarted or forgot. Once can be the network's doing,
    // and a new session would lose the keys that wait.
    const refused = this.state.is === "lost" && !this.wantFresh;
    if (refused && ++this.refusals >= REFUSALS_MOST) this.wantFresh = true;
    const why =
      error === 0
        ? `The connection to ${this.name} was lost.`
        : `The connection to ${this.name} broke off (${error}).`;
    if (this.live) {
      this.link.probe();
      this.loses(why);
      clearTimeout(this.retryTimer);
      this.retryTimer = setTimeout(() => this.attempt(), 20 + Math.random() * 80);
    } else {
      // It is there and only does not know the session: no reason to wait for the new one.
      if (refused) this.failures = 0;
      this.retry(why);
    }
  }

  private closed(error: number, text: string): void {
    if (this.ended) return;
    if (error === 0 && text !== "") {
      this.end("host", text);
      return;
    }
    this.underWay = false;
    // Refused or malformed: what is left of the session is of no use.
    this.wantFresh = true;
    if (this.live) {
      this.loses(`${this.name} began anew.`);
      setTimeout(() => this.attempt(), 100);
    } else {
      this.channel?.lose(error);
      this.retry(`${this.name} did not accept the connection.`);
    }
  }

  private streamOpened(stream: number, kind: number, param: number): void {
    if (kind === KIND.screen) {
      this.screenStream = stream;
      return;
    }
    const user = kind === KIND.file ? this.awaitedStreams.get(param) : undefined;
    if (!user) {
      this.channel?.stop(stream, 0);
      return;
    }
    this.awaitedStreams.delete(param);
    this.streams.set(stream, user);
  }

  private data(stream: number, bytes: Uint8Array): void {
    const len = bytes.length;
    if (stream === this.controlStream) {
      let messages: FromHost[];
      try {
        messages = this.control.read(bytes);
      } catch {
        this.end("error", `${this.name} sent something that is not a message.`);
        return;
      }
      this.channel?.consumed(stream, len);
      for (const message of messages) this.heard(message);
      return;
    }
    const user = this.streams.get(stream);
    if (!user || user.data(bytes)) this.channel?.consumed(stream, len);
  }

  private heard(message: FromHost): void {
    const { body } = message;
    switch (body.case) {
      case "hello":
        this.begin(body.value);
        return;
      case "bye":
        this.end("host", body.value.reason || `${this.name} ended it.`);
        return;
      case "rights":
        this.setRights(body.value);
        return;
      default:
        break;
    }
    if (this.control.answered(message)) return;
    for (const user of this.users) user.heard(message);
  }

  private begins(): void {
    this.pulse = new Pulse(performance.now());
    this.quiet = false;
    this.set({ is: "live" });
    this.armPulse();
  }

  private loses(why: string): void {
    const now = performance.now();
    // A closed socket says it at once; silence began when the last record came.
    const sinceMs = this.state.is === "lost" ? this.state.sinceMs : Date.now();
    this.quiet = false;
    this.lostMs = now;
    clearTimeout(this.pulseTimer);
    this.pulseTimer = undefined;
    this.set({ is: "lost", sinceMs, heldKeys: this.heldKeys(), why });
  }

  private setRights(given: HostHello["rights"]): void {
    this.rights = given
      ? {
          view: given.view,
          control: given.control,
          clipboardIn: given.clipboardIn,
          clipboardOut: given.clipboardOut,
          filesRead: given.filesRead,
          filesWrite: given.filesWrite,
        }
      : NO_RIGHTS;
    for (const user of this.users) user.rights(this.rights);
  }

  private begin(hello: HostHello): void {
    clearTimeout(this.stepTimer);
    this.underWay = false;
    this.hello = hello;
    this.greeted = true;
    this.failures = 0;
    this.refusals = 0;
    this.wantFresh = false;
    this.setRights(hello.rights);
    this.begins();
    for (const user of this.users) user.begun(hello);
    const keys = this.keysLost;
    this.keysLost = 0;
    if (keys > 0) for (const user of this.users) user.keysLost(keys);
  }

  private heldKeys(): number {
    return this.typed.count(this.channel?.alive ? this.channel.stats().acked : 0);
  }

  // ---- is it still there

  private get watched(): boolean {
    return [...this.users].some((u) => u.watched);
  }

  private rttMs(): number {
    return (this.channel?.stats().rttUs ?? 0) / 1000;
  }

  private recordCame(): void {
    this.pulse.heard(performance.now());
    // An acknowledgement that may be in this record is read in this turn.
    if (this.held) queueMicrotask(() => this.roomForMotion());
    if (!this.quiet) return;
    this.quiet = false;
    this.typed.resumed(this.channel?.stats().sealed ?? 0);
    this.set({ is: "live" });
    this.armPulse();
  }

  private asked(): void {
    this.pulse.asked(performance.now());
    if (this.watched) this.armPulse();
  }

  /** A timer that is there already and fires no later is left alone: what it finds then decides. */
  private armPulse(): void {
    if (!this.live) return;
    const now = performance.now();
    const due = this.pulse.next(now, this.watched, this.rttMs());
    if (this.pulseTimer !== undefined && this.pulseDueMs <= due) return;
    clearTimeout(this.pulseTimer);
    this.pulseDueMs = due;
    this.pulseTimer = setTimeout(() => {
      this.pulseTimer = undefined;
      this.feelPulse();
    }, due - now);
  }

  private feelPulse(): void {
    const { channel } = this;
    if (!channel || !this.live) return;
    const now = performance.now();
    switch (this.pulse.look(now, this.watched, this.rttMs())) {
      case "dead":
        channel.lose(0);
        return;
      case "probe":
        this.say({
          case: "ping",
          value: { $typeName: "hearth.session.Ping", tUs: BigInt(Math.round(now * 1000)) },
        });
        break;
      case "silent":
        if (!this.quiet) this.goQuiet(now);
        break;
      case "well":
        break;
    }
    this.armPulse();
  }

  private goQuiet(nowMs: number): void {
    this.quiet = true;
    this.link.probe();
    this.set({
      is: "lost",
      sinceMs: Date.now() - this.pulse.silentMs(nowMs),
      heldKeys: this.heldKeys(),
      why: `${this.name} does not answer.`,
    });
  }

  /** Nothing of the session before is left for a new one. */
  private clear(): void {
    const { channel } = this;
    this.keysLost += this.heldKeys();
    this.typed.clear();
    if (this.state.is === "lost" && this.state.heldKeys > 0) this.set({ ...this.state, heldKeys: 0 });
    this.channel = null;
    if (channel) {
      this.bytesBefore = this.bytesBefore + channel.stats().bytesIn + channel.stats().bytesOut;
      channel.destroy();
    }
    this.forget();
  }

  private forget(): void {
    this.greeted = false;
    this.controlStream = 0;
    this.screenStream = 0;
    this.control.forget(LOST());
    const streams = [...this.streams.values(), ...this.awaitedStreams.values()];
    this.streams.clear();
    this.awaitedStreams.clear();
    for (const one of streams) one.failed();
  }
}

export { MAX_PIXELS };
