/** The README's programs are run as they stand there. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = `${root}build/readme/`;
const programs = [...readFileSync(`${root}README.md`, "utf8").matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);

/** Runs a program and returns what it printed. */
async function run(name: string, code: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.ts`, code);
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...words) => lines.push(words.join(" ")));
  try {
    await import(/* @vite-ignore */ `${folder}${name}.ts`);
  } finally {
    log.mockRestore();
  }
  return lines;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are six programs", () => {
  expect(programs).toHaveLength(6);
});

test("the first learns to predict a series, and predicts it sample by sample", async () => {
  const [summary, ...predictions] = await run("series", programs[0] as string);
  const [, steps, first, last] = /^(\d+) steps, loss (\S+) → (\S+)$/.exec(summary as string) ?? [];
  expect(Number(steps)).toBe(300);
  expect(Number(last)).toBeLessThan(Number(first) / 100);
  expect(predictions).toHaveLength(100);
  const missed = predictions.slice(24, 99).map((prediction, i) => Number(prediction) - series(i + 25));
  expect(Math.max(...missed.map(Math.abs))).toBeLessThan(0.2);
});

/** The series of the first program. */
function series(t: number): number {
  return Math.sin(t / 7) + 0.1 * Math.sin(t * 12.9898);
}

test("the second trains a model of one's own and saves it", async () => {
  const prelude = `
    import { AdamW, clipGradNorm, crossEntropy, Embedding, GRU, Linear, Module, type Tensor, tensor } from "unrolled";
    const tokens = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 1000);
    const input = tensor(tokens, [12, 5]);
    const target = tensor(tokens.map((token) => token % 12), [12, 5]);
    const batches = Array.from({ length: 30 }, () => ({ input, target }));
    const losses: number[] = [];
  `;
  const watched = (programs[1] as string).replace("optimizer.step();", "optimizer.step(); losses.push(loss.item());");
  const epilogue = 'console.log(losses[0], losses.at(-1), bytes.length, Object.keys(model.stateDict()).join(" "));';
  const [line] = await run("model", prelude + watched + epilogue);
  const [first, last, bytes, ...names] = (line as string).split(" ");
  expect(Number(last)).toBeLessThan(Number(first) / 3);
  expect(Number(bytes)).toBeGreaterThan(4 * 1000 * 64);
  expect(names).toContain("gru.weight_hh_l1_reverse");
});

test("the third scans a cell of one's own, which keeps nine tenths of its state a step", async () => {
  const prelude = 'import { activations, add, Linear, mul, noGrad, Recurrence, type Tensor, uniform } from "unrolled";';
  const epilogue = `
    const x = uniform([6, 2, 3]);
    const { output, state } = noGrad(() => layer.forward(x, undefined, { lengths: [6, 4] }));
    console.log(output.shape.join(" "), layer.parameters().length, Math.max(...state.toArray().map(Math.abs)));
    console.log([...output.toArray()].slice(8 * 2 * 4 + 8, 8 * 2 * 5).join(" "));
  `;
  const [summary, padding] = await run("cell", prelude + programs[2] + epilogue);
  const [steps, batch, size, parameters, largest] = (summary as string).split(" ").map(Number);
  expect([steps, batch, size, parameters]).toEqual([6, 2, 8, 3]);
  expect(largest).toBeGreaterThan(0);
  expect(largest).toBeLessThan(1 - 0.9 ** 6);
  expect((padding as string).split(" ").map(Number)).toEqual(new Array(8).fill(0));
});

test("the fourth writes an activation in a line and learns its parameter", async () => {
  const prelude = 'import { activation, GRU, normal, SGD, square, sum } from "unrolled";';
  const epilogue = `
    const optimizer = new SGD(cell.parameters(), { learningRate: 0.1 });
    sum(square(cell.forward(normal([4, 2, 8])).output)).backward();
    optimizer.step();
    console.log(cell.namedParameters().at(-1)?.[0], swish.learned.get("beta")?.toArray()[0]);
    console.log(swish.derivativeText);
  `;
  const [learned, derivative] = await run("activation", prelude + programs[3] + epilogue);
  const [name, value] = (learned as string).split(" ");
  expect(name).toBe("activation.beta");
  expect(Number(value)).not.toBe(1);
  expect(derivative).toContain("sigmoid(x * beta)");
});

test("the fifth compares activations", async () => {
  // Workers load the built library: test/package has them.
  const inOneThread = (programs[4] as string).replace(
    'import { workerExecutor } from "unrolled/node";',
    'import { inProcessExecutor as workerExecutor } from "unrolled/laboratory";',
  );
  const tables = (await run("compare", inOneThread)).join("\n");
  for (const title of ["digits, rnn", "digits, gru", "adding (steps 20), rnn", "adding (steps 20), gru"]) {
    expect(tables).toContain(`${title}: `);
  }
  expect(tables.match(/x \* sigmoid\(beta \* x\) \(beta 1\)/g)).toHaveLength(4);
});

test("the sixth searches for one", async () => {
  const inOneThread = (programs[5] as string)
    .replace('import { searchLog, workerExecutor } from "unrolled/node";', 'import { searchLog } from "unrolled/node";')
    .replace("{ searchActivation }", "{ inProcessExecutor as workerExecutor, searchActivation }")
    .replace('"runs/search.jsonl"', JSON.stringify(`${folder}search.jsonl`));
  const told = (await run("search", inOneThread)).join("\n");
  expect(told).toMatch(/^tanh +[\d.]+ .*reference$/m);
  expect(told).toMatch(/10 fresh seeds of 27 steps/);
});
