// The link against a broker that lies: what the page must refuse whatever it is told.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import vectors from "../../../../tests/data/identity-vectors.json";
import type { LinkState } from "../engine/api";
import { type FromBroker, FromBrokerSchema, type ToBroker, ToBrokerSchema } from "../gen/link_pb";
import { type Bytes, unbase64url, unhex } from "./bytes";
import type { Identity } from "./identity";
import { Link } from "./link";
import { AccountLog } from "./log";
import { instantiate } from "./wasm";

const found = import.meta.glob<string>("./modules/hearth.wasm", {
  query: "?url&inline",
  import: "default",
  eager: true,
});
const dataUrl = Object.values(found)[0];
const entries = vectors.log.entries.map(({ entry }) => unhex(entry) as Bytes);

class FakeSocket {
  static last: FakeSocket | null = null;
  static readonly OPEN = 1;
  readonly readyState = 1;
  binaryType = "";
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  readonly sent: ToBroker[] = [];

  constructor(readonly url: URL) {
    FakeSocket.last = this;
  }

  send(data: Uint8Array): void {
    this.sent.push(fromBinary(ToBrokerSchema, data));
  }

  close(): void {
    this.closed = true;
  }

  say(body: FromBroker["body"], re = 0): void {
    const bytes = toBinary(FromBrokerSchema, create(FromBrokerSchema, { re, body }));
    this.onmessage?.({ data: bytes.slice().buffer as ArrayBuffer });
  }
}

describe.skipIf(dataUrl === undefined)("link", () => {
  let log: AccountLog;
  let states: LinkState[];
  let link: Link;

  const socket = () => FakeSocket.last as FakeSocket;
  const last = () => states[states.length - 1]?.is;
  const logEntries = (from: number, list: Bytes[], total: number) =>
    socket().say({
      case: "logEntries",
      value: { $typeName: "hearth.link.LogEntries", from: BigInt(from), entries: list, total: BigInt(total) },
    });

  beforeEach(() => {
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("self", { location: { origin: "https://broker.example", host: "broker.example" } });
    const base64 = (dataUrl ?? "").slice((dataUrl ?? "").indexOf(",") + 1).replace(/=+$/, "");
    const wasm = unbase64url(base64.replaceAll("+", "-").replaceAll("/", "_")) ?? new Uint8Array(0);
    log = new AccountLog(instantiate(new WebAssembly.Module(wasm)));
    for (const entry of entries.slice(0, 3)) log.append(entry);
    states = [];
    const me = {
      account: "anna",
      accountId: unhex(vectors.root.account_id) as Bytes,
      deviceId: unhex(vectors.words.device_id) as Bytes,
      log,
      sign: async () => new Uint8Array(64),
      saveLog: async () => undefined,
    } as unknown as Identity;
    link = new Link(me, {
      urgent: () => false,
      state: (state) => states.push(state),
      changed: () => undefined,
      enroll: () => undefined,
    });
    socket().say({
      case: "welcome",
      value: { $typeName: "hearth.link.Welcome", account: "anna", timeMs: 0n, pingS: 20 },
    });
  });

  afterEach(() => {
    link.stop();
    vi.unstubAllGlobals();
  });

  it("takes the entries that follow and stays online", () => {
    expect(last()).toBe("online");
    logEntries(3, entries.slice(3, 4), 4);
    expect(log.count).toBe(4);
    expect(last()).toBe("online");
  });

  it("takes entries that it has already without harm", () => {
    logEntries(1, entries.slice(1, 4), 4);
    expect(log.count).toBe(4);
    expect(last()).toBe("online");
  });

  it("refuses a history that is shorter than the one it has seen", () => {
    logEntries(0, [], 2);
    expect(last()).toBe("refused");
    expect(socket().closed).toBe(true);
  });

  it("refuses another entry at a place that it has seen", () => {
    logEntries(1, [entries[2] as Bytes], 3);
    expect(last()).toBe("refused");
    expect(log.count).toBe(3);
  });

  it("refuses an entry that nobody with the right signed", () => {
    const forged = new Uint8Array(entries[3] as Bytes);
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
    logEntries(3, [forged], 4);
    expect(last()).toBe("refused");
    expect(log.count).toBe(3);
  });

  it("fetches a long history page by page, and stops when no more comes", async () => {
    const asked = () => socket().sent.filter((m) => m.body.case === "logGet");
    const answer = (list: Bytes[], from: number) =>
      socket().say(
        {
          case: "logEntries",
          value: { $typeName: "hearth.link.LogEntries", from: BigInt(from), entries: list, total: 5n },
        },
        asked().at(-1)?.id,
      );
    const refreshed = link.refreshLog();
    await vi.waitFor(() => expect(asked()).toHaveLength(1));
    answer(entries.slice(3, 4), 3);
    await vi.waitFor(() => expect(asked()).toHaveLength(2));
    expect(asked()[1]?.body.value).toMatchObject({ from: 4n });
    answer([], 4);
    await expect(refreshed).rejects.toMatchObject({ code: "internal" });
    expect(log.count).toBe(4);
  });

  it("signs no challenge of another length, and none after the greeting", async () => {
    const before = socket().sent.length;
    for (const len of [32, 64])
      socket().say({
        case: "challenge",
        value: { $typeName: "hearth.link.Challenge", nonce: new Uint8Array(len), timeMs: 0n, version: "" },
      });
    await new Promise((done) => setTimeout(done, 20));
    expect(socket().sent.length).toBe(before);
  });

  it("waits, and does not push back, when another tab took its place", () => {
    socket().onclose?.({ code: 4409 });
    const state = states[states.length - 1];
    expect(state?.is).toBe("waiting");
    if (state?.is === "waiting") expect(state.nextTryMs - Date.now()).toBeGreaterThan(60_000);
  });

  it("ends for good when the broker says that this device is not in the account", () => {
    socket().onclose?.({ code: 4401 });
    expect(last()).toBe("refused");
  });

  it("answers a ping at once", () => {
    socket().say({ case: "ping", value: { $typeName: "hearth.link.Ping", t: 7n } });
    expect(socket().sent.at(-1)?.body).toMatchObject({ case: "pong", value: { t: 7n } });
  });

  it("a request of a lost link is refused, not forgotten", async () => {
    const asked = link.connectTo(new Uint8Array(16), new Uint8Array(16));
    socket().onclose?.({ code: 1006 });
    await expect(asked).rejects.toMatchObject({ code: "unreachable" });
    expect(last()).toBe("waiting");
  });
});
