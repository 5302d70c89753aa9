// Who a session may be opened with.
import { describe, expect, it } from "vitest";
import { type LogDevice, servesAt } from "./log";

const host: LogDevice = {
  id: new Uint8Array(16),
  signPublic: new Uint8Array(32),
  dhPublic: new Uint8Array(32),
  role: "host",
  rights: 0,
  revoked: false,
  notBeforeMs: 100,
  notAfterMs: 200,
  addedMs: 0,
  name: "den",
};

describe("servesAt", () => {
  it("takes a host within its time", () => {
    expect(servesAt(host, 100)).toBe(true);
    expect(servesAt({ ...host, notAfterMs: 0 }, 1e15)).toBe(true);
  });

  it("refuses one that is unknown, removed, no host, too early or too late", () => {
    expect(servesAt(null, 150)).toBe(false);
    expect(servesAt({ ...host, revoked: true }, 150)).toBe(false);
    expect(servesAt({ ...host, role: "browser" }, 150)).toBe(false);
    expect(servesAt(host, 99)).toBe(false);
    expect(servesAt(host, 200)).toBe(false);
  });
});
