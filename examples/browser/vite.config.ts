import { defineConfig } from "vite";

/** Static files that any server can give: relative addresses, no special headers. */
export default defineConfig({
  base: "./",
  build: { outDir: "../../build/examples/browser", emptyOutDir: true, target: "es2022", modulePreload: false },
  preview: { port: 4173 },
});
