import { defineConfig } from "tsdown";

/** Compiles the comparison for Node as it stands; it measures the built package, so `unrolled` stays an import. */
export default defineConfig({
  cwd: new URL("../..", import.meta.url).pathname,
  entry: { main: "bench/peers/main.ts", child: "bench/peers/child.ts", page: "bench/peers/page.ts" },
  outDir: "build/peers",
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  logLevel: "warn",
  fixedExtension: false,
  deps: { neverBundle: [/^[^./]/] },
});
