/** Functions, comparisons, extremes and picking against PyTorch: outputs and the gradient of every operand. */

import { describe, expect, test } from "vitest";
import {
  abs,
  argmax,
  broadcastTo,
  clamp,
  cos,
  cumsum,
  equal,
  exp,
  gather,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logSumExp,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  oneHot,
  pad,
  pow,
  sin,
  sqrt,
  square,
  sum,
  type Tensor,
  tensor,
  where,
} from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf, numbers, toTensor } from "./engine.ts";
import { type FixtureCase, readFixtures } from "./fixtures.ts";

interface Options {
  operation: string;
  axis?: number;
  min?: number;
  max?: number;
  count?: number;
  shape?: number[];
  exponent?: number;
  axes?: number[];
  keepDimension?: boolean;
  pads?: [number, number][];
  value?: number;
}

type Run = (a: Tensor, b: Tensor, fixture: FixtureCase<Options>) => Tensor;

const axisOf = ({ options }: FixtureCase<Options>): number => options.axis as number;
const operations: Record<string, Run> = {
  log,
  sqrt,
  abs,
  exp,
  square,
  maximum,
  minimum,
  greater,
  greaterEqual,
  less,
  lessEqual,
  equal,
  clamp: (a, _, { options: { operation: __, ...bounds } }) => clamp(a, bounds),
  where: (a, b, fixture) => where(toTensor(fixture.tensor("condition")), a, b),
  max: (a, _, fixture) => max(a, axisOf(fixture)),
  min: (a, _, fixture) => min(a, axisOf(fixture)),
  logSumExp: (a, _, fixture) => logSumExp(a, axisOf(fixture)),
  argmax: (a, _, fixture) => argmax(a, axisOf(fixture)),
  gather: (a, _, fixture) => gather(a, axisOf(fixture), toTensor(fixture.tensor("index"))),
  oneHot: (_, __, fixture) => oneHot(toTensor(fixture.tensor("index")), fixture.options.count as number),
  broadcastTo: (a, _, { options }) => broadcastTo(a, options.shape as number[]),
  pow: (a, b, { options }) => pow(a, options.exponent ?? b),
  sin,
  cos,
  sum: (a, _, { options }) => sum(a, options.axes, options.keepDimension),
  mean: (a, _, { options }) => mean(a, options.axes, options.keepDimension),
  cumsum: (a, _, fixture) => cumsum(a, axisOf(fixture)),
  pad: (a, _, { options }) => pad(a, options.pads as [number, number][], options.value),
};

describe("operations = torch", () => {
  for (const fixture of readFixtures<Options>("tensor-operations")) {
    test(fixture.name, () => {
      const leaves = new Map(
        ["a", "b"].filter((name) => fixture.has(name)).map((name) => [name, toTensor(fixture.tensor(name), true)]),
      );
      const run = operations[fixture.options.operation] as Run;
      const output = run(leaves.get("a") as Tensor, leaves.get("b") as Tensor, fixture);
      const subject = { family: "tensor operations", case: fixture.name };
      expectClose({ ...subject, tensor: "output" }, numbers(output), fixture.tensor("output"));
      if (!fixture.has("cotangent.output")) return;
      sum(mul(output, toTensor(fixture.tensor("cotangent.output")))).backward();
      for (const [name, leaf] of leaves) {
        expectClose({ ...subject, tensor: name }, gradientOf(name, leaf), fixture.tensor(`gradient.${name}`));
      }
    });
  }
});

const values = (t: Tensor): number[] => [...t.toArray()];
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

test("log at its edges, subnormal numbers included", () => {
  expect(values(log(tensor([0, -0, -1, infinity, nan, -infinity])))).toEqual([
    -infinity,
    -infinity,
    nan,
    infinity,
    nan,
    nan,
  ]);
  for (const x of [2 ** -149, 2 ** -140, 1.1754942e-38, 1.1754944e-38, 3.4e38]) {
    const [actual] = values(log(tensor([x])));
    expect(Math.abs((actual as number) - Math.log(Math.fround(x)))).toBeLessThan(1e-5);
  }
});

test("NaN: maximum and minimum keep it, comparisons hold of nothing, max finds it, where looks at what it chooses only", () => {
  const x = tensor([nan, 1, nan]);
  expect(values(maximum(x, 0))).toEqual([nan, 1, nan]);
  expect(values(minimum(tensor([0, 0, 0]), x))).toEqual([nan, 0, nan]);
  expect(values(greaterEqual(x, x))).toEqual([0, 1, 0]);
  expect(max(tensor([1, nan, 3])).item()).toBeNaN();
  expect(argmax(tensor([1, nan, 3])).item()).toBe(1);
  const leaf = tensor([nan, 2, 3], undefined, { requiresGrad: true });
  const y = where(tensor([0, 1, 1]), leaf, -1);
  expect(values(y)).toEqual([-1, 2, 3]);
  sum(mul(y, y)).backward();
  expect(values(leaf.grad as Tensor)).toEqual([0, 4, 6]);
});

test("logSumExp neither overflows nor takes ∞ from ∞", () => {
  const x = tensor([
    [1000, 1000],
    [-infinity, -infinity],
    [infinity, 0],
    [-infinity, 3],
  ]);
  const [first, ...rest] = values(logSumExp(x, 1));
  expect(first).toBeCloseTo(1000 + Math.log(2), 3);
  expect(rest).toEqual([-infinity, infinity, 3]);
});

test("the extreme of all numbers; an axis may stay; the first of equals gets the gradient", () => {
  const leaf = tensor([3, 7, 7, 1], [2, 2], { requiresGrad: true });
  const largest = max(leaf);
  expect(largest.item()).toBe(7);
  largest.backward();
  expect(values(leaf.grad as Tensor)).toEqual([0, 1, 0, 0]);
  expect(max(leaf, 0, true).shape).toEqual([1, 2]);
  expect(values(min(leaf, 1))).toEqual([3, 1]);
});

describe("what does not fit is refused", () => {
  const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  const index = (...at: number[]): Tensor => tensor(Int32Array.from(at), [1, at.length]);
  test.each([
    ["shapes", () => maximum(x, tensor([1, 2])), "maximum"],
    ["three shapes", () => where(tensor([1, 0]), x, 0), "where"],
    ["integers", () => log(index(1)), "log: expected float32 numbers, got int32"],
    ["bounds", () => clamp(x, { min: 2, max: 1 }), "clamp: expected bounds min ≤ max, got 2 and 1"],
    ["no bounds", () => clamp(x, {}), "clamp: expected bounds min ≤ max, got undefined and undefined"],
    ["an axis", () => max(x, 2), "max: expected an axis from -2 to 1, got 2"],
    ["nothing", () => max(tensor(new Float32Array(0), [0, 3]), 0), "max: expected numbers along axis 0, got [0, 3]"],
    ["an index of another shape", () => gather(x, 1, index(0, 1)), "gather index: expected [2, n], got [1, 2]"],
    [
      "an index beyond",
      () => gather(x, 0, index(0, 1, 2)),
      "gather index: expected indices from 0 to 1, got 2 at position 2",
    ],
    ["a class beyond", () => oneHot(index(3), 3), "oneHot index: expected indices from 0 to 2, got 3 at position 0"],
    ["a narrower shape", () => broadcastTo(x, [3]), "broadcastTo: expected a shape that [2, 3] stretches to, got [3]"],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
