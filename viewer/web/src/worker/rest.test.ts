// Sign-in against a broker that hands the log out in pages.
import { afterEach, describe, expect, it, vi } from "vitest";
import { base64url } from "./bytes";
import { login } from "./rest";

const LOG = Array.from({ length: 5 }, (_, i) => new Uint8Array(8).fill(i + 1));
const ticket = base64url(new Uint8Array(32).fill(9));

function serve(total: number, pageOf: (from: number) => Uint8Array[]) {
  const asked: number[] = [];
  vi.stubGlobal("fetch", async (path: string, init: { body: string }) => {
    const body = JSON.parse(init.body);
    if (path === "/v1/log") {
      expect(body).toMatchObject({ ticket, entries: [] });
      asked.push(body.from);
    }
    const page = pageOf(path === "/v1/log" ? body.from : 0).map((e) =>
      base64url(e as Uint8Array<ArrayBuffer>),
    );
    return Response.json({
      account_id: base64url(new Uint8Array(16)),
      wrapped_root: base64url(new Uint8Array(105)),
      log: page,
      total,
      ticket,
    });
  });
  return asked;
}

describe("login", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("gathers every page of the log", async () => {
    const asked = serve(5, (from) => LOG.slice(from, from + 2));
    const opened = await login("anna", new Uint8Array(32));
    expect(opened.log).toEqual(LOG);
    expect(asked).toEqual([2, 4]);
  });

  it("does not ask for ever when a page is empty", async () => {
    serve(5, (from) => (from === 0 ? LOG.slice(0, 2) : []));
    await expect(login("anna", new Uint8Array(32))).rejects.toMatchObject({ code: "internal" });
  });

  it("refuses a log longer than any may be", async () => {
    serve(65_537, () => LOG);
    await expect(login("anna", new Uint8Array(32))).rejects.toMatchObject({ code: "internal" });
  });
});
