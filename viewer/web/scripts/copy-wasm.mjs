// Puts the modules that the wasm preset built beside the worker, where Vite gives them hashed names.
// HEARTH_WASM_DIR overrides where they are looked for.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = process.env.HEARTH_WASM_DIR ?? join(here, "../../../build/wasm/bin");
const to = join(here, "../src/worker/modules");

mkdirSync(to, { recursive: true });
for (const name of ["hearth.wasm", "jpeg.wasm"]) {
  const source = join(from, name);
  if (!existsSync(source)) {
    console.error(`${source} is missing. Build it first: cmake --preset wasm && cmake --build --preset wasm`);
    process.exit(1);
  }
  copyFileSync(source, join(to, name));
}
