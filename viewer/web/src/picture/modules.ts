// hearth.wasm with the JPEG decoder that its picture asks for, and without crypto: nothing here is secret.

import { copyOf } from "../worker/bytes";
import { Core, type Exports, type Ptr, wasiImports } from "../worker/core";

interface JpegExports {
  memory: WebAssembly.Memory;
  _initialize?(): void;
  malloc(size: number): Ptr;
  free(ptr: Ptr): void;
  jpeg_decode(
    data: Ptr,
    len: number,
    width: number,
    height: number,
    out: Ptr,
    strideBytesOrPx: number,
  ): number;
}

/** libjpeg-turbo in a module of its own: a trap costs one picture. */
class Jpeg {
  private live: JpegExports | null = null;

  constructor(private readonly module: WebAssembly.Module) {}

  private exports(): JpegExports {
    if (!this.live) {
      const instance = new WebAssembly.Instance(this.module, wasiImports(this.module));
      this.live = instance.exports as unknown as JpegExports;
      this.live._initialize?.();
    }
    return this.live;
  }

  /** Pixels 0x00RRGGBB into target rows strideBytes apart; 0 or -1. */
  decode(
    data: Uint8Array,
    width: number,
    height: number,
    target: () => Uint8Array,
    out: Ptr,
    strideBytes: number,
  ) {
    const row = width * 4;
    let x: JpegExports;
    let input = 0;
    let pixels = 0;
    try {
      x = this.exports();
      input = x.malloc(data.length);
      pixels = x.malloc(row * height);
      if (input === 0 || pixels === 0) throw new Error("out of memory");
      new Uint8Array(x.memory.buffer).set(data, input);
      const err = x.jpeg_decode(input, data.length, width, height, pixels, width);
      if (err === 0) {
        const from = new Uint8Array(x.memory.buffer);
        const to = target();
        for (let y = 0; y < height; y++)
          to.set(from.subarray(pixels + y * row, pixels + (y + 1) * row), out + y * strideBytes);
      }
      x.free(pixels);
      x.free(input);
      return err === 0 ? 0 : -1;
    } catch {
      this.live = null; // trapped: its memory is not to be trusted
      return -1;
    }
  }
}

/** Whoever asks for crypto here errs. */
function noCrypto(module: WebAssembly.Module): Record<string, () => never> {
  const out: Record<string, () => never> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    if (from === "env")
      out[name] = () => {
        throw new Error(`${name} is not for pictures`);
      };
  return out;
}

export function instantiatePicture(hearth: WebAssembly.Module, jpegModule: WebAssembly.Module): Core {
  let core: Core | null = null;
  const memory = () => (core as Core).memory;
  const jpeg = new Jpeg(jpegModule);
  const env = {
    ...noCrypto(hearth),
    // stride in pixels, as codec_jpeg_decode has it.
    hearth_jpeg_decode: (data: Ptr, len: number, width: number, height: number, out: Ptr, stride: number) =>
      jpeg.decode(copyOf(memory().subarray(data, data + len)), width, height, memory, out, stride * 4),
  };
  const instance = new WebAssembly.Instance(hearth, { ...wasiImports(hearth), env });
  core = new Core(instance.exports as unknown as Exports);
  core.x._initialize?.();
  return core;
}
