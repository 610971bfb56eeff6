import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

const shape = fc.record({
  outer: fc.integer({ min: 1, max: 4 }),
  n: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(127, 128, 129, 613)),
  inner: fc.oneof(fc.constantFrom(1, 1, 2), fc.integer({ min: 3, max: 53 })),
  seed: fc.nat(),
});

/** Σ_n of f(x[outer, n, inner]), in float64. */
function sumOver(x: ArrayLike<number>, outer: number, n: number, inner: number, f = (value: number) => value) {
  const y = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < n; i++) for (let j = 0; j < inner; j++) y[o * inner + j] += f(x[(o * n + i) * inner + j]);
  return y;
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  test("sumAxis", () => {
    fc.assert(
      fc.property(shape, ({ outer, n, inner, seed }) => {
        const x = engine.floats(randomVector(randomNumbers(seed), outer * n * inner));
        const y = engine.floats(outer * inner);
        kernels.sumAxis(x.address, y.address, outer, n, inner);
        const magnitude = sumOver(x.values, outer, n, inner, Math.abs);
        expectWithin(
          y.values,
          sumOver(x.values, outer, n, inner),
          (_, i) => Math.min(n, 128 + n / 128) * 2 ** -24 * magnitude[i],
        );
        engine.release();
      }),
      { numRuns: 300 },
    );
  });

  test.each([1, 2, 16])("the error of a long sum of width %i grows with n/128, not with n", (inner) => {
    const n = 300_007;
    const x = engine.floats(new Float32Array(n * inner).fill(0.1));
    const y = engine.floats(inner);
    kernels.sumAxis(x.address, y.address, 1, n, inner);
    expectWithin(
      y.values,
      y.values.map(() => n * Math.fround(0.1)),
      (value) => value * 1e-4,
    );
    engine.release();
  });

  test("expandAxis", () => {
    fc.assert(
      fc.property(shape, ({ outer, n, inner, seed }) => {
        const x = engine.floats(randomVector(randomNumbers(seed), outer * inner));
        const y = engine.floats(outer * n * inner);
        kernels.expandAxis(x.address, y.address, outer, n, inner);
        const expected = Array.from(y.values, (_, at) => x.values[Math.floor(at / (n * inner)) * inner + (at % inner)]);
        engine.release();
        expect([...y.values]).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test.each(lengths)("sumOfSquares and allFinite of %i numbers", (length) => {
    const x = engine.floats(randomVector(randomNumbers(length), length).map((value) => value * 1e25));
    const expected = x.values.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(kernels.sumOfSquares(x.address, length) / expected - 1)).toBeLessThan(1e-14);
    expect(kernels.allFinite(x.address, length)).toBe(1);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const at of new Set([0, length >> 1, length - 1])) {
        const kept = x.values[at];
        x.values[at] = bad;
        expect(kernels.allFinite(x.address, length)).toBe(0);
        x.values[at] = kept;
      }
    }
    x.values[length - 1] = 3.4e38;
    expect(kernels.allFinite(x.address, length)).toBe(1);
    engine.release();
  });

  test("empty", () => {
    const empty = engine.floats(0).address;
    expect(kernels.sumOfSquares(empty, 0)).toBe(0);
    expect(kernels.allFinite(empty, 0)).toBe(1);
    engine.release();
  });
});
