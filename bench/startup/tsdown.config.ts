import { defineConfig } from "tsdown";
import { programs } from "./programs.ts";

/** Compiles the measurement for Node as it stands; it measures the built package, so `unrolled` stays an import. */
export default defineConfig({
  cwd: new URL("../..", import.meta.url).pathname,
  entry: {
    main: "bench/startup/main.ts",
    ...Object.fromEntries(
      [...programs.map(({ file }) => file), "stages"].map((file) => [file, `bench/startup/programs/${file}.ts`]),
    ),
  },
  outDir: "build/startup",
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  logLevel: "warn",
  fixedExtension: false,
  deps: { neverBundle: [/^[^./]/] },
});
