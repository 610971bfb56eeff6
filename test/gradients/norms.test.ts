/** Normalisation on random shapes against its equation in float64, differentiated by central differences. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchNorm1d, layerNorm, rmsNorm, seed, type Tensor, tensor } from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { gradientOf as differences } from "../oracle/finite-differences.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { runBoth, toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240611, numRuns: 40 };
const family = "norms, random shapes";

/** Float32 numbers held in float64. */
function draw(next: () => number, count: number, offset = 0): Float64Array {
  return randomVector(next, count).map((value) => Math.fround(value + offset));
}

function rowsOf(data: Float64Array, columns: number): Float64Array[] {
  return Array.from({ length: data.length / columns }, (_, i) => data.subarray(i * columns, (i + 1) * columns));
}

/** The equation, by rows; `centred` takes the mean away first. */
function equation(x: Float64Array, gain: Float64Array, bias: Float64Array | null, centred: boolean, epsilon: number) {
  return rowsOf(x, gain.length).flatMap((row) => {
    const mean = centred ? row.reduce((a, b) => a + b, 0) / row.length : 0;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return Array.from(row, (v, j) => ((v - mean) / Math.sqrt(variance + epsilon)) * gain[j] + (bias ? bias[j] : 0));
  });
}

describe("= the equation and its differences", () => {
  const shapes = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 21 }), fc.nat());
  test.each([true, false])("centred: %s", (centred) => {
    const property = fc.property(shapes, ([rows, columns, seedOfCase]) => {
      const next = randomNumbers(seedOfCase);
      const x = draw(next, rows * columns);
      const gain = draw(next, columns, 1.5);
      const bias = centred ? draw(next, columns) : null;
      const cotangent = draw(next, rows * columns);
      // An epsilon as large as the variance: differences of tiny rows would say nothing otherwise.
      const epsilon = 0.25;
      const leaves = new Map([
        ["x", toTensor({ shape: [rows, columns], data: x }, true)],
        ["weight", toTensor({ shape: [columns], data: gain }, true)],
      ]);
      if (bias) leaves.set("bias", toTensor({ shape: [columns], data: bias }, true));
      const { x: xt, weight, bias: biasTensor = null } = Object.fromEntries(leaves) as Record<string, Tensor>;
      const output = centred
        ? layerNorm(xt, [columns], { weight, bias: biasTensor, epsilon })
        : rmsNorm(xt, [columns], { weight, epsilon });
      const given = new Map([["cotangent.output", { shape: [rows, columns], data: cotangent }]]);
      const run = runBoth(given as never, leaves, new Map([["output", output]]));
      const subject = { family, case: `[${rows}, ${columns}] seed ${seedOfCase}` };
      const y = () => equation(x, gain, bias, centred, epsilon);
      expectClose({ ...subject, tensor: "output" }, run.get("output")!, { shape: [rows, columns], data: y() });
      const scalar = () => y().reduce((total, value, i) => total + value * cotangent[i], 0);
      for (const [name, values] of Object.entries({ x, weight: gain, ...(bias ? { bias } : {}) })) {
        const actual = run.get(`gradient.${name}`)!;
        expectClose(
          { ...subject, tensor: `gradient.${name}` },
          actual,
          { shape: actual.shape, data: differences(scalar, values) },
          { magnitude: 1 },
        );
      }
    });
    fc.assert(property, SEARCH);
  });
});

test("a row gives the same bits alone or among others", () => {
  const next = randomNumbers(3);
  const data = Float32Array.from(randomVector(next, 5 * 13));
  const all = layerNorm(tensor(data, [5, 13]), [13]).toArray();
  const alone = layerNorm(tensor(data.slice(26, 39), [1, 13]), [13]).toArray();
  expect(alone).toEqual(all.slice(26, 39));
});

test("buffers are saved but not learnt, and live outside the step", () => {
  seed(1);
  const norm = new BatchNorm1d({ channels: 3 });
  norm.forward(
    tensor([
      [1, 2, 3],
      [2, 4, 9],
    ]),
  );
  expect(norm.namedParameters().map(([name]) => name)).toEqual(["weight", "bias"]);
  expect(Object.keys(norm.stateDict())).toEqual([
    "weight",
    "bias",
    "running_mean",
    "running_var",
    "num_batches_tracked",
  ]);
  const state = norm.stateDict();
  expect(state.running_mean.toArray()).toEqual(Float32Array.of(0.15, 0.3, 0.6));
  expect([...state.num_batches_tracked.toArray()]).toEqual([1]);
});
