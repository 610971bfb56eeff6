import { describe, expect, test } from "vitest";
import { gradientOf } from "../oracle/finite-differences.ts";
import { crossEntropy, logSoftmax, nllLoss } from "../oracle/losses.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

const ROWS = 7;
const IGNORE = -100;
const FACTOR = 0.75;

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
      const { data, rows, targets, weight } = example(columns, weighted);
      const options = { reduction: "none", ignoreIndex: IGNORE, weight } as const;
      const expected = crossEntropy(rows, targets, options, new Float64Array(ROWS).fill(FACTOR));
      const logits = engine.floats(data);
      const loss = engine.floats(ROWS);
      const at = engine.integers(targets);
      const weights = weight ? engine.floats(weight).address : 0;
      const run = (gradient: number) =>
        kernels.crossEntropy(logits.address, at, weights, loss.address, gradient, ROWS, columns, IGNORE, FACTOR);
      run(0);
      const alone = loss.values.slice();
      expectWithin(alone, expected.loss, (value) => 3e-7 * (Math.abs(value) + 8));

      const dLogits = engine.floats(ROWS * columns);
      run(dLogits.address);
      expect(loss.values).toEqual(alone);
      expectWithin(dLogits.values, join(expected.gradient), () => 3e-6);
      expect([...dLogits.values.subarray(2 * columns, 3 * columns)]).toEqual(Array(columns).fill(0));
      run(logits.address);
      expect(loss.values).toEqual(alone);
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
    const { data, rows, targets, weight } = example(11, true);
    const options = { reduction: "sum", ignoreIndex: IGNORE, weight } as const;
    const scalar = () => FACTOR * (crossEntropy(rows, targets, options, Float64Array.of(1)).loss[0] as number);
    const logits = engine.floats(data);
    const loss = engine.floats(ROWS);
    const at = engine.integers(targets);
    const weights = engine.floats(weight ?? []).address;
    const dLogits = engine.floats(data.length);
    kernels.crossEntropy(logits.address, at, weights, loss.address, dLogits.address, ROWS, 11, IGNORE, FACTOR);
    expectWithin(dLogits.values, gradientOf(scalar, data), () => 1e-6);
    engine.release();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a row with %s has no loss", (odd) => {
    for (const columns of [1, 5, 8, 19]) {
      for (let at = 0; at < columns; at++) {
        const logits = engine.floats(Float32Array.from({ length: columns }, (_, i) => (i === at ? odd : i)));
        const [loss, gradient] = [engine.floats(1), engine.floats(columns)];
        const target = engine.integers([0]);
        kernels.crossEntropy(logits.address, target, 0, loss.address, gradient.address, 1, columns, IGNORE, 1);
        expect(loss.values[0]).toBeNaN();
        expect([...gradient.values]).toEqual(Array(columns).fill(Number.NaN));
        engine.release();
      }
    }
  });

  test("a confident row keeps its small loss", () => {
    const [logits, loss] = [engine.floats([1000, 990, 980]), engine.floats(1)];
    kernels.crossEntropy(logits.address, engine.integers([0]), 0, loss.address, 0, 1, 3, IGNORE, 1);
    expectWithin(loss.values, [Math.log1p(Math.exp(-10) + Math.exp(-20))], (value) => value * 3e-3);
    engine.release();
  });
});
