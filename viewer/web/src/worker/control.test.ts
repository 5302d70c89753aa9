import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HearthError } from "../engine/api";
import { type FromHost, FromHostSchema, ToHostSchema } from "../gen/session_pb";
import { type Bytes, concat } from "./bytes";
import { type Body, Control } from "./control";
import { FrameReader, framed } from "./framing";

const key = (input: number): Body => ({
  case: "key",
  value: { $typeName: "hearth.session.Key", input, down: true, code: 30, keysym: 0x61, text: "a", locks: 0 },
});
const pointer = (input: number, x: number): Body => ({
  case: "pointer",
  value: { $typeName: "hearth.session.Pointer", input, x, y: 0, buttons: 0 },
});

/** A stream with room for so many bytes. */
function stream(room: number) {
  const state = { room, sent: new Uint8Array(0) as Bytes, onWrite: () => undefined as undefined };
  const write = (bytes: Bytes) => {
    const len = Math.min(state.room, bytes.length);
    state.room -= len;
    state.sent = concat(state.sent, bytes.subarray(0, len));
    state.onWrite();
    return len;
  };
  const messages = () => new FrameReader().push(state.sent).map((m) => fromBinary(ToHostSchema, m));
  return { state, write, messages };
}

const from = (re: number, body: FromHost["body"]) => create(FromHostSchema, { re, body });
const done = { case: "done", value: { $typeName: "hearth.session.Done" } } as const;

describe("control", () => {
  it("messages that find no room follow in order, none twice", () => {
    const { state, write, messages } = stream(10);
    const control = new Control(write);
    for (let i = 1; i <= 50; i++) control.post(key(i));
    while (messages().length < 50) {
      state.room = 7;
      control.flush();
    }
    expect(messages().map((m) => (m.body.case === "key" ? m.body.value.input : 0))).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  it("room that is told during a write sends nothing twice", () => {
    const { state, write, messages } = stream(5);
    const control = new Control(write);
    state.onWrite = () => {
      state.room = 11;
      control.flush();
    };
    for (let i = 1; i <= 20; i++) control.post(key(i));
    expect(messages().length).toBe(20);
  });

  it("of waiting moves of the pointer only the last is sent", () => {
    const { state, write, messages } = stream(0);
    const control = new Control(write);
    for (let i = 1; i <= 9; i++) control.post(pointer(i, i * 10), 0, "pointer 0");
    control.post(key(10));
    control.post(pointer(11, 110), 0, "pointer 0");
    state.room = 1000;
    control.flush();
    expect(messages().map((m) => m.body.value && "input" in m.body.value && m.body.value.input)).toEqual([
      9, 10, 11,
    ]);
  });

  it("an answer finds its request, an error becomes words with a code", async () => {
    const control = new Control(stream(1000).write);
    const a = control.ask({ case: "fileRoots", value: { $typeName: "hearth.session.FileRoots" } }, null);
    const b = control.ask({ case: "fileRoots", value: { $typeName: "hearth.session.FileRoots" } }, null);
    expect(control.answered(from(b.id, done))).toBe(true);
    expect(
      control.answered(
        from(a.id, { case: "error", value: { $typeName: "hearth.session.Error", code: 2, message: "No." } }),
      ),
    ).toBe(true);
    expect(control.answered(from(99, done))).toBe(false);
    expect((await b.answer).case).toBe("done");
    await expect(a.answer).rejects.toMatchObject({ code: "denied", message: "No." });
  });

  it("who waits when the session ends is told", async () => {
    const control = new Control(stream(1000).write);
    const { answer } = control.ask(
      { case: "fileRoots", value: { $typeName: "hearth.session.FileRoots" } },
      null,
    );
    control.forget(new HearthError("unreachable", "Lost."));
    await expect(answer).rejects.toMatchObject({ code: "unreachable" });
  });

  it("messages that arrive in pieces are read whole, others are refused", () => {
    const control = new Control(stream(0).write);
    const bytes = framed(toBinary(FromHostSchema, from(0, done)));
    expect(control.read(bytes.subarray(0, 3))).toEqual([]);
    expect(control.read(bytes.subarray(3)).map((m) => m.body.case)).toEqual(["done"]);
    expect(() => control.read(framed(new Uint8Array([0xff, 0xff])))).toThrow();
  });
});
