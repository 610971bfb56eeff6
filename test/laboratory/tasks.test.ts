/** The tasks of the laboratory: what their batches hold, what can be learned from them, and what they refuse. */
import { describe, expect, test } from "vitest";
import { DataError, Generator, OptionError, type Tensor, tensor } from "../../src/index.ts";
import { addingBatch, copyBatch, defineTask, provideData, taskNamed, taskNames } from "../../src/laboratory/index.ts";
import { randomSource } from "../../src/laboratory/tasks/random.ts";
import { settleTask } from "../../src/laboratory/tasks/registry.ts";
import { sentences } from "../../src/laboratory/tasks/sentences.ts";
import { errorRate } from "../../src/laboratory/tasks/wrong.ts";

const random = (seed = 1) => randomSource(new Generator(seed));
const numbers = (t: Tensor): number[] => [...t.toArray()];

test("adding: two marks, one in each half, and their numbers' sum", () => {
  const [steps, count] = [31, 40];
  const { input, target } = addingBatch({ steps, count }, random());
  const values = numbers(input);
  for (let b = 0; b < count; b++) {
    const at = (t: number, i: number): number => values[(t * count + b) * 2 + i]!;
    const marked = Array.from({ length: steps }, (_, t) => t).filter((t) => at(t, 1) === 1);
    expect(marked.length).toBe(2);
    expect(marked[0]).toBeLessThan(steps / 2);
    expect(marked[1]).toBeGreaterThanOrEqual(Math.floor(steps / 2));
    expect(numbers(target)[b]).toBeCloseTo(at(marked[0]!, 0) + at(marked[1]!, 0), 6);
  }
  const drawn = values.filter((_, i) => i % 2 === 0);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(0.5, 1);
});

test("copy: what was read before the pause is wanted after the sign, and blanks before", () => {
  const [symbols, length, pause, count] = [5, 3, 4, 7];
  const { input, target } = copyBatch({ symbols, length, pause, count }, random());
  const [read, wanted] = [numbers(input), numbers(target)];
  const steps = pause + 2 * length;
  expect(input.shape).toEqual([steps, count]);
  for (let b = 0; b < count; b++) {
    const column = (from: readonly number[]): number[] => Array.from({ length: steps }, (_, t) => from[t * count + b]!);
    expect(column(wanted).slice(-length)).toEqual(column(read).slice(0, length));
    expect(column(wanted).slice(0, -length)).toEqual(new Array(steps - length).fill(symbols));
    expect(column(read).indexOf(symbols + 1)).toBe(length + pause - 1);
    expect(Math.max(...column(read).slice(0, length))).toBeLessThan(symbols);
  }
});

test("digits: rows and pixels are the same pictures, one in another order", () => {
  const options = { ...taskNamed("digits").defaults, noise: 0.25 };
  const [rows, pixels] = ["rows", "pixels"].map((read) => {
    return taskNamed("digits")
      .prepare({ ...options, read }, null)
      .batch(6, random());
  });
  expect(rows!.input.shape).toEqual([8, 6, 8]);
  expect(pixels!.input.shape).toEqual([64, 6, 1]);
  expect(numbers(rows!.target)).toEqual(numbers(pixels!.target));
  const picture = (values: readonly number[], width: number, b: number): number[] =>
    Array.from({ length: 64 }, (_, i) => values[Math.floor(i / width) * 6 * width + b * width + (i % width)]!);
  for (let b = 0; b < 6; b++) {
    expect(picture(numbers(rows!.input), 8, b)).toEqual(picture(numbers(pixels!.input), 1, b));
  }
  // Ink is at least 0.75 and ground at most 0.25.
  expect(numbers(rows!.input).filter((value) => value > 0.25 && value < 0.75)).toEqual([]);
});

test("digits of a table: scaled by the largest, every fifth held out", async () => {
  const text = Array.from({ length: 20 }, (_, i) => [i, 0, 0, 0, i % 3].join(",")).join("\n");
  const { problem } = settleTask({ name: "digits", data: await provideData(text), options: { validationSize: 100 } });
  expect(problem.outputSize).toBe(3);
  const held = problem.validation!(100, random());
  expect(held.input.shape).toEqual([2, 4, 2]);
  expect(numbers(held.target)).toEqual([0, 5, 10, 15].map((i) => i % 3));
  const { input } = problem.batch(50, random());
  const firsts = new Set(numbers(input).map((value) => Math.round(value * 19)));
  for (const i of [5, 10, 15]) expect(firsts.has(i)).toBe(false);
  expect(firsts.size).toBeGreaterThan(10);
});

test("characters: targets are the inputs a step later, and held-out text is never learned from", async () => {
  const text = `${"abcdefghij".repeat(30)}${"XYZ".repeat(20)}`;
  const { problem, options } = settleTask({
    name: "characters",
    data: await provideData(text),
    options: { window: 7, validationSize: 3 },
  });
  const { input, target } = problem.batch(16, random());
  const [read, wanted] = [numbers(input), numbers(target)];
  for (let t = 0; t < 6; t++) {
    for (let b = 0; b < 16; b++) expect(wanted[t * 16 + b]).toBe(read[(t + 1) * 16 + b]);
  }
  // Capitals sort before the others.
  const held = problem.validation!(options.validationSize, random());
  expect(Math.max(...numbers(held.input))).toBeLessThan(3);
  expect(problem.outputSize).toBe(13);
});

test("the language of its own agrees in number, is the same again, and never the same line for long", () => {
  const text = sentences(20_000, random(3));
  expect(text).toBe(sentences(20_000, random(3)));
  const lines = text.trim().split("\n");
  expect(new Set(lines).size).toBeGreaterThan(lines.length * 0.95);
  const simple = lines.map((line) => /^(an?|the) (?:\w+ )?(\w+) (follow|leave|know)(s?) /.exec(line)).filter(Boolean);
  expect(simple.length).toBeGreaterThan(5);
  for (const [, article, , , ending] of simple as RegExpExecArray[]) expect(ending === "s").toBe(article !== "the");
});

test("a share of errors is counted from a row on, the first of equals is what is said", () => {
  const output = tensor([
    [1, 0],
    [0, 1],
    [2, 2],
    [0, 3],
  ]);
  const target = tensor(Int32Array.of(1, 1, 0, 0));
  expect(errorRate(output, target)).toBe(0.5);
  expect(errorRate(output, target, 2)).toBe(0.5);
  expect(errorRate(output, target, 3)).toBe(1);
  expect(errorRate(tensor([[Number.NaN, 0]]), tensor(Int32Array.of(0)))).toBeNaN();
});

describe("what is refused", () => {
  const refuse = (spec: Parameters<typeof settleTask>[0]) => () => settleTask(spec);

  test("names and options, with what is nearest", () => {
    expect(refuse({ name: "ading" })).toThrow(
      new OptionError(`task: expected one of ${taskNames().join(", ")}, got "ading" (is it adding?)`),
    );
    expect(refuse({ name: "adding", options: { step: 3 } })).toThrow(/got "step" \(is it steps\?\)/);
    expect(refuse({ name: "adding", options: { steps: "3" } })).toThrow(/expected a number, got "3"/);
    expect(refuse({ name: "adding", options: { steps: 0 } })).toThrow(/steps: expected a whole number ≥ 1, got 0/);
    expect(refuse({ name: "copy", options: { hiddenSize: 1.5 } })).toThrow(/hiddenSize: expected a whole number/);
    expect(refuse({ name: "copy", options: { learningRate: 0 } })).toThrow(/learningRate: expected a number > 0/);
    expect(refuse({ name: "copy", options: { target: Number.NaN } })).toThrow(/target: expected a finite number/);
    expect(refuse({ name: "digits", options: { read: "columns" } })).toThrow(/"rows" or "pixels", got "columns"/);
    expect(refuse({ name: "digits", options: { noise: 2 } })).toThrow(/noise: expected a number from 0 to 1/);
    expect(refuse({ name: "digits", options: { toString: 1 } })).toThrow(/got "toString"/);
  });

  test("data", async () => {
    const digits = async (text: string) => refuse({ name: "digits", data: await provideData(text) });
    expect(refuse({ name: "characters", data: "none" })).toThrow(DataError);
    expect(await digits("1,2,3")).toThrow(/at least 10 pictures, got 1/);
    expect(await digits("1,2,3,0\n".repeat(12))).toThrow(/line 1: expected the pixels of a square picture/);
    const odd = `${"1,2,3,4,0\n".repeat(11)}\n1,2,x,4,0\n`;
    expect(await digits(odd)).toThrow(/line 13: expected 4 numbers and a class/);
    const short = await provideData("too short a text");
    expect(refuse({ name: "characters", data: short })).toThrow(/longer than a window of 32, got 16 characters/);
    await expect(provideData(7 as never)).rejects.toThrow(/expected a text, got number/);
  });

  test("tasks of one's own", () => {
    const { defaults, prepare, ...words } = taskNamed("adding");
    expect(() => defineTask("copy", taskNamed("adding"))).toThrow(/"copy", which is built in/);
    expect(() => defineTask(" ", taskNamed("adding"))).toThrow(/expected a name/);
    expect(() => defineTask("x", { ...words, defaults } as never)).toThrow(/a function "prepare"/);
    expect(() => defineTask("x", { ...words, prepare, defaults: { ...defaults, every: 0 } })).toThrow(/every/);
    expect(taskNames()).not.toContain("x");
  });
});
