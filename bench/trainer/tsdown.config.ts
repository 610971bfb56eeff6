import { defineConfig } from "tsdown";

/** Compiles the measurement for Node as it stands; it measures the built package, so `unrolled` stays an import. */
export default defineConfig({
  cwd: new URL("../..", import.meta.url).pathname,
  entry: { main: "bench/trainer/main.ts" },
  outDir: "build/trainer",
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  logLevel: "warn",
  fixedExtension: false,
  deps: { neverBundle: [/^[^./]/] },
});
