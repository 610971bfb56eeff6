/** What is published: the files of the tarball, how they are reached, and how little they weigh. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

function targetsOf(entry: unknown): string[] {
  if (typeof entry === "string") return [entry];
  return Object.values(entry as Record<string, unknown>).flatMap(targetsOf);
}

function packedFiles(): string[] {
  const answer = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = Object.values(JSON.parse(answer)) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
}

test("the tarball holds every file that package.json names, the licence, and no sources", () => {
  const files = packedFiles();
  const named = [...targetsOf(manifest.exports), ...targetsOf(manifest.bin), manifest.types];
  for (const target of named) expect(files).toContain(target.replace(/^\.\//, ""));
  expect(files).toContain("LICENSE");
  const others = files.filter(
    (path) => !/^(dist\/|package\.json$|LICENSE$|README(\.zh)?\.md$|CHANGELOG\.md$)/.test(path),
  );
  expect(others).toEqual([]);
});

test("the library has no dependencies and imports nothing", () => {
  expect(manifest.dependencies).toBeUndefined();
  expect(manifest.peerDependencies).toBeUndefined();
  const imports = (file: string) =>
    [...readFileSync(`${root}/dist/${file}`, "utf8").matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)"/gm)].map(
      ([, source]) => source,
    );
  // What the library and its laboratory share, the engine above all, lies in a file of its own.
  expect(imports("index.js")).toEqual(["./library.js"]);
  expect(imports("laboratory.js")).toEqual(["./library.js"]);
  expect(imports("library.js")).toEqual([]);
  // What the entry and the drawing, which is loaded when first used, share lies in a file of its own.
  for (const file of ["node.js", "chart.js", "trial-worker.js"]) {
    const others = imports(file).filter((source) => source !== undefined && !source.startsWith("node:"));
    const beside = ["./chunk.js", "./index.js", "./laboratory.js"];
    expect(others.filter((source) => !beside.includes(source as string))).toEqual([]);
  }
  expect(imports("workerd.js")).toEqual([
    "./workerd.library.js",
    "./catalogue.wasm",
    "./companion.wasm",
    "./kernels.wasm",
  ]);
  expect(imports("workerd.laboratory.js")).toEqual(["./workerd.library.js"]);
  expect(imports("workerd.library.js")).toEqual([]);
});

test("publint has nothing to say", async () => {
  const { messages } = await publint({ pkgDir: root, level: "suggestion", strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
});

test("types resolve to what runs, for bundlers and for Node's modules", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-types-"));
  try {
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
    const tarball = createPackageFromTarballData(readFileSync(join(folder, `unrolled-${manifest.version}.tgz`)));
    const result = await checkPackage(tarball, { excludeEntrypoints: [/\.wasm$/] });
    if (!result.types) throw new Error("expected types");
    // The package is for ECMAScript modules; require() and resolution without "exports" are not meant to find types.
    const meant = result.problems.filter(
      (problem) => !("resolutionKind" in problem && /^node10$|^node16-cjs$/.test(problem.resolutionKind)),
    );
    expect(meant).toEqual([]);
    expect(Object.keys(result.entrypoints)).toEqual(
      expect.arrayContaining([".", "./activations", "./train", "./io", "./wasm"]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each(["activations", "train", "io", "wasm"])("unrolled/%s gives the same objects as unrolled", async (entry) => {
  const whole = await import(`${root}/dist/index.js`);
  const part = await import(`${root}/dist/${entry}.js`);
  const names = Object.keys(part);
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => part[name] !== whole[name])).toEqual([]);
});

/** What an entry of src/ exports out of each file, by the file's path below src/. */
function exportsOf(entry: string): Map<string, string> {
  const text = readFileSync(`${root}/src/${entry}`, "utf8");
  const statements = [...text.matchAll(/export (?:type )?\{([^}]*)\} from "(?:\.\.?\/)+([^"]+)"/g)];
  return new Map(statements.map(([, names, file]) => [file as string, (names as string).replace(/\s+/g, " ").trim()]));
}

// The lists are written twice because one that is put together from the others makes bundles larger.
test.each([
  ["activations", /^ops\/activation\/|^ops\/softmax|^nn\/activationLayer/],
  ["train", /^(?:train|optim|ops\/loss|metrics)\//],
  ["io", /^io\/|^data\/(?:wav|seriesFile)/],
  ["wasm", /^runtime\/engine/],
])("unrolled/%s has all that unrolled has of its kind", (entry, kind) => {
  const part = exportsOf(`entries/${entry}.ts`);
  const whole = [...exportsOf("index.ts")].filter(([file]) => kind.test(file));
  expect(whole.length).toBeGreaterThan(0);
  expect(whole.filter(([file, names]) => part.get(file) !== names)).toEqual([]);
});

describe("minified and gzipped, what is imported weighs no more than its budget", () => {
  // It ends with 1 when a budget is exceeded: the test of that budget says so.
  const { stdout } = spawnSync(`${root}/node_modules/.bin/size-limit`, ["--json"], { cwd: root, encoding: "utf8" });
  const sizes = JSON.parse(stdout) as { name: string; size: number; sizeLimit: number }[];

  test("there is a budget for every file that package.json exports", () => {
    const checked = manifest["size-limit"].map(({ path }: { path: string }) => `./${path}`);
    const targets = targetsOf(manifest.exports).filter((target) => /\.(js|wasm)$/.test(target));
    expect(targets.filter((target) => !checked.includes(target))).toEqual([]);
  });

  test.each(sizes)("$name: $size of $sizeLimit bytes", ({ size, sizeLimit }) => {
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThanOrEqual(sizeLimit);
  });

  test("what is not imported is left out", () => {
    const [everything, training, inference, activations] = sizes.map(({ size }) => size);
    expect(training).toBeLessThan(everything);
    expect(inference).toBeLessThan(training);
    expect(activations).toBeLessThan(inference);
  });
});

test("both binaries are WebAssembly that this host can read, where it knows their instructions", () => {
  const kernels = readFileSync(`${root}/dist/kernels.wasm`);
  expect(WebAssembly.validate(kernels)).toBe(true);
  const relaxed = readFileSync(`${root}/dist/kernels.relaxed.wasm`);
  expect([...relaxed.subarray(0, 4)]).toEqual([0, 0x61, 0x73, 0x6d]);
});

test("the lock file names the packages of every platform, so that npm ci works on each", () => {
  const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const names = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13)));
  const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
  expect(optional.filter((name) => !names.has(name))).toEqual([]);
});
