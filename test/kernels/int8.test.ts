/**
 * The product with weights of eight bits: bit for bit what plain integers give, the same in both builds, inside its
 * buffers at every size; numbers that are not finite are not hidden.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, type Engine, expectWithin, loadEngine } from "./engine.ts";

const DEPTH = 512;

function roundToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Numbers as whole multiples of a step, `most` of them to the largest; in float32 as the kernel does it. */
function quantized(values: Float32Array, most: number): { step: number; whole: number[] } {
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const inverse = largest > 0 ? Math.fround(most / largest) : 0;
  const whole = [...values].map((v) => roundToEven(Math.fround(v * inverse)));
  return { step: Math.fround(largest / most), whole };
}

/** W·x for one stretch of k, in exact integers, rounded where the kernel rounds. */
function oracle(w: Float32Array, x: Float32Array, m: number): Float32Array {
  const k = x.length;
  const vector = quantized(x, 63);
  return Float32Array.from({ length: m }, (_, row) => {
    const weights = quantized(w.slice(row * k, (row + 1) * k), 127);
    const sum = weights.whole.reduce((total, value, i) => total + value * vector.whole[i], 0);
    return Math.fround(sum * Math.fround(weights.step * vector.step));
  });
}

interface Sizes {
  readonly m: number;
  readonly k: number;
}

function multiply(engine: Engine, w: Float32Array, x: Float32Array, { m, k }: Sizes, start = 0): Float32Array {
  const { kernels } = engine;
  const weight = engine.floats(w);
  const packed = engine.floats(kernels.packedRowsInt8Size(m, k));
  kernels.packRowsInt8(weight.address, m, k, packed.address);
  const vector = engine.floats(x);
  const y = engine.floats(new Float32Array(m).fill(start));
  const workspace = engine.floats(kernels.int8WorkspaceSize());
  kernels.multiplyInt8(packed.address, vector.address, y.address, m, k, workspace.address);
  const result = y.values.slice();
  engine.release();
  return result;
}

function random(seed: number, { m, k }: Sizes): { w: Float32Array; x: Float32Array } {
  const next = randomNumbers(seed);
  return { w: Float32Array.from(randomVector(next, m * k)), x: Float32Array.from(randomVector(next, k)) };
}

const engines = builds.map(loadEngine);

describe.each(builds.map((build, i) => ({ build, engine: engines[i]! })))("$build", ({ engine }) => {
  test("any size up to one stretch: the integers of the oracle, bit for bit", () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(63, 64, 65, 127));
    const depth = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(127, 128, 509, 511, DEPTH));
    const property = fc.property(size, depth, fc.integer(), (m, k, seed) => {
      const { w, x } = random(seed, { m, k });
      expect(multiply(engine, w, x, { m, k })).toEqual(oracle(w, x, m));
    });
    fc.assert(property, { numRuns: 150, seed: 17 });
  });

  test.each([513, 1023, 1024, 1537])("longer vectors, k = %i: the sum over their stretches", (k) => {
    const m = 19;
    const { w, x } = random(k, { m, k });
    const expected = new Float64Array(m).fill(0.5);
    for (let from = 0; from < k; from += DEPTH) {
      const depth = Math.min(DEPTH, k - from);
      const part = Float32Array.from(
        { length: m * depth },
        (_, i) => w[Math.floor(i / depth) * k + from + (i % depth)],
      );
      oracle(part, x.slice(from, from + depth), m).forEach((value, row) => {
        expected[row] += value;
      });
    }
    expectWithin(multiply(engine, w, x, { m, k }, 0.5), expected, (value) => 4 * 2 ** -24 * (20 + Math.abs(value)));
  });

  test("the largest sums there are do not overflow", () => {
    const sizes = { m: 17, k: DEPTH };
    for (const [sign, other] of [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]) {
      const w = new Float32Array(sizes.m * sizes.k).fill(sign);
      const x = new Float32Array(sizes.k).fill(other);
      expectWithin(multiply(engine, w, x, sizes), new Float64Array(sizes.m).fill(sign * other * sizes.k), () => 1e-3);
    }
  });

  test("the error stays within half a step of either side", () => {
    const [m, k] = [33, 300];
    const { w, x } = random(4, { m, k });
    const actual = multiply(engine, w, x, { m, k });
    const largestX = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    for (let row = 0; row < m; row++) {
      const weights = w.slice(row * k, (row + 1) * k);
      const largestW = weights.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const exact = weights.reduce((sum, value, i) => sum + value * x[i], 0);
      const [stepW, stepX] = [largestW / 127, largestX / 63];
      const bound = (k * (stepW * largestX + stepX * largestW)) / 2 + (k * stepW * stepX) / 4;
      expect(Math.abs(actual[row] - exact)).toBeLessThanOrEqual(bound);
    }
  });

  test("zeros give zeros, and what is not finite makes y so", () => {
    const sizes = { m: 5, k: 9 };
    const { w, x } = random(8, sizes);
    expect([...multiply(engine, w, new Float32Array(9), sizes)]).toEqual([0, 0, 0, 0, 0]);
    expect([...multiply(engine, new Float32Array(45), x, sizes)]).toEqual([0, 0, 0, 0, 0]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const vector = Float32Array.from(x);
      vector[7] = bad;
      expect(multiply(engine, w, vector, sizes).some(Number.isFinite)).toBe(false);
      const weights = Float32Array.from(w);
      weights[2 * 9 + 8] = bad;
      const y = multiply(engine, weights, x, sizes);
      expect([...y].map(Number.isFinite)).toEqual([true, true, false, true, true]);
    }
  });
});

test("both builds give the same bits", () => {
  for (const [m, k] of [
    [7, 5],
    [50, 130],
    [64, DEPTH],
  ]) {
    const { w, x } = random(m + k, { m, k });
    const [simd, relaxed] = engines.map((engine) => multiply(engine, w, x, { m, k }));
    expect(simd).toEqual(relaxed);
  }
});
