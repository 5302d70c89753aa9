import { describe, expect, it } from "vitest";
import type { FileEntry } from "../../engine/api";
import { extend, freeName, nothingChosen, sortEntries, splitEnding, stepTo, toggle } from "./model";

const entry = (name: string, kind: FileEntry["kind"] = "file", size = 1, mtimeMs = 1): FileEntry => ({
  name,
  key: name,
  kind,
  size,
  mtimeMs,
  write: true,
});
const names = (list: FileEntry[]) => list.map((one) => one.name);

describe("rows", () => {
  const list = [entry("b10"), entry("z", "folder"), entry("b9"), entry("A")];
  it("folders come first and numbers count", () => {
    expect(names(sortEntries(list, { by: "name", down: false }, "en"))).toEqual(["z", "A", "b9", "b10"]);
  });
  it("folders stay first when the order turns", () => {
    expect(names(sortEntries(list, { by: "name", down: true }, "en"))).toEqual(["z", "b10", "b9", "A"]);
  });
});

describe("names that are taken", () => {
  it("keep their ending", () => {
    expect(splitEnding("a.tar.gz")).toEqual(["a", ".tar.gz"]);
    expect(splitEnding(".bashrc")).toEqual([".bashrc", ""]);
    const make = (stem: string, k: number, ending: string) => `${stem} (${k})${ending}`;
    expect(freeName("budget.ods", new Set(["budget (2).ods"]), make)).toBe("budget (3).ods");
  });
});

describe("choosing", () => {
  const rows = ["a", "b", "c", "d"].map((name) => entry(name));
  it("toggles one and extends from it", () => {
    const one = toggle(nothingChosen, rows, 1);
    expect([...one.keys]).toEqual(["b"]);
    expect([...extend(one, rows, 3).keys]).toEqual(["b", "c", "d"]);
    expect([...extend(extend(one, rows, 3), rows, 0).keys]).toEqual(["a", "b"]);
    expect(toggle(one, rows, 1).keys.size).toBe(0);
  });
  it("stays inside the rows", () => {
    expect(stepTo(nothingChosen, 4, 9).at).toBe(3);
    expect(stepTo(nothingChosen, 0, 0).at).toBe(-1);
  });
});
