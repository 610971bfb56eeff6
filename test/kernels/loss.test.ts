import { describe, expect, test } from "vitest";
import { gradientOf } from "../oracle/finite-differences.ts";
import { crossEntropy, logSoftmax, nllLoss } from "../oracle/losses.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

const ROWS = 7;
const IGNORE = -100;

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  /** ROWS rows with targets (the third ignored), weights and the gradient of each row's loss. */
  function example(columns: number, weighted: boolean) {
    const next = randomNumbers(columns);
    const numbers = (length: number, factor = 1) => Float64Array.from(randomVector(next, length), (v) => v * factor);
    const data = numbers(ROWS * columns, 4);
    const rows = Array.from({ length: ROWS }, (_, r) => data.subarray(r * columns, (r + 1) * columns));
    const targets = Array.from({ length: ROWS }, (_, r) => (r === 2 ? IGNORE : (r * 5) % columns));
    const weight = weighted ? numbers(columns).map((value) => Math.abs(value) + 0.25) : undefined;
    return { data, rows, targets, weight, cotangent: numbers(ROWS) };
  }
  const join = (rows: Float64Array[]) => rows.flatMap((row) => [...row]);

  describe.each([false, true])("weights: %s", (weighted) => {
    test.each(lengths)("crossEntropy, %i classes", (columns) => {
      const { data, rows, targets, weight, cotangent } = example(columns, weighted);
      const options = { reduction: "none", ignoreIndex: IGNORE, weight } as const;
      const expected = crossEntropy(rows, targets, options, cotangent);
      const logits = engine.floats(data);
      const [loss, sums, dLoss] = [engine.floats(ROWS), engine.floats(ROWS), engine.floats(cotangent)];
      const at = engine.integers(targets);
      const weights = weight ? engine.floats(weight).address : 0;
      kernels.crossEntropy(logits.address, at, weights, loss.address, sums.address, ROWS, columns, IGNORE);
      expectWithin(loss.values, expected.loss, (value) => 3e-7 * (Math.abs(value) + 8));

      const dLogits = engine.floats(ROWS * columns);
      const backward = (target: number) =>
        kernels.crossEntropyBackward(
          logits.address,
          at,
          weights,
          sums.address,
          dLoss.address,
          target,
          ROWS,
          columns,
          IGNORE,
        );
      backward(dLogits.address);
      expectWithin(dLogits.values, join(expected.gradient), () => 3e-6);
      expect([...dLogits.values.subarray(2 * columns, 3 * columns)]).toEqual(Array(columns).fill(0));
      backward(logits.address);
      expect(logits.values).toEqual(dLogits.values);
      engine.release();
    });

    test.each(lengths)("negativeLogLikelihood, %i classes", (columns) => {
      const { rows, targets, weight, cotangent } = example(columns, weighted);
      const options = { reduction: "none", ignoreIndex: IGNORE, weight } as const;
      const logs = rows.map(logSoftmax);
      const expected = nllLoss(logs, targets, options, cotangent);
      const x = engine.floats(join(logs));
      const [loss, dLoss] = [engine.floats(ROWS), engine.floats(cotangent)];
      const at = engine.integers(targets);
      const weights = weight ? engine.floats(weight).address : 0;
      kernels.negativeLogLikelihood(x.address, at, weights, loss.address, ROWS, columns, IGNORE);
      expectWithin(loss.values, expected.loss, (value) => 2e-7 * Math.abs(value));
      const dx = engine.floats(ROWS * columns);
      kernels.negativeLogLikelihoodBackward(at, weights, dLoss.address, dx.address, ROWS, columns, IGNORE);
      expectWithin(dx.values, join(expected.gradient), (value) => 2e-7 * Math.abs(value));
      const counted = targets.filter((target) => target !== IGNORE);
      const total = counted.reduce((sum, target) => sum + (weight ? Math.fround(weight[target]) : 1), 0);
      expect(kernels.totalWeight(at, weights, ROWS, IGNORE)).toBe(Math.fround(total));
      engine.release();
    });
  });

  test("the gradient is that of the loss", () => {
    const { data, rows, targets, weight, cotangent } = example(11, true);
    const options = { reduction: "none", ignoreIndex: IGNORE, weight } as const;
    const scalar = () =>
      crossEntropy(rows, targets, options, cotangent).loss.reduce((sum, l, r) => sum + l * cotangent[r], 0);
    const logits = engine.floats(data);
    const [loss, sums, dLoss] = [engine.floats(ROWS), engine.floats(ROWS), engine.floats(cotangent)];
    const at = engine.integers(targets);
    const weights = engine.floats(weight ?? []).address;
    const dLogits = engine.floats(data.length);
    kernels.crossEntropy(logits.address, at, weights, loss.address, sums.address, ROWS, 11, IGNORE);
    kernels.crossEntropyBackward(
      logits.address,
      at,
      weights,
      sums.address,
      dLoss.address,
      dLogits.address,
      ROWS,
      11,
      IGNORE,
    );
    expectWithin(dLogits.values, gradientOf(scalar, data), () => 1e-6);
    engine.release();
  });

  test("a confident row keeps its small loss", () => {
    const [logits, loss, sums] = [engine.floats([1000, 990, 980]), engine.floats(1), engine.floats(1)];
    kernels.crossEntropy(logits.address, engine.integers([0]), 0, loss.address, sums.address, 1, 3, IGNORE);
    expectWithin(loss.values, [Math.log1p(Math.exp(-10) + Math.exp(-20))], (value) => value * 3e-3);
    engine.release();
  });
});
