// hearth.wasm with the crypto that its channel asks for.

import { Core, type Exports, wasiImports } from "./core";
import { cryptoImports } from "./crypto";

export function instantiate(hearth: WebAssembly.Module): Core {
  let core: Core | null = null;
  const memory = () => (core as Core).memory;
  const env = {
    ...cryptoImports(memory),
    // Pictures are decoded elsewhere: picture/modules.ts.
    hearth_jpeg_decode: () => -1,
  };
  const instance = new WebAssembly.Instance(hearth, { ...wasiImports(hearth), env });
  core = new Core(instance.exports as unknown as Exports);
  core.x._initialize?.();
  return core;
}
