/** The band of a forecast: what it reaches to by hand, and that it holds what it says where that is known. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bandsOf } from "../../src/cli/forecast/band.ts";
import { naive } from "../../src/cli/forecast/measures.ts";
import { Generator, normal, seed } from "../../src/index.ts";

const from = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i);

/** Forecasts of 0 of noise whose deviation changes at a row. */
function noise(rows: number, { later = 1, at = rows } = {}): number[] {
  seed(11);
  return Array.from(normal([rows]).toArray(), (value, i) => (i < at ? value : later * value));
}

const zeros = (starts: readonly number[], horizon: number) =>
  starts.map((start) => ({ start, values: new Float64Array(horizon) }));

test("is the largest error where there are few, and learns from what has come true since", () => {
  const series = [0, 1, 3, 2, 2, 9, 2, 2, 2];
  // Errors one step ahead: 1 and 2; then 1 (row 3), 0 (row 4), 7 (row 5), 7 (row 6).
  const bands = bandsOf({ validation: naive(series, [1, 2], 1), test: naive(series, [3, 4, 5, 6], 1) }, series, 0.9);
  expect(bands.test).toEqual([[2], [2], [2], [7]]);
  expect(bands.coverage).toBe(0.75);
  expect(bands.next).toEqual([7]);
});

test("knows at each forecast nothing of what comes after it", () => {
  const generator = new Generator(3);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 39 }), (horizon, changed) => {
      const series = Array.from({ length: 60 }, () => generator.below(1000));
      const forecasts = (values: number[]) => ({
        validation: naive(values, from(5, 20 - horizon), horizon),
        test: naive(values, from(20, 60 - horizon), horizon),
      });
      const other = series.map((value, row) => (row < 20 + changed ? value : value + 1e6));
      const own = { ...forecasts(series), test: forecasts(series).test };
      const [one, two] = [bandsOf(own, series, 0.8), bandsOf(own, other, 0.8)];
      expect(two.test.slice(0, changed + 1)).toEqual(one.test.slice(0, changed + 1));
    }),
  );
});

describe("holds its share of the truth", () => {
  test.each([0.5, 0.8, 0.9])("%f of independent errors", (share) => {
    const series = noise(4000);
    const parts = { validation: zeros(from(0, 500), 3), test: zeros(from(500, 3990), 3) };
    expect(bandsOf(parts, series, share).coverage).toBeCloseTo(share, 1.7);
  });

  test("where errors grow threefold after the validation, as a band that never learns does not", () => {
    const series = noise(3000, { later: 3, at: 600 });
    const parts = { validation: zeros(from(0, 500), 2), test: zeros(from(600, 2990), 2) };
    const { coverage, next } = bandsOf(parts, series, 0.9);
    expect(coverage).toBeGreaterThan(0.88);
    expect(coverage).toBeLessThan(0.92);
    // Nine tenths of a normal distribution lie within 1.645 deviations.
    expect(next[0]).toBeGreaterThan(3 * 1.4);
    expect(next[0]).toBeLessThan(3 * 2);
    const still = bandsOf({ ...parts, test: parts.test.slice(0, 1) }, series, 0.9).test[0] as number[];
    const held = parts.test.filter(({ start }) => Math.abs(series[start] as number) <= (still[0] as number)).length;
    expect(held / parts.test.length).toBeLessThan(0.5);
  });
});
