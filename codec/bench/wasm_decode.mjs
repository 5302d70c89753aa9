// Decode what `codec_bench --dump FILE` wrote in the page's own modules, and compare the last picture of each
// stream with the native decoder's.
//
//   node codec/bench/wasm_decode.mjs build/wasm/bin FILE [RUNS]
//
// Prints per stream: messages, mean, largest and first time of a message, what each START and the messages up to the
// next one took together, "same" or "DIFFERS". With RUNS, times are the best of so many, message by message: the
// first run has the code that is compiled in a hurry, and the machine has other work too. Exit 1 on a difference,
// except that streams ending in lossy cells may differ there: dump scenes without --lossy to compare.
import { readFileSync } from "node:fs";

const [dir, file, runs = "1"] = process.argv.slice(2);
let takeRow;
const jpeg = await WebAssembly.instantiate(readFileSync(`${dir}/jpeg.wasm`), { env: { jpeg_row: (y, at) => takeRow(y, at) } });
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
  new Uint8Array(j.memory.buffer).set(new Uint8Array(x.memory.buffer, data, len), input);
  takeRow = (y, at) => new Uint8Array(x.memory.buffer).set(new Uint8Array(j.memory.buffer, at, width * 4), out + y * stride * 4);
  const err = j.jpeg_decode(input, len, width, height);
  j.free(input);
  return err;
};
const x = new WebAssembly.Instance(module, imports).exports;
x._initialize?.();

const bytes = readFileSync(file);
let failed = false;

/** One run of the stream at pos: its end, the time of each message, where an epoch starts, the picture's sum. */
function run(stream, pos) {
  const decoder = x.hearth_decoder_create(8192 * 4096, 8192);
  const info = x.hearth_alloc(4096);
  const times = [];
  const starts = [];
  let size = [0, 0];
  for (;;) {
    const len = bytes.readUInt32LE(pos);
    pos += 4;
    if (len === 0) break;
    const at = x.hearth_alloc(len);
    new Uint8Array(x.memory.buffer).set(bytes.subarray(pos, pos + len), at);
    // The header says START, then SIZE is the first operation.
    if (bytes[pos + 1] & 1) {
      size = [bytes.readUInt16LE(pos + 21), bytes.readUInt16LE(pos + 23)];
      starts.push(times.length);
    }
    const t0 = performance.now();
    const err = x.hearth_decoder_decode(decoder, at, len, info);
    times.push(performance.now() - t0);
    if (err < 0) throw new Error(`stream ${stream}, message ${times.length - 1}: error ${err}`);
    x.hearth_free(at);
    pos += len;
  }
  const want = bytes.readUInt32LE(pos);
  const cap = size[0] * size[1] * 4;
  const rgba = x.hearth_alloc(cap);
  x.hearth_decoder_copy(decoder, 0, 0, size[0], size[1], rgba, cap);
  let sum = 2166136261;
  for (const b of new Uint8Array(x.memory.buffer, rgba, cap)) sum = Math.imul(sum ^ b, 16777619);
  x.hearth_free(rgba);
  x.hearth_free(info);
  x.hearth_decoder_destroy(decoder);
  return { end: pos + 4, times, starts, same: sum >>> 0 === want };
}

for (let pos = 0, stream = 0; pos < bytes.length; stream++) {
  const first = run(stream, pos);
  const { times, starts } = first;
  let same = first.same;
  for (let i = 1; i < Number(runs); i++) {
    const next = run(stream, pos);
    same &&= next.same;
    next.times.forEach((ms, k) => {
      times[k] = Math.min(times[k], ms);
    });
  }
  pos = first.end;
  failed ||= !same;
  const sum = (a, b) => times.slice(a, b).reduce((t, ms) => t + ms, 0);
  const epochs = starts.map((at, i) => sum(at, starts[i + 1] ?? times.length).toFixed(2));
  console.log(
    `stream ${stream}: ${times.length} messages, ${(sum(0) / times.length).toFixed(3)} ms, most ${Math.max(...times).toFixed(2)} ms, ` +
      `first ${times[0].toFixed(3)} ms, epochs ${epochs.join(" ")} ms, ${same ? "same" : "DIFFERS"}`,
  );
}
process.exit(failed ? 1 : 0);
