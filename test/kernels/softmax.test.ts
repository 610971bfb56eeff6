import { describe, expect, test } from "vitest";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "../oracle/losses.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectUlp, expectWithin, lengths, loadEngine } from "./engine.ts";

const ROWS = 3;

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  /** ROWS rows of `columns` numbers, in the engine and one by one. */
  function rowsOf(columns: number, seed: number, factor = 1, shift = 0) {
    const next = randomNumbers(seed);
    const buffer = engine.floats(randomVector(next, ROWS * columns).map((value) => value * factor + shift));
    const rows = Array.from({ length: ROWS }, (_, r) =>
      Float64Array.from(buffer.values.slice(r * columns, (r + 1) * columns)),
    );
    return { buffer, rows };
  }
  const join = (rows: Float64Array[]) => rows.flatMap((row) => [...row]);

  test.each(lengths)("%i columns", (columns) => {
    const x = rowsOf(columns, columns, 8);
    const dy = rowsOf(columns, columns + 1);
    const y = engine.floats(ROWS * columns);
    const dx = engine.floats(ROWS * columns);

    kernels.softmax(x.buffer.address, y.address, ROWS, columns);
    // x − max x is rounded: half an ulp of at most 16.
    expectWithin(y.values, join(x.rows.map(softmax)), (value) => value * 1.6e-6 + 1e-45);
    kernels.softmaxBackward(y.address, dy.buffer.address, dx.address, ROWS, columns);
    const expected = join(x.rows.map((row, r) => softmaxBackward(row, dy.rows[r])));
    expectWithin(dx.values, expected, (_, i) => 4e-6 * y.values[i] + 1e-45);

    kernels.logSoftmax(x.buffer.address, y.address, ROWS, columns);
    expectWithin(y.values, join(x.rows.map(logSoftmax)), () => 4e-6);
    kernels.logSoftmaxBackward(y.address, dy.buffer.address, dx.address, ROWS, columns);
    const expectedLog = join(x.rows.map((row, r) => logSoftmaxBackward(row, dy.rows[r])));
    expectWithin(dx.values, expectedLog, () => 5e-6 * Math.sqrt(columns));
    engine.release();
  });

  test("in place", () => {
    for (const columns of [1, 5, 17]) {
      const x = rowsOf(columns, 3);
      const y = engine.floats(ROWS * columns);
      for (const kernel of [kernels.softmax, kernels.logSoftmax]) {
        const copy = engine.floats(x.buffer.values);
        kernel(copy.address, y.address, ROWS, columns);
        kernel(copy.address, copy.address, ROWS, columns);
        expect(copy.values).toEqual(y.values);
      }
      for (const kernel of [kernels.softmaxBackward, kernels.logSoftmaxBackward]) {
        const dy = engine.floats(x.buffer.values);
        const dx = engine.floats(ROWS * columns);
        kernel(y.address, dy.address, dx.address, ROWS, columns);
        kernel(y.address, dy.address, dy.address, ROWS, columns);
        expect(dy.values).toEqual(dx.values);
      }
    }
    engine.release();
  });

  test("large logits neither overflow nor lose the sum", () => {
    const x = rowsOf(37, 5, 60, 3e4);
    const y = engine.floats(ROWS * 37);
    kernels.softmax(x.buffer.address, y.address, ROWS, 37);
    expectWithin(y.values, join(x.rows.map(softmax)), (value) => value * 1e-5 + 1e-45);
    kernels.logSoftmax(x.buffer.address, y.address, ROWS, 37);
    expectWithin(y.values, join(x.rows.map(logSoftmax)), () => 1.5e-5);
    engine.release();
  });

  test("−∞ is probability 0; NaN spreads over its row only", () => {
    const x = engine.floats([Number.NEGATIVE_INFINITY, 1, 1, Number.NEGATIVE_INFINITY, 1, 0, 0, Number.NaN, 0, 0]);
    const y = engine.floats(10);
    kernels.softmax(x.address, y.address, 2, 5);
    expectUlp(y.values.subarray(0, 5), [0, 1 / 3, 1 / 3, 0, 1 / 3], 1);
    expect([...y.values.subarray(5)]).toEqual(Array(5).fill(Number.NaN));
    engine.release();
  });
});
