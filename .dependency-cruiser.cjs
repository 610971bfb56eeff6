/**
 * The direction of imports. A layer may use the layers before it and nothing else:
 * wasm <- runtime <- tensor <- autograd <- ops <- nn <- optim <- train <- laboratory, with io, data, decoding and metrics on tensor, worker beside the laboratory,
 * stream on runtime and tensor, and the command line on the public names only. So is the entry for Node, which bundles
 * beside the library and takes errors, which must be the library's own, and the check of options from the runtime.
 */
const layers = ["wasm", "runtime", "tensor", "autograd", "ops", "nn", "optim", "train", "laboratory"];

/** What each folder of src/ may import besides itself. */
const allowed = Object.fromEntries(layers.map((layer, index) => [layer, layers.slice(0, index)]));
allowed.io = ["runtime", "tensor"];
allowed.data = ["runtime", "tensor"];
allowed.decoding = ["runtime", "tensor"];
allowed.metrics = ["runtime", "tensor"];
allowed.stream = ["wasm", "runtime", "tensor"];
allowed.nn = [...allowed.nn, "io", "stream"];
allowed.optim = [...allowed.optim, "io"];
allowed.train = [...allowed.train, "io", "data", "stream"];
allowed.laboratory = [...allowed.laboratory, "io", "data", "metrics"];
allowed.worker = ["runtime", "data", "train"];

const direction = Object.entries(allowed).map(([folder, targets]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} may import only: ${targets.join(", ") || "nothing"}`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: `^src/(${[folder, ...targets].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...direction,
    {
      name: "command-line-uses-public-names",
      comment: "src/cli is a user of the library: it sees src/index.ts, the entries beside it and its own files",
      severity: "error",
      from: { path: "^src/cli/" },
      to: { path: "^src/", pathNot: "^src/(cli/|((node|laboratory)/)?index\\.ts$)" },
    },
    {
      name: "node-uses-public-names",
      comment: "src/node is bundled beside the library: what it takes from elsewhere would be there twice",
      severity: "error",
      from: { path: "^src/node/" },
      to: { path: "^src/", pathNot: "^src/(node/|(laboratory/)?index\\.ts$|runtime/(errors|options)\\.ts$)" },
    },
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "library-runs-anywhere",
      comment:
        "only the command line and the entry for Node may use node:* and what they bundle; the library has no dependencies",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli|node)/" },
      to: {
        dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer"],
      },
    },
    {
      name: "nothing-unresolved",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true, pathNot: "\\.wasm$" },
    },
    {
      name: "library-knows-no-tests",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|examples|scripts)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
