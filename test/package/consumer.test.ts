/** The tarball, installed in an empty project as a user would: it runs, and its types hold under strict settings. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const project = mkdtempSync(join(tmpdir(), "unrolled-consumer-"));

const program = `
import {
  Adam, crossEntropy, DataError, Embedding, Linear, LSTM, NumericError, Sequential, seed, tensor,
} from "unrolled";
import { eigenvalues, spectralRadius } from "unrolled/laboratory";
import { type CsvRow, readCsv } from "unrolled/node";

seed(1);
const model = new Sequential(
  new Embedding({ count: 5, size: 4 }),
  new LSTM({ inputSize: 4, hiddenSize: 8 }),
  new Linear({ inputSize: 8, outputSize: 5 }),
);
const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
const input = tensor(Int32Array.of(0, 1, 2, 3), [4, 1]);
const target = tensor(Int32Array.of(1, 2, 3, 4), [4, 1]);
const losses: number[] = [];
for (let step = 0; step < 30; step++) {
  optimizer.zeroGrad();
  const loss = crossEntropy(model.forward(input), target);
  loss.backward();
  losses.push(loss.item());
  optimizer.step();
}
const bytes: Uint8Array = model.save();
const radius: number = spectralRadius(new Linear({ inputSize: 3, outputSize: 3 }).weight);
let sameClass = false;
try {
  eigenvalues(tensor([[Number.NaN]]));
} catch (error) {
  sameClass = error instanceof NumericError;
}
const rows: CsvRow[] = await readCsv("table.csv", { numbers: ["x"] }).toArray();
const refused: unknown = await readCsv("none.csv").toArray().catch((error: unknown) => error);
console.log(
  JSON.stringify({
    first: losses[0],
    last: losses[29],
    bytes: bytes.length,
    x: rows.map(({ numbers }) => numbers[0]),
    typed: refused instanceof DataError && sameClass && radius > 0,
  }),
);
`;

function run(command: string, ...parameters: string[]): string {
  try {
    return execFileSync(command, parameters, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${parameters.join(" ")}\n${stdout}\n${stderr}`);
  }
}

/** Type-checks the program as a file of the project, with declaration files checked too. */
function compile(options: Record<string, unknown>): void {
  const compilerOptions = { strict: true, target: "es2022", skipLibCheck: false, outDir: "out", types: [], ...options };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  run(process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
}

describe("an empty project with the tarball", () => {
  beforeAll(() => {
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", type: "module", private: true }));
    writeFileSync(join(project, "main.ts"), program);
    writeFileSync(join(project, "table.csv"), "x,y\n1,a\n2.5,b\n");
    mkdirSync(join(project, "tarball"));
    run("npm", "pack", root, "--ignore-scripts", "--silent", "--pack-destination", join(project, "tarball"));
    run("npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", `./tarball/unrolled-${version}.tgz`);
  });

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test("compiles as a Node program and learns when it runs", () => {
    compile({ module: "nodenext", lib: ["es2022", "dom"] });
    const { first, last, bytes, x, typed } = JSON.parse(run(process.execPath, "out/main.js"));
    expect(last).toBeLessThan(first / 2);
    expect(bytes).toBeGreaterThan(0);
    expect({ x, typed }).toEqual({ x: [1, 2.5], typed: true });
  });

  test("compiles for a bundler", () => {
    compile({ module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"] });
  });

  test("has the command", () => {
    expect(run(join(project, "node_modules/.bin/unrolled"), "--version").trim()).toBe(version);
  });

  test.each(["at once", "after they are up"])("workers do not keep a process alive that is done %s", (when) => {
    const wait = when === "at once" ? "" : "await threadsReady();";
    const script = `
      import { configure, linear, normal, runtimeInfo, threadsReady } from "unrolled";
      configure({ threads: 2 });
      ${wait}
      const y = linear(normal([64, 64]), normal([128, 64]));
      console.log(JSON.stringify({ size: y.size, threads: runtimeInfo().threads }));
    `;
    const { size, threads } = JSON.parse(run(process.execPath, "--input-type=module", "--eval", script));
    expect(size).toBe(64 * 128);
    if (wait) expect(threads).toBe(2);
  });

  test("compares activations in workers, on a task of its own, in a program and from the command line", () => {
    const task = `
      import { addingBatch, defineTask, taskNamed } from "unrolled/laboratory";
      const adding = taskNamed("adding");
      const prepare = (options, data) => ({
        ...adding.prepare(options, data),
        batch: (count, random) => addingBatch({ steps: 5, count }, random),
      });
      defineTask("short adding", { ...adding, prepare }, { module: import.meta.url });
    `;
    const script = `
      import { compareActivations } from "unrolled/laboratory";
      import { workerExecutor } from "unrolled/node";
      import "./task.js";
      const executor = workerExecutor({ workers: 2 });
      const activations = ["tanh", "x * sigmoid(x)"];
      const { groups } = await compareActivations({ tasks: ["short adding"], activations, seeds: 1, budget: 5, executor });
      // Not closed: idle workers keep no process alive.
      console.log(JSON.stringify(groups[0].rows.map(({ name, of }) => [name, of]).sort()));
    `;
    writeFileSync(join(project, "task.js"), task);
    writeFileSync(join(project, "compare.js"), script);
    expect(JSON.parse(run(process.execPath, "compare.js"))).toEqual([
      ["tanh", 1],
      ["x * sigmoid(x)", 1],
    ]);
    const words = ["--define", "task.js", "--task", "short adding", "--seeds", "1", "--budget", "5", "--workers", "1"];
    const table = run(join(project, "node_modules/.bin/unrolled"), "activations", "compare", ...words);
    expect(table).toContain("short adding, rnn: mean squared error");
  });

  test("gives both binaries by name", () => {
    const script =
      'for (const name of ["kernels.wasm", "kernels.relaxed.wasm", "companion.wasm", "companion.relaxed.wasm", "catalogue.wasm", "catalogue.relaxed.wasm"]) import.meta.resolve("unrolled/" + name)';
    run(process.execPath, "--input-type=module", "--eval", script);
  });
});
