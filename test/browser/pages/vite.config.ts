import { defineConfig } from "vite";

/** Bundles the pages as a user of the built package would. */
export default defineConfig({
  base: "./",
  build: { outDir: "../../../build/test/browser", emptyOutDir: true, target: "es2022", modulePreload: false },
  worker: { format: "es" },
});
