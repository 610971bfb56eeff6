/** The oracle's gradients against finite differences of its own forward pass, all in float64. */

import { describe, expect, test } from "vitest";
import * as activations from "./activations.ts";
import { expectClose, largestRelativeError } from "./compare.ts";
import { derivativeAt, gradientOf } from "./finite-differences.ts";
import { type LayerOptions, layerOracle, type Named } from "./layer.ts";
import * as losses from "./losses.ts";
import { randomNumbers, randomVector } from "./random.ts";
import { randomRun } from "./random-run.ts";

const BOUND = 1e-7;

describe("activations: derivative = finite difference", () => {
  const { leakyRelu, elu, gelu, normalDistribution: _, ...plain } = activations;
  const all: [string, activations.Activation][] = [
    ...Object.entries(plain),
    ["leakyRelu 0.2", leakyRelu(0.2)],
    ["elu 1", elu()],
    ["elu 1.7", elu(1.7)],
    ["gelu none", gelu()],
    ["gelu tanh", gelu("tanh")],
  ];
  test.each(all)("%s", (_name, { f, derivative }) => {
    for (let x = -8.05; x < 8; x += 0.1) {
      const slope = derivative(x);
      expect(Math.abs(slope - derivativeAt(f, x)) / Math.max(1, Math.abs(slope)), `at ${x}`).toBeLessThan(1e-8);
    }
  });

  test("the normal distribution's two expansions meet, and give values known from tables", () => {
    const { normalDistribution } = activations;
    expect(normalDistribution(3 - 1e-9)).toBeCloseTo(normalDistribution(3 + 1e-9), 10);
    expect(normalDistribution(0)).toBe(0.5);
    expect(normalDistribution(1.96)).toBeCloseTo(0.9750021048517795, 14);
    expect(normalDistribution(-5) / 2.866515718791939e-7).toBeCloseTo(1, 12);
  });
});

describe("losses: gradient = finite difference", () => {
  const next = randomNumbers(7);
  const rows = Array.from({ length: 5 }, () => randomVector(next, 4).map((value) => 3 * value));
  const targets = [1, 3, 2, 0, 3];
  const weight = Float64Array.of(0.5, 1.5, 0.25, 2);

  for (const [name, f, backward] of [
    ["softmax", losses.softmax, losses.softmaxBackward],
    ["logSoftmax", losses.logSoftmax, losses.logSoftmaxBackward],
  ] as const) {
    test(name, () => {
      const cotangent = randomVector(next, 4);
      const scalar = () => f(rows[0]).reduce((sum, value, index) => sum + value * cotangent[index], 0);
      expect(largestRelativeError(backward(rows[0], cotangent), gradientOf(scalar, rows[0])).error).toBeLessThan(BOUND);
    });
  }

  for (const [name, loss] of [
    ["nllLoss", losses.nllLoss],
    ["crossEntropy", losses.crossEntropy],
  ] as const) {
    for (const reduction of ["mean", "sum", "none"] as const) {
      test.each([{ reduction }, { reduction, weight }, { reduction, weight, ignoreIndex: 3 }])(
        `${name} %j`,
        (options) => {
          const cotangent = randomVector(next, reduction === "none" ? rows.length : 1);
          const run = () => loss(rows, targets, options, cotangent);
          const scalar = () => run().loss.reduce((sum, value, index) => sum + value * cotangent[index], 0);
          const wanted = rows.flatMap((row) => [...gradientOf(scalar, row)]);
          const { gradient } = run();
          expect(
            largestRelativeError(
              gradient.flatMap((row) => [...row]),
              wanted,
            ).error,
          ).toBeLessThan(BOUND);
        },
      );
    }
  }
});

const SHAPES: Partial<LayerOptions>[] = [
  {},
  { bias: false },
  { layers: 2 },
  { bidirectional: true },
  { layers: 2, bidirectional: true, batchFirst: true },
];
const KINDS: Pick<LayerOptions, "kind" | "activation" | "resetAfter" | "peepholes">[] = [
  { kind: "RNN", activation: "tanh" },
  { kind: "RNN", activation: "relu" },
  { kind: "LSTM" },
  { kind: "LSTM", peepholes: true },
  { kind: "GRU" },
  { kind: "GRU", resetAfter: false },
];

describe("recurrent layers: every gradient = finite difference", () => {
  const cases = KINDS.flatMap((kind) => SHAPES.map((shape) => ({ ...kind, ...shape, inputSize: 2, hiddenSize: 3 })));
  test.each(cases)("%j", (options) => {
    const given = randomRun(options, { steps: 4, batch: 2, seed: 11, hasInitialState: true });
    const wanted = layerOracle(options, given);
    const scalar = () => scalarOf(layerOracle(options, given), given);
    for (const [name, gradient] of wanted) {
      if (!name.startsWith("gradient.")) continue;
      const source = name.slice("gradient.".length);
      const leaf = given.get(source) ?? given.get(`weights.${source}`)!;
      const differences = { shape: gradient.shape, data: gradientOf(scalar, leaf.data as Float64Array) };
      expectClose({ family: "oracle", case: JSON.stringify(options), tensor: name }, gradient, differences, {
        tolerance: BOUND,
      });
    }
  });
});

/** Σ output · cotangent + Σ state · cotangent */
function scalarOf(run: Named, given: Named): number {
  let sum = 0;
  for (const [name, { data }] of run) {
    const cotangent = given.get(`cotangent.${name}`)?.data;
    for (let index = 0; cotangent && index < data.length; index += 1) sum += data[index] * cotangent[index];
  }
  return sum;
}
