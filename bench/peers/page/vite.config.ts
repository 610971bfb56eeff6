import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { compileProbes } from "../ceiling-probe.ts";
import { bytesOf } from "../ceiling-wasm.ts";
import { probesOf } from "../limit.ts";
import { cases } from "../workloads.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const packages = `${folder}node_modules/`;

/** What is imported of a package in a page, where it is not the package's own choice. */
const entries: Readonly<Record<string, string>> = {
  "@tensorflow/tfjs": "@tensorflow/tfjs",
  "@tensorflow/tfjs-backend-wasm": "@tensorflow/tfjs-backend-wasm",
  "@jax-js/jax": "@jax-js/jax",
  "brain.js": "brain.js/dist/browser.js",
  "onnxruntime-web": "onnxruntime-web/dist/ort.wasm.min.mjs",
};

const tfBinaries = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/** Files that a package fetches by itself, by the names that it knows them by. */
const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "@tensorflow/tfjs-backend-wasm": Object.fromEntries(tfBinaries.map((name) => [name, `dist/${name}`])),
  "onnxruntime-web": { mjs: "dist/ort-wasm-simd-threaded.mjs", wasm: "dist/ort-wasm-simd-threaded.wasm" },
};

function versionIn(path: string): string {
  return JSON.parse(readFileSync(path, "utf8")).version;
}

async function modulesSource(): Promise<string> {
  const installed = Object.keys(entries).filter((name) => existsSync(`${packages}${name}/package.json`));
  const imports: string[] = [];
  const addresses = installed.map((name) => {
    const fields = Object.entries(files[name] ?? {}).map(([key, path]) => {
      imports.push(`import file${imports.length} from ${JSON.stringify(`${packages}${name}/${path}?url`)};`);
      return `${JSON.stringify(key)}: new URL(file${imports.length - 1}, import.meta.url).href`;
    });
    return `${JSON.stringify(name)}: ${fields.length > 0 ? `{ ${fields.join(", ")} }` : "undefined"}`;
  });
  const loaders = installed.map((name) => {
    const entry = entries[name];
    const from = entry === name ? name : `${packages}${entry}`;
    return `${JSON.stringify(name)}: () => import(${JSON.stringify(from)})`;
  });
  const versions = {
    unrolled: versionIn(`${folder}../../package.json`),
    ...Object.fromEntries(installed.map((name) => [name, versionIn(`${packages}${name}/package.json`)])),
  };
  const binaries = await compileProbes(bytesOf(probesOf(cases.map(({ cost }) => cost))));
  const probes = binaries.map((binary) => Buffer.from(binary).toString("base64"));
  return [
    ...imports,
    `export const versions = ${JSON.stringify(versions)};`,
    `export const loaders = { ${loaders.join(", ")} };`,
    `export const addresses = { ${addresses.join(", ")} };`,
    `export const probes = ${JSON.stringify(probes)};`,
  ].join("\n");
}

/** Puts the page's packages.ts in the place of Node's, and the installed peers behind it. */
function installedPeers(): Plugin {
  const name = `${folder}page/virtual-peers.js`; // beside the page, so that packages are found from there
  return {
    name: "installed-peers",
    enforce: "pre",
    resolveId(source, importer) {
      if (source === "virtual:peers") return name;
      const replaced = source === "./packages.ts" && importer?.startsWith(folder) && !importer.includes("/page/");
      return replaced ? `${folder}page/packages.ts` : undefined;
    },
    load: (id) => (id === name ? modulesSource() : undefined),
  };
}

/** Isolated from other origins, so that memory may be shared and threads are possible. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  base: "./",
  plugins: [installedPeers()],
  // Peers have a package.json of their own, from which the built library is not found by its name.
  resolve: { alias: { unrolled: fileURLToPath(new URL("../../../dist/index.js", import.meta.url)) } },
  build: {
    outDir: fileURLToPath(new URL("../../../build/peers-page", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    // As published: the workers of TensorFlow.js run the text of one of its functions.
    minify: false,
    chunkSizeWarningLimit: 1e6,
  },
  worker: { format: "es", plugins: () => [installedPeers()] },
  preview: { port: 4174, headers },
});
