// One computer as this page knows it: finds it through the broker, keeps one sealed session with it alive
// over lost networks, and shares that session between the screen and the files of the page.

import { create } from "@bufbuild/protobuf";
import { HearthError, type Rights, type SessionState } from "../engine/api";
import { type FromHost, type HostHello, ViewerHelloSchema } from "../gen/session_pb";
import { type Bytes, concat, random, unhex, utf8 } from "./bytes";
import { Channel, type ChannelHandler, KIND, LANE } from "./channel";
import { type Answer, type Body, Control, type More } from "./control";
import type { Identity } from "./identity";
import type { Link } from "./link";
import { servesAt } from "./log";
import { openRelay } from "./relay";
import type { Core, Ptr } from "./wasm";

const HANDSHAKE_TIMEOUT_MS = 10_000;
const RESUME_TIMEOUT_MS = 3_000;
/** The host forgets a session without a path after 60 s; a little sooner we start afresh. */
const RESUME_WITHIN_MS = 55_000;
const SILENCE_SCREEN_MS = 2_500;
const SILENCE_FILES_MS = 10_000;
const PING_AFTER_MS = 900;
const WATCH_MS = 300;
const RETRY_MOST_MS = 8_000;
/** ... and while the broker says that it is there. */
const RETRY_THERE_MS = 1_500;
const FAILURES_MOST = 4;
const REFUSALS_MOST = 2;
const HELD_KEYS_MOST = 1000;
const MAX_PIXELS = 3840 * 2160;

/** A part of the page that works on the computer. */
export interface PeerUser {
  readonly screen: boolean;
  readonly viewOnly: boolean;
  state(state: SessionState): void;
  rights(rights: Rights): void;
  /** A new session is up; nothing of the one before is left. */
  begun(hello: HostHello): void;
  /** The old session goes on over a new path. */
  resumed(): void;
  heard(message: FromHost): void;
  message(at: Ptr, len: number): void;
  screenOpened(stream: number): void;
  gap(): void;
}

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
  private heldKeys = 0;
  private lostMs = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private stepTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly watch: ReturnType<typeof setInterval>;
  private readonly startedMs = Date.now();
  private bytesBefore = 0;
  private pingSentMs = 0;

  constructor(
    private readonly core: Core,
    private readonly me: Identity,
    private readonly link: Link,
    readonly device: string,
    private readonly gone: () => void,
  ) {
    this.id = unhex(device) ?? new Uint8Array(16);
    this.watch = setInterval(() => this.look(), WATCH_MS);
    this.attempt();
  }

  get name(): string {
    return this.me.log.find(this.id)?.name ?? "The computer";
  }

  get live(): boolean {
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
    if (this.ended || this.live || this.trying || this.underWay) return;
    clearTimeout(this.retryTimer);
    this.attempt();
  }

  end(by: "you" | "host" | "revoked" | "error", why: string): void {
    if (this.ended) return;
    const bytes = this.bytes();
    const { channel } = this;
    this.channel = null;
    clearInterval(this.watch);
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

  /** A key or a click: counted while it has to wait. false when too many wait already. */
  input(body: Body, pointer: string | null): boolean {
    if (!this.channel?.open || !this.greeted) return false;
    if (!this.live) {
      if (pointer !== null) return true;
      if (this.heldKeys >= HELD_KEYS_MOST) return false;
      if (body.case === "key" && body.value.down) {
        this.heldKeys++;
        if (this.state.is === "lost") this.set({ ...this.state, heldKeys: this.heldKeys });
      }
    }
    this.control.post(body, 0, pointer);
    return true;
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
    this.heldKeys = 0;
    if (this.state.is === "lost") {
      this.set({ is: "live" });
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
      this.lostMs = performance.now();
      this.heldKeys = 0;
      this.set({ is: "lost", sinceMs: Date.now(), heldKeys: 0, why });
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
      this.lostMs = performance.now();
      this.set({ is: "lost", sinceMs: Date.now(), heldKeys: 0, why: `${this.name} began anew.` });
      setTimeout(() => this.attempt(), 100);
    } else {
      this.channel?.lose(error);
      this.retry(`${this.name} did not accept the connection.`);
    }
  }

  private streamOpened(stream: number, kind: number, param: number): void {
    if (kind === KIND.screen) {
      this.screenStream = stream;
      for (const user of this.users) if (user.screen) user.screenOpened(stream);
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
    this.heldKeys = 0;
    this.wantFresh = false;
    this.setRights(hello.rights);
    this.set({ is: "live" });
    for (const user of this.users) user.begun(hello);
  }

  private look(): void {
    const { channel } = this;
    if (!channel || !this.live) return;
    const screen = [...this.users].some((u) => u.screen);
    const now = performance.now();
    const silent = now - channel.heardMs;
    if (silent > (screen ? SILENCE_SCREEN_MS : SILENCE_FILES_MS)) {
      channel.lose(0);
    } else if (silent > PING_AFTER_MS && now - this.pingSentMs > PING_AFTER_MS) {
      this.pingSentMs = now;
      this.say({
        case: "ping",
        value: { $typeName: "hearth.session.Ping", tUs: BigInt(Math.round(now * 1000)) },
      });
    }
  }

  /** Nothing of the session before is left for a new one. */
  private clear(): void {
    const { channel } = this;
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
