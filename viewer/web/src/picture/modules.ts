// hearth.wasm with the JPEG decoder that its picture asks for, and without crypto: nothing here is secret.

import { Core, type Exports, type Ptr, wasiImports } from "../worker/core";

interface JpegExports {
  memory: WebAssembly.Memory;
  _initialize?(): void;
  malloc(size: number): Ptr;
  free(ptr: Ptr): void;
  jpeg_decode(data: Ptr, len: number, width: number, height: number): number;
}

/** libjpeg-turbo in a module of its own: a trap costs one picture. */
class Jpeg {
  private live: JpegExports | null = null;
  private row: (y: number, at: Ptr) => void = () => undefined;

  constructor(private readonly module: WebAssembly.Module) {}

  private exports(): JpegExports {
    if (!this.live) {
      const env = { jpeg_row: (y: number, at: Ptr) => this.row(y, at) };
      const instance = new WebAssembly.Instance(this.module, { ...wasiImports(this.module), env });
      this.live = instance.exports as unknown as JpegExports;
      this.live._initialize?.();
    }
    return this.live;
  }

  /** Pixels 0x00RRGGBB into target rows strideBytes apart; 0 or -1. */
  decode(data: Uint8Array, width: number, height: number, target: Uint8Array, out: Ptr, strideBytes: number) {
    try {
      const x = this.exports();
      const input = x.malloc(data.length);
      if (input === 0) throw new Error("out of memory");
      new Uint8Array(x.memory.buffer).set(data, input);
      this.row = (y, at) => {
        // Whatever a picture made of the module: it reaches its own rows and no more.
        if (y >= 0 && y < height)
          target.set(new Uint8Array(x.memory.buffer, at, width * 4), out + y * strideBytes);
      };
      const err = x.jpeg_decode(input, data.length, width, height);
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
      jpeg.decode(memory().subarray(data, data + len), width, height, memory(), out, stride * 4),
  };
  const instance = new WebAssembly.Instance(hearth, { ...wasiImports(hearth), env });
  core = new Core(instance.exports as unknown as Exports);
  core.x._initialize?.();
  return core;
}
