// Decode what `codec_bench --dump FILE` wrote in the page's own modules, and compare the last picture of each
// stream with the native decoder's.
//
//   node codec/bench/wasm_decode.mjs build/wasm/bin FILE
//
// Prints per stream: messages, mean and largest time of a message, "same" or "DIFFERS". Exit 1 on a difference,
// except that streams ending in lossy cells may differ there: dump scenes without --lossy to compare.
import { readFileSync } from "node:fs";

const [dir, file] = process.argv.slice(2);
const jpeg = await WebAssembly.instantiate(readFileSync(`${dir}/jpeg.wasm`), {});
const j = jpeg.instance.exports;

const module = new WebAssembly.Module(readFileSync(`${dir}/hearth.wasm`));
const imports = {};
for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
  if (kind !== "function") throw new Error(`unexpected import ${from}.${name}`);
  imports[from] ??= {};
  imports[from][name] = () => {
    throw new Error(`${from}.${name} is not needed to decode`);
  };
}
imports.env ??= {};
imports.env.hearth_jpeg_decode = (data, len, width, height, out, stride) => {
  const input = j.malloc(len);
  const pixels = j.malloc(width * height * 4);
  new Uint8Array(j.memory.buffer).set(new Uint8Array(x.memory.buffer, data, len), input);
  const err = j.jpeg_decode(input, len, width, height, pixels);
  for (let y = 0; err === 0 && y < height; y++)
    new Uint8Array(x.memory.buffer).set(
      new Uint8Array(j.memory.buffer, pixels + y * width * 4, width * 4),
      out + y * stride * 4,
    );
  j.free(pixels);
  j.free(input);
  return err;
};
const x = new WebAssembly.Instance(module, imports).exports;
x._initialize?.();

const bytes = readFileSync(file);
let failed = false;
for (let pos = 0, stream = 0; pos < bytes.length; stream++) {
  const decoder = x.hearth_decoder_create(8192 * 4096);
  const info = x.hearth_alloc(4096);
  let count = 0;
  let total = 0;
  let most = 0;
  let size = [0, 0];
  for (;;) {
    const len = bytes.readUInt32LE(pos);
    pos += 4;
    if (len === 0) break;
    const at = x.hearth_alloc(len);
    new Uint8Array(x.memory.buffer).set(bytes.subarray(pos, pos + len), at);
    // The header says START, then SIZE is the first operation.
    if (bytes[pos + 1] & 1) size = [bytes.readUInt16LE(pos + 21), bytes.readUInt16LE(pos + 23)];
    const t0 = performance.now();
    const err = x.hearth_decoder_decode(decoder, at, len, info);
    const ms = performance.now() - t0;
    if (err < 0) throw new Error(`stream ${stream}, message ${count}: error ${err}`);
    x.hearth_free(at);
    pos += len;
    count++;
    total += ms;
    most = Math.max(most, ms);
  }
  const want = bytes.readUInt32LE(pos);
  pos += 4;
  const cap = size[0] * size[1] * 4;
  const rgba = x.hearth_alloc(cap);
  x.hearth_decoder_copy(decoder, 0, 0, size[0], size[1], rgba, cap);
  let sum = 2166136261;
  for (const b of new Uint8Array(x.memory.buffer, rgba, cap)) sum = Math.imul(sum ^ b, 16777619);
  const same = sum >>> 0 === want;
  failed ||= !same;
  console.log(
    `stream ${stream}: ${count} messages, ${(total / count).toFixed(3)} ms, most ${most.toFixed(2)} ms, ${same ? "same" : "DIFFERS"}`,
  );
  x.hearth_free(rgba);
  x.hearth_free(info);
  x.hearth_decoder_destroy(decoder);
}
process.exit(failed ? 1 : 0);
