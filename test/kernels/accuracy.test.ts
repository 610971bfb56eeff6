/** sigmoid, tanh and exp over the whole of float32: one bit pattern in 4,099, every exponent and sign among them. */

import { describe, expect, test } from "vitest";
import { builds, expectUlp, loadEngine, ulp } from "./engine.ts";

const STRIDE = 4099;
const BLOCK = 16384;

/** σ in float64 without overflow or cancellation. */
function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;
  const map = (kind: number) => (x: number, y: number, count: number) =>
    kernels.activationForward(kernels.activationForwardSlot(kind), x, y, count, 0);

  const functions = [
    { name: "sigmoid", run: map(1), exact: sigmoid, bound: 2 },
    { name: "tanh", run: map(2), exact: Math.tanh, bound: 2 },
    { name: "exp", run: map(10), exact: Math.exp, bound: 1.1 },
  ];

  /** The largest error in ulp over the bit patterns first, first + STRIDE, … */
  function sweep(run: (x: number, y: number, count: number) => void, exact: (x: number) => number, first: number) {
    const x = engine.floats(BLOCK);
    const y = engine.floats(BLOCK);
    const bits = new Uint32Array(x.values.buffer, x.address, BLOCK);
    let worst = { ulps: 0, x: 0 };
    for (let next = first; next < 2 ** 32; ) {
      for (let i = 0; i < BLOCK; i++) {
        bits[i] = next;
        next += STRIDE;
      }
      run(x.address, y.address, BLOCK);
      for (let i = 0; i < BLOCK; i++) {
        const expected = exact(x.values[i]);
        const actual = y.values[i];
        const overflow = Math.abs(expected) >= 2 ** 128 - 2 ** 103;
        const same = Object.is(actual, expected) || (overflow && actual === Number.POSITIVE_INFINITY);
        const ulps = same ? 0 : Math.abs(actual - expected) / ulp(expected);
        if (!(ulps <= worst.ulps)) worst = { ulps, x: x.values[i] };
      }
    }
    engine.release();
    return worst;
  }

  test.each(functions)("$name is within $bound ulp of float64", ({ run, exact, bound }) => {
    const worst = sweep(run, exact, 0);
    expect(worst.ulps, `at ${worst.x}`).toBeLessThanOrEqual(bound);
    expect(worst.ulps).toBeGreaterThan(0.4);
  });

  test("special numbers", () => {
    const inputs = [
      0,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -100,
      1e-45,
      -1e-45,
      88.8,
      -104,
      3e38,
      -3e38,
    ];
    const x = engine.floats(inputs);
    const y = engine.floats(inputs.length);
    for (const { run, exact } of functions) {
      run(x.address, y.address, inputs.length);
      expectUlp(
        y.values,
        Array.from(x.values, (value) => Math.fround(exact(value))),
        2,
      );
    }
    map(2)(x.address, y.address, 2);
    expect([...y.values.subarray(0, 2)]).toEqual([0, -0]);
    map(1)(x.address, y.address, inputs.length);
    expect(y.values[5]).toBe(Math.fround(3.7835e-44));
    engine.release();
  });
});
