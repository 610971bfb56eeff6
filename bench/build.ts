import { fileURLToPath } from "node:url";
import { defineConfig } from "tsdown";

/**
 * Compiles a measurement for Node as it stands, into build/<name>; it measures the built package, so `unrolled` stays an
 * import.
 * @param entry what is compiled, by its name there: files below bench/.
 */
export function measurement(name: string, entry: Readonly<Record<string, string>>) {
  return defineConfig({
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    entry: Object.fromEntries(Object.entries(entry).map(([file, source]) => [file, `bench/${source}`])),
    outDir: `build/${name}`,
    format: "esm",
    platform: "node",
    target: "node20",
    dts: false,
    logLevel: "warn",
    fixedExtension: false,
    deps: { neverBundle: [/^[^./]/] },
  });
}
