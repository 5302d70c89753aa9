import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// The views on an engine of pretence: vite build --config src/ui/dev/vite.config.ts --outDir DIR
const here = fileURLToPath(new URL(".", import.meta.url));
export default defineConfig({
  root: here,
  base: "./",
  publicDir: fileURLToPath(new URL("../../../public", import.meta.url)),
  plugins: [preact()],
  build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], emptyOutDir: true },
});
