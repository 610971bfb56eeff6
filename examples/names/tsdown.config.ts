import { defineConfig } from "tsdown";

/** Compiles the example for Node as it stands; it uses the built package, so `unrolled` stays an import. */
export default defineConfig({
  cwd: new URL("../..", import.meta.url).pathname,
  entry: { main: "examples/names/main.ts" },
  outDir: "build/names",
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  logLevel: "warn",
  fixedExtension: false,
  deps: { neverBundle: [/^[^./]/] },
});
