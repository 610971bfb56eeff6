/** sine, cosine and powers over the whole of float32, against float64. */

import { describe, expect, test } from "vitest";
import { builds, expectUlp, lengths, loadEngine, ulp } from "./engine.ts";

/** One bit pattern in so many, every exponent and sign among them. */
const STRIDE = 8209;
const BLOCK = 16384;
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  test.each([
    { name: "sin", quarter: 0, exact: Math.sin, backward: Math.cos },
    { name: "cos", quarter: 1, exact: Math.cos, backward: (x: number) => -Math.sin(x) },
  ])("$name is within 1.6 ulp of float64 everywhere, its derivative too", ({ quarter, exact, backward }) => {
    const [x, y, dy] = [engine.floats(BLOCK), engine.floats(BLOCK), engine.floats(BLOCK)];
    const bits = new Uint32Array(x.values.buffer, x.address, BLOCK);
    const worst = { ulps: 0, x: 0 };
    const compare = (f: (x: number) => number): void => {
      for (let i = 0; i < BLOCK; i++) {
        const expected = f(x.values[i]);
        const ulps = Object.is(y.values[i], expected) ? 0 : Math.abs(y.values[i] - expected) / ulp(expected);
        if (!(ulps <= worst.ulps)) Object.assign(worst, { ulps, x: x.values[i] });
      }
    };
    for (let next = 0; next < 2 ** 32; ) {
      for (let i = 0; i < BLOCK; i++, next += STRIDE) bits[i] = next;
      kernels.sine(x.address, y.address, BLOCK, quarter);
      compare(exact);
      dy.values.fill(1);
      kernels.sineBackward(x.address, dy.address, y.address, BLOCK, quarter);
      compare(backward);
    }
    expect(worst.ulps, `at ${worst.x}`).toBeLessThanOrEqual(1.6);
    expect(worst.ulps).toBeGreaterThan(0.4);
    engine.release();
  });

  test("numbers next to multiples of π/2 keep their precision", () => {
    // The float32 next to n·π/2 differs from it by as little as 2⁻³⁰ of it.
    const near = Array.from({ length: 20_000 }, (_, n) => Math.fround(((n + 1) * Math.PI) / 2));
    const far = Array.from({ length: 20_000 }, (_, n) => Math.fround((n + 1) * 1e6 * Math.PI));
    const xs = [...near, ...far, 6381956970095103 * 2 ** 74, 16367173 * 2 ** 72, 1.6e8, 33 * Math.PI];
    const x = engine.floats(xs);
    const y = engine.floats(xs.length);
    for (const [quarter, exact] of [Math.sin, Math.cos].entries()) {
      kernels.sine(x.address, y.address, xs.length, quarter);
      expectUlp(y.values, Array.from(x.values, exact), 1.6);
    }
    engine.release();
  });

  test("special numbers, and near and far ones in one vector", () => {
    const x = engine.floats([0, -0, infinity, -infinity, nan, 1e-45, -1e-45, 3e38, 1, -1]);
    const y = engine.floats(10);
    kernels.sine(x.address, y.address, 10, 0);
    expect([...y.values.subarray(0, 7)]).toEqual([0, -0, nan, nan, nan, x.values[5], x.values[6]]);
    expectUlp(y.values.subarray(7), Array.from(x.values.subarray(7), Math.sin), 1.6);
    kernels.sine(x.address, y.address, 10, 1);
    expect([...y.values.subarray(0, 7)]).toEqual([1, 1, nan, nan, nan, 1, 1]);
    engine.release();
  });

  test("every tail, in place", () => {
    for (const length of lengths) {
      const xs = Float32Array.from({ length }, (_, i) => (i - 8) * (i % 5 === 0 ? 1e9 : 0.7));
      const [x, y, dy, dx] = [engine.floats(xs), engine.floats(length), engine.floats(xs), engine.floats(length)];
      kernels.sine(x.address, y.address, length, 0);
      kernels.sineBackward(x.address, dy.address, dx.address, length, 0);
      for (let i = 0; i < length; i++) {
        const one = engine.floats([xs[i]]);
        kernels.sine(one.address, one.address, 1, 0);
        expect(y.values[i]).toBe(one.values[0]);
      }
      kernels.sineBackward(x.address, dy.address, dy.address, length, 0);
      expect(dy.values).toEqual(dx.values);
      kernels.sineBackward(x.address, x.address, x.address, length, 0);
      expect(x.values).toEqual(dx.values);
      engine.release();
    }
  });
});
