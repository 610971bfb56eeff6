/** Trials in worker threads: the bits of one thread, and what becomes of a trial whose worker dies. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsdown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, OptionError } from "../../src/index.ts";
import {
  defineTask,
  provideData,
  runTrial,
  type TrialExecutor,
  type TrialResult,
  type TrialSpec,
  taskNamed,
} from "../../src/laboratory/index.ts";
import { workerExecutor } from "../../src/node/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
mkdirSync(join(root, "build"), { recursive: true });
const bundle = mkdtempSync(join(root, "build", "trial-worker-"));
const program = pathToFileURL(join(bundle, "trial-worker.js"));
const executors: TrialExecutor[] = [];

const executorOf = (workers: number): TrialExecutor => {
  const made = workerExecutor({ workers, program });
  executors.push(made);
  return made;
};

beforeAll(async () => {
  await build({
    config: false,
    cwd: root,
    entry: { "trial-worker": "src/node/laboratory/trialWorker.ts", laboratory: "src/laboratory/index.ts" },
    outDir: bundle,
    platform: "node",
    target: "node20",
    format: "esm",
    fixedExtension: false,
    hash: false,
    dts: false,
    logLevel: "error",
    deps: { alwaysBundle: () => true, onlyBundle: false },
  });
});

afterAll(async () => {
  await Promise.all(executors.map((executor) => executor.close()));
  rmSync(bundle, { recursive: true, force: true });
});

const spec: TrialSpec = {
  activation: "tanh",
  cell: "gru",
  task: { name: "adding", options: { steps: 8 } },
  seed: 1,
  budget: 40,
};
const lasting = ({ secondsPerStep: _, ...rest }: TrialResult) => rest;

/** A task as "adding", defined here and, with some lines before it, in a module that workers load. */
function taskWith(name: string, before: string): void {
  const path = join(bundle, `${name}.js`);
  writeFileSync(
    path,
    `import { existsSync, writeFileSync } from "node:fs";
import { defineTask, taskNamed } from "./laboratory.js";
const place = ${JSON.stringify(join(bundle, `${name}.begun`))};
${before}
defineTask(${JSON.stringify(name)}, taskNamed("adding"));
`,
  );
  defineTask(name, taskNamed("adding"), { module: pathToFileURL(path).href });
}

test("workers give what one thread gives, with activations, cells, texts and tasks of one's own", async () => {
  const executor = executorOf(2);
  expect(executor.width).toBe(2);
  taskWith("of one's own", "");
  const data = await provideData("the quick brown fox jumps over the lazy dog. ".repeat(40));
  const specs: TrialSpec[] = [
    spec,
    { ...spec, activation: "relu", cell: "lstm" },
    { ...spec, activation: "x * sigmoid(beta * x)", parameters: { beta: 1.5 } },
    { ...spec, task: { name: "characters", data }, budget: 12 },
    { ...spec, task: { name: "characters", data }, budget: 12, seed: 2 },
    { ...spec, task: { name: "of one's own" } },
    { ...spec, activation: "exponential", cell: "rnn", task: { name: "adding" } },
  ];
  const results = await Promise.all(specs.map((one) => executor.submit(one)));
  for (const [i, one] of specs.entries()) expect(lasting(results[i]!)).toEqual(lasting(await runTrial(one)));
  expect(results.at(-1)!.outcome).toBe("diverged");
  expect(await executor.submit({ ...spec })).toBe(results[0]);
});

describe("a worker that dies", () => {
  test("hands its trial to another, once", async () => {
    taskWith("dies once", `if (!existsSync(place)) { writeFileSync(place, ""); process.exit(3); }`);
    const result = await executorOf(1).submit({ ...spec, task: { name: "dies once" } });
    expect(lasting(result)).toEqual(lasting(await runTrial({ ...spec, task: { name: "adding" } })));
  });

  test("and then makes it a failed one, while others go on", async () => {
    taskWith("dies always", "process.exit(3);");
    const executor = executorOf(2);
    const [dead, alive] = await Promise.all([
      executor.submit({ ...spec, task: { name: "dies always" } }),
      executor.submit(spec),
    ]);
    expect(dead).toMatchObject({ outcome: "failed", score: null, reason: "the worker died 2 times: it ended" });
    expect(alive.outcome).toBe("finished");
    expect((await executor.submit({ ...spec, seed: 2 })).outcome).toBe("finished");
  });

  test("tells why, when it could not even begin", async () => {
    const executor = workerExecutor({ workers: 1, program: pathToFileURL(join(bundle, "absent.js")) });
    const { outcome, reason } = await executor.submit(spec);
    expect(outcome).toBe("failed");
    expect(reason).toMatch(/^the worker died 2 times: .*absent\.js/);
    await executor.close();
  });

  test("between two trials is not noticed", async () => {
    taskWith("dies later", "setTimeout(() => process.exit(3), 60);");
    const executor = executorOf(1);
    await executor.submit({ ...spec, task: { name: "dies later" }, budget: 1 });
    await new Promise((done) => setTimeout(done, 300));
    expect((await executor.submit(spec)).outcome).toBe("finished");
  });
});

test("what a worker throws is the error it was, and the worker goes on", async () => {
  taskWith("refuses", "");
  const executor = executorOf(1);
  writeFileSync(join(bundle, "refuses.js"), `throw Object.assign(new Error("no data here"), { name: "DataError" });`);
  const refused = executor.submit({ ...spec, task: { name: "refuses" } });
  await expect(refused).rejects.toThrow("no data here");
  await expect(refused).rejects.toBeInstanceOf(DataError);
  expect((await executor.submit(spec)).outcome).toBe("finished");
});

test("closing ends what is under way", async () => {
  const executor = workerExecutor({ workers: 1, program });
  const running = executor.submit({ ...spec, budget: 10_000_000 }).catch((error: unknown) => error);
  await new Promise((done) => setTimeout(done, 200));
  await executor.close();
  expect(await running).toBeInstanceOf(OptionError);
  await expect(executor.submit(spec)).rejects.toThrow("closed");
});

test("bad options and specs are refused in this thread", async () => {
  expect(() => workerExecutor({ workers: 0 })).toThrow(/workers: expected a whole number from 1 to 256, got 0/);
  expect(() => workerExecutor({ worker: 1 } as never)).toThrow(/got "worker"/);
  const executor = executorOf(1);
  await expect(executor.submit({ ...spec, cell: "rnm" as never })).rejects.toThrow(/is it rnn\?/);
});
