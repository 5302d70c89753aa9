// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { SessionStats } from "../../engine/api";
import { diagnosis, slowest } from "./stats";

describe("statistics", () => {
  it("names the slowest part", () => {
    expect(slowest({ capture: 1, encode: 2, network: 14, decode: 3, present: 4 })).toBe("network");
  });
  it("a diagnosis holds numbers and no list of what was typed", () => {
    const stats = { rtt_ms: 4, echo_ms: [3, 1, 2], codec: "x" } as unknown as SessionStats;
    const text = diagnosis(stats, "live");
    expect(JSON.parse(text)).toMatchObject({ rtt_ms: 4, echo_p50_ms: 2 });
    expect(text).not.toContain('echo_ms"');
  });
});
