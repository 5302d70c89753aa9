import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

// Hashed names under /assets are served as immutable; nothing is loaded from another origin.
export default defineConfig({
  plugins: [preact()],
  build: { target: "es2022", assetsInlineLimit: 0, sourcemap: false, modulePreload: { polyfill: false } },
  worker: { format: "es" },
});
