import { copyFileSync } from "node:fs";
import { defineConfig, type Rolldown, type UserConfig } from "tsdown";
import { thirdPartyLicenses } from "./scripts/third-party-licenses.ts";

/**
 * Plain ASCII, with what is not written as escapes: a JavaScript engine keeps and reads such a file in half the bytes,
 * which is a tenth of the time that importing it takes. Docstrings are in the declarations.
 */
const ascii: Rolldown.Plugin = {
  name: "ascii",
  generateBundle: (_, bundle) => {
    for (const file of Object.values(bundle)) {
      if (file.type !== "chunk" || !file.fileName.endsWith(".js")) continue;
      file.code = file.code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    }
  },
};

const sharedOutput = { comments: { annotation: true, legal: true, jsdoc: false } } as const;

const shared: UserConfig = {
  format: "esm",
  target: "es2022",
  outDir: "dist",
  hash: false,
  fixedExtension: false,
  logLevel: "warn",
  inputOptions: { checks: { pluginTimings: false } },
  outputOptions: sharedOutput,
  deps: { onlyBundle: [] },
};

/** All of the library in one file of this name, which its entries name things from; the declarations likewise. */
function sharedAs(name: string): Rolldown.OutputOptions {
  return {
    ...sharedOutput,
    chunkFileNames: (chunk) => `${name}${chunk.name.endsWith(".d") ? ".d.ts" : ".js"}`,
    codeSplitting: {
      groups: [{ name, test: /\/src\/(?!laboratory\/|entries\/|worker\/|workerd\.ts).*(?<!\.d)\.ts$/ }],
    },
  };
}

/**
 * The library, both binaries inside as text, for browsers, bundlers, Node, Bun and Deno: a file for each entry, and one for
 * what they have in common, so that there is one engine.
 */
const library: UserConfig = {
  ...shared,
  entry: {
    index: "src/index.ts",
    laboratory: "src/laboratory/index.ts",
    worker: "src/worker/index.ts",
    ...Object.fromEntries(["activations", "train", "io", "wasm"].map((name) => [name, `src/entries/${name}.ts`])),
  },
  outputOptions: sharedAs("library"),
  platform: "neutral",
  dts: true,
  plugins: [ascii],
  onSuccess: () => {
    for (const [module, name] of [
      ["core", "kernels"],
      ["companion", "companion"],
      ["catalogue", "catalogue"],
    ]) {
      copyFileSync(`build/${module}.simd.wasm`, `dist/${name}.wasm`);
      copyFileSync(`build/${module}.relaxed.wasm`, `dist/${name}.relaxed.wasm`);
    }
  },
};

/** The same library for workerd, which compiles no bytes: the host hands over the module file, so no text of it inside. */
const workerd: UserConfig = {
  ...shared,
  entry: { workerd: "src/workerd.ts", "workerd.laboratory": "src/laboratory/index.ts" },
  outputOptions: sharedAs("workerd.library"),
  platform: "neutral",
  dts: true,
  deps: { ...shared.deps, neverBundle: ["./kernels.wasm", "./companion.wasm", "./catalogue.wasm"] },
  plugins: [
    ascii,
    {
      name: "without-inlined-binaries",
      load(id) {
        const build = /src\/wasm\/(?:\w+\/)?(simd|relaxed|decoder)\.ts$/.exec(id)?.[1];
        return build ? `export const ${build} = "", order = "";` : undefined;
      },
    },
  ],
};

/**
 * What needs Node, with the parsers it uses. The library is the one beside it, and so are the errors: a class must be the
 * same one on both sides.
 */
const node: UserConfig = {
  ...shared,
  entry: { node: "src/node/index.ts", "trial-worker": "src/node/laboratory/trialWorker.ts" },
  platform: "node",
  target: "node20",
  dts: true,
  deps: { alwaysBundle: ["papaparse", "@huggingface/tokenizers", "cli-progress", /^echarts/], onlyBundle: false },
  plugins: [
    thirdPartyLicenses("node.THIRD-PARTY-LICENSES.txt"),
    ascii,
    {
      name: "library-beside-it",
      resolveId(source, importer) {
        if (!/\/src\/(node|runtime)\//.test(importer ?? "")) return undefined;
        if (/^(\.\.\/)+laboratory\/index\.ts$/.test(source)) return { id: "./laboratory.js", external: true };
        const isLibrary = /^(\.\/|(\.\.\/)+)(index|(runtime\/)?errors)\.ts$/.test(source);
        return isLibrary ? { id: "./index.js", external: true } : undefined;
      },
    },
  ],
};

/** The command line with everything it uses, save the library, which is the one beside it. */
const commandLine: UserConfig = {
  ...shared,
  entry: { "cli/main": "src/cli/main.ts" },
  platform: "node",
  target: "node20",
  dts: false,
  deps: { alwaysBundle: () => true },
  plugins: [
    thirdPartyLicenses("cli/THIRD-PARTY-LICENSES.txt"),
    {
      name: "library-beside-it",
      resolveId(source, importer) {
        const entry = importer?.includes("/src/cli/")
          ? /^(?:\.\.\/)+(?:(node|laboratory)\/)?index\.ts$/.exec(source)
          : null;
        return entry ? { id: `../${entry[1] ?? "index"}.js`, external: true } : undefined;
      },
    },
  ],
};

export default defineConfig([library, workerd, node, commandLine]);
