/** Powers and running sums against float64. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectUlp, expectWithin, lengths, loadEngine, ulp } from "./engine.ts";

/** One bit pattern in so many, every exponent and sign among them. */
const STRIDE = 40_009;
const BLOCK = 16384;
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

const rounded = Math.fround;

/** A float64 result, or ∞ where float32 has none so large. */
const representable = (value: number): number => (rounded(value) === infinity ? infinity : value);

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  test("powers are within 0.51 ulp of float64, for bases over the whole of float32", () => {
    const [x, y, power] = [engine.floats(BLOCK), engine.floats(BLOCK), engine.floats(BLOCK)];
    const bits = new Uint32Array(x.values.buffer, x.address, BLOCK);
    const exponents = [2, 3, -1, 0.5, -0.5, 1 / 3, 1.7, -2.25, 20, 1e-3, 31];
    let worst = { ulps: 0, x: 0, y: 0 };
    for (let next = 0; next < 2 ** 32; ) {
      for (let i = 0; i < BLOCK; i++, next += STRIDE) {
        bits[i] = next;
        y.values[i] = exponents[i % exponents.length];
      }
      kernels.power(x.address, y.address, power.address, 1, BLOCK, 0, 1, 0, 1);
      for (let i = 0; i < BLOCK; i++) {
        const exact = x.values[i] ** y.values[i];
        const actual = power.values[i];
        const ulps = Object.is(actual, rounded(exact)) ? 0 : Math.abs(actual - exact) / ulp(exact);
        if (!(ulps <= worst.ulps)) worst = { ulps, x: x.values[i], y: y.values[i] };
      }
    }
    expect(worst.ulps, `at ${worst.x} to the power ${worst.y}`).toBeLessThanOrEqual(0.51);
    engine.release();
  });

  test("large exponents of bases near 1", () => {
    const bases = Array.from({ length: 4001 }, (_, i) => rounded(1 + (i - 2000) / 2 ** 20));
    for (const exponent of [1e4, -3e4, 123_457, 0.001]) {
      const [x, y, power] = [engine.floats(bases), engine.floats([exponent]), engine.floats(bases.length)];
      kernels.power(x.address, y.address, power.address, 1, bases.length, 0, 1, 0, 0);
      const exact = Array.from(x.values, (base) => representable(base ** y.values[0]));
      expectUlp(power.values, exact, 0.51);
      engine.release();
    }
  });

  test("every pair of special numbers gives what C's pow does", () => {
    const numbers = [
      0,
      -0,
      1,
      -1,
      infinity,
      -infinity,
      nan,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
      1e-45,
      -1e-45,
      3e38,
      -3e38,
      16777217,
    ];
    const pairs = numbers.flatMap((base) => numbers.map((exponent) => [rounded(base), rounded(exponent)] as const));
    const x = engine.floats(pairs.map(([base]) => base));
    const y = engine.floats(pairs.map(([, exponent]) => exponent));
    const power = engine.floats(pairs.length);
    kernels.power(x.address, y.address, power.address, 1, pairs.length, 0, 1, 0, 1);
    pairs.forEach(([base, exponent], i) => {
      // JavaScript alone says that 1 to the power ∞ or NaN is no number.
      const one = base === 1 || (base === -1 && Math.abs(exponent) === infinity);
      const expected = one ? 1 : rounded(base ** exponent);
      expect(power.values[i], `${base} ** ${exponent}`).toBe(expected);
    });
    engine.release();
  });

  test("powers of every length and broadcast, in place", () => {
    for (const length of lengths) {
      const next = randomNumbers(length);
      const xs = randomVector(next, length).map((v) => rounded(Math.abs(v) * 3));
      const ys = randomVector(next, length).map((v) => rounded(v * 4));
      const [x, y, power] = [engine.floats(xs), engine.floats(ys), engine.floats(3 * length)];
      kernels.power(x.address, y.address, power.address, 3, length, 0, 1, 0, 1);
      const expected = xs.map((base, i) => base ** ys[i]);
      expectUlp(power.values, [...expected, ...expected, ...expected], 0.51);
      kernels.power(x.address, y.address, x.address, 1, length, 0, 1, 0, 1);
      expect(x.values).toEqual(power.values.subarray(0, length));
      engine.release();
    }
  });

  test("running sums are those of float64, from either end, in place as well", () => {
    const shape = fc.record({
      outer: fc.integer({ min: 1, max: 4 }),
      n: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(127, 613)),
      inner: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 23 })),
      reverse: fc.boolean(),
      seed: fc.nat(),
    });
    const property = fc.property(shape, ({ outer, n, inner, reverse, seed }) => {
      const values = randomVector(randomNumbers(seed), outer * n * inner);
      const [x, y] = [engine.floats(values), engine.floats(values.length)];
      const wanted = new Float64Array(values.length);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let j = 0; j < n; j++) {
            const at = (o * n + (reverse ? n - 1 - j : j)) * inner + i;
            sum += x.values[at];
            wanted[at] = sum;
          }
        }
      }
      kernels.cumulativeSum(x.address, y.address, outer, n, inner, reverse);
      expectWithin(y.values, wanted, (value) => 0.5 * ulp(value) + n * n * 2 ** -53);
      kernels.cumulativeSum(x.address, x.address, outer, n, inner, reverse);
      expect(x.values).toEqual(y.values);
      engine.release();
    });
    fc.assert(property, { numRuns: 100 });
  });
});
