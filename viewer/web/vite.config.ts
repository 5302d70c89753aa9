import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import preact from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

/* Writes .br and .gz beside each file that gains by it, so that the broker never compresses. */
function precompress(): Plugin {
  const worth = /\.(js|css|html|svg|wasm|webmanifest|json)$/;
  let dir = "";
  return {
    name: "hearth-precompress",
    apply: "build",
    configResolved(config) {
      dir = config.build.outDir;
    },
    async closeBundle() {
      const files = await readdir(dir, { recursive: true });
      await Promise.all(
        files
          .filter((file) => worth.test(file))
          .map(async (file) => {
            const path = join(dir, file);
            const bytes = await readFile(path);
            const br = await promisify(brotliCompress)(bytes, {
              params: {
                [constants.BROTLI_PARAM_QUALITY]: 11,
                [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
              },
            });
            const gz = await promisify(gzip)(bytes, { level: 9 });
            if (br.length < bytes.length) await writeFile(`${path}.br`, br);
            if (gz.length < bytes.length) await writeFile(`${path}.gz`, gz);
          }),
      );
    },
  };
}

// Hashed names under /assets are served as immutable; nothing is loaded from another origin.
export default defineConfig({
  plugins: [preact(), precompress()],
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
