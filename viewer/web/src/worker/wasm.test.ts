// Rule 4 of the decoder in the page: its memory has an end, whatever a host sends.
import { expect, it } from "vitest";
import { unbase64url } from "./bytes";
import { instantiate } from "./wasm";

const PAGE_BYTES = 65536;
const MOST_BYTES = 512 << 20;

// Present after the wasm preset was built and npm's prebuild copied it.
const found = import.meta.glob<string>("./modules/hearth.wasm", {
  query: "?url&inline",
  import: "default",
  eager: true,
});

it("hearth.wasm may take 512 MiB and no more", () => {
  const url = Object.values(found)[0] ?? "";
  const base64 = url.slice(url.indexOf(",") + 1);
  const wasm = unbase64url(base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  const { memory } = instantiate(new WebAssembly.Module(wasm ?? new Uint8Array(0))).x;
  memory.grow((MOST_BYTES - memory.buffer.byteLength) / PAGE_BYTES);
  expect(memory.buffer.byteLength).toBe(MOST_BYTES);
  expect(() => memory.grow(1)).toThrow(RangeError);
});
