// Pictures of both ends: the host's framebuffer by xwd, the page's by its canvas, a PNG by pngjs-free
// means (ImageMagick is not needed): all as {width, height, rgb: Buffer of width*height*3}.
import { execFile } from "node:child_process";
import { inflateSync } from "node:zlib";
import { promisify } from "node:util";
import { sleep } from "./ring.mjs";

const run = promisify(execFile);

/** The X server's root window, pointer not included. Layout: X11/XWDFile.h. */
export async function hostPicture(display) {
  const take = () => run("xwd", ["-root", "-silent", "-display", display], { encoding: "buffer", maxBuffer: 256 << 20 });
  // xwd walks the windows and fails when one goes away meanwhile.
  const { stdout } = await take().catch(take);
  const word = (i) => stdout.readUInt32BE(i * 4);
  const headerSize = word(0), width = word(4), height = word(5), lsbFirst = word(7) === 0;
  const bitsPerPixel = word(11), bytesPerLine = word(12), colours = word(19);
  if (bitsPerPixel !== 32) throw new Error(`xwd gives ${bitsPerPixel} bits per pixel`);
  const start = headerSize + colours * 12;
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0, i = start + y * bytesPerLine; x < width; x++, i += 4) {
      const pixel = lsbFirst ? stdout.readUInt32LE(i) : stdout.readUInt32BE(i);
      rgb[o++] = (pixel >> 16) & 255;
      rgb[o++] = (pixel >> 8) & 255;
      rgb[o++] = pixel & 255;
    }
  }
  return { width, height, rgb };
}

/** The canvas named "Screen of NAME" as the page has painted it. */
export async function pagePicture(page, name) {
  const canvas = page.locator(`canvas[aria-label="Screen of ${name}"]`);
  const { width, height, data } = await canvas.evaluate(async (node) => {
    const copy = new OffscreenCanvas(node.width, node.height);
    const context = copy.getContext("2d");
    context.drawImage(node, 0, 0);
    const pixels = context.getImageData(0, 0, node.width, node.height).data;
    let text = "";
    for (let i = 0; i < pixels.length; i += 32768) text += String.fromCharCode(...pixels.subarray(i, i + 32768));
    return { width: node.width, height: node.height, data: btoa(text) };
  });
  const rgba = Buffer.from(data, "base64");
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0, o = 0; i < rgba.length; i += 4) {
    rgb[o++] = rgba[i];
    rgb[o++] = rgba[i + 1];
    rgb[o++] = rgba[i + 2];
  }
  return { width, height, rgb };
}

/** An 8-bit RGB or RGBA PNG without interlacing, as the CLI writes it. */
export function pngPicture(bytes) {
  let at = 8, width = 0, height = 0, channels = 0;
  const parts = [];
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at), type = bytes.toString("latin1", at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      channels = { 2: 3, 6: 4 }[body[9]];
      if (body[8] !== 8 || !channels || body[12] !== 0) throw new Error("not a plain 8-bit RGB(A) PNG");
    }
    if (type === "IDAT") parts.push(body);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts)), line = width * channels;
  const rgb = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(line);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)], row = Buffer.from(raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1)));
    for (let i = 0; i < line; i++) {
      const a = i >= channels ? row[i - channels] : 0, b = above[i], c = i >= channels ? above[i - channels] : 0;
      const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      row[i] = (row[i] + [0, a, b, (a + b) >> 1, paeth][filter]) & 255;
    }
    for (let x = 0; x < width; x++) row.copy(rgb, (y * width + x) * 3, x * channels, x * channels + 3);
    above = row;
  }
  return { width, height, rgb };
}

export function differences(a, b) {
  if (a.width !== b.width || a.height !== b.height) return Infinity;
  let n = 0;
  for (let i = 0; i < a.rgb.length; i += 3) {
    if (a.rgb[i] !== b.rgb[i] || a.rgb[i + 1] !== b.rgb[i + 1] || a.rgb[i + 2] !== b.rgb[i + 2]) n++;
  }
  return n;
}

/** Both pictures once they rest: equal, or the last difference after ms. */
export async function equalAtRest(display, other, ms = 8000) {
  const end = Date.now() + ms;
  for (;;) {
    const host = await hostPicture(display);
    const n = differences(host, await other());
    if (n === 0 || Date.now() > end) return n;
    await sleep(200);
  }
}
