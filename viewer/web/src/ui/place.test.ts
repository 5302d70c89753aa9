// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { parseArrival, parsePlace, placeHref } from "./place";

const id = "0123456789abcdef0123456789abcdef";

describe("places", () => {
  it("come back from their own address", () => {
    for (const href of [
      "#/",
      "#/add",
      `#/files/${id}`,
      `#/files/${id}/${id}`,
      `#/control/${id}`,
      `#/watch/${id}`,
      "#/settings/look",
    ]) {
      expect(placeHref(parsePlace(href))).toBe(href);
    }
  });
  it("anything else is the ring", () => {
    expect(parsePlace("#/control/javascript:1")).toEqual({ at: "ring" });
    expect(parsePlace("#/nowhere/at/all")).toEqual({ at: "ring" });
  });
});

describe("what arrives in the address", () => {
  it("signs in", () => {
    expect(parseArrival("#account=claire&password=a%26b+c")).toEqual({
      account: "claire",
      password: "a&b+c",
      add: "",
    });
  });
  it("opens adding at the code", () => {
    expect(parseArrival("#add=K7QM-4R2X")).toEqual({ account: "", password: "", add: "K7QM-4R2X" });
  });
  it("is nothing when it is a place, half given or broken", () => {
    expect(parseArrival("#/files")).toBeNull();
    expect(parseArrival("#account=claire")).toBeNull();
    expect(parseArrival("#account=%E0%A4%A&password=x")).toBeNull();
  });
});
