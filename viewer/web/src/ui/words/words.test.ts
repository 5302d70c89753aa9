import { describe, expect, it } from "vitest";
import { en } from "./en";
import { fr } from "./fr";

type Tree = { [key: string]: unknown };

function walk(tree: Tree, path: string, visit: (path: string, value: unknown) => void): void {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "object" && value) walk(value as Tree, `${path}${key}.`, visit);
    else visit(path + key, value);
  }
}

function sentence(value: unknown): string {
  if (typeof value === "string") return value;
  return (value as (...gaps: unknown[]) => string)(2, 3, 4, 5, 6, 7);
}

describe("the catalogues", () => {
  const english = new Map<string, unknown>();
  const french = new Map<string, unknown>();
  walk(en, "", (path, value) => english.set(path, value));
  walk(fr, "", (path, value) => french.set(path, value));

  it("have the same keys and take the same gaps", () => {
    expect([...french.keys()]).toEqual([...english.keys()]);
    for (const [path, value] of english) expect(typeof french.get(path), path).toBe(typeof value);
  });
  it("leave no sentence empty and no gap undefined", () => {
    for (const book of [english, french]) {
      for (const [path, value] of book) {
        expect(sentence(value), path).not.toBe("");
        expect(sentence(value), path).not.toContain("undefined");
      }
    }
  });
  it("use no exclamation marks and no begging", () => {
    for (const book of [english, french]) {
      for (const [path, value] of book)
        expect(sentence(value), path).not.toMatch(/!|\bplease\b|\boops\b|s'il vous pla/i);
    }
  });
  it("know one from many", () => {
    expect(en.ring.members(1)).toBe("1 member");
    expect(en.ring.members(2)).toBe("2 members");
    expect(fr.ring.members(0)).toBe("0 membre");
    expect(fr.ring.members(2)).toBe("2 membres");
  });
  it("keep the names other programs rely on", () => {
    expect(en.signin.account).toBe("Account");
    expect(en.signin.password).toBe("Password");
    expect(en.signin.go).toBe("Sign in");
    expect(en.ring.controlName("Attic")).toBe("Control Attic");
    expect(en.ring.filesName("Attic")).toBe("Files of Attic");
    expect(en.session.screen("Attic")).toBe("Screen of Attic");
    expect(en.session.stats).toBe("Statistics");
    expect(en.files.send).toBe("Send files");
    expect(en.files.downloadName("a.txt")).toBe("Download a.txt");
  });
});
