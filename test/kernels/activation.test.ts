/** Every activation and its derivative against float64, through their slots. */

import { describe, expect, test } from "vitest";
import {
  elu,
  exponential,
  gelu,
  identity,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "../oracle/activations.ts";
import { derivativeAt } from "../oracle/finite-differences.ts";
import { randomNumbers } from "../oracle/random.ts";
import { builds, expectWithin, lengths, loadEngine, ulp } from "./engine.ts";

const SLOPE = 0.25;
const ALPHA = 1.5;

/**
 * kind, oracle, the parameter, whether the derivative needs x, and error bounds: of f in ulp, of f′ absolute. Where f′
 * passes through 0 its terms cancel, so that only an absolute bound holds; where 1 − σ cancels it grows with |x| (perInput).
 */
const kinds = [
  { kind: 0, name: "identity", oracle: identity, parameter: 0, needsInput: 0, ulps: 0, slope: 0 },
  { kind: 1, name: "sigmoid", oracle: sigmoid, parameter: 0, needsInput: 0, ulps: 2, slope: 1e-7 },
  { kind: 2, name: "tanh", oracle: tanh, parameter: 0, needsInput: 0, ulps: 2, slope: 3e-7 },
  { kind: 3, name: "relu", oracle: relu, parameter: 0, needsInput: 0, ulps: 0, slope: 0 },
  { kind: 4, name: "leakyRelu", oracle: leakyRelu(SLOPE), parameter: SLOPE, needsInput: 1, ulps: 0.5, slope: 0 },
  { kind: 5, name: "elu", oracle: elu(ALPHA), parameter: ALPHA, needsInput: 1, ulps: 2.5, slope: 2e-7 },
  { kind: 6, name: "softplus", oracle: softplus, parameter: 0, needsInput: 1, ulps: 2, slope: 1.6e-7 },
  { kind: 7, name: "gelu", oracle: gelu(), parameter: 0, needsInput: 1, ulps: 6, slope: 4e-7 },
  {
    kind: 8,
    name: "geluTanh",
    oracle: gelu("tanh"),
    parameter: 0,
    needsInput: 1,
    ulps: 80,
    slope: 4.5e-7,
    perInput: 4.5e-7,
  },
  { kind: 9, name: "silu", oracle: silu, parameter: 0, needsInput: 1, ulps: 3, slope: 1.5e-7, perInput: 1.5e-7 },
  {
    kind: 10,
    name: "exponential",
    oracle: exponential,
    parameter: 0,
    needsInput: 0,
    ulps: 1.1,
    slope: 0,
    relative: 1.2e-7,
  },
];

/** Numbers of every magnitude: ±2^[-30, 4) and a dense grid over [-16, 16]. */
function inputs(): Float64Array {
  const next = randomNumbers(7);
  const magnitudes = Array.from({ length: 2000 }, () => Math.fround(next() * 2 ** Math.floor(-13 + 17 * next())));
  const grid = Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 125));
  return Float64Array.from([...magnitudes, ...grid].filter((x) => Math.abs(x) >= 2 ** -40));
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  describe.each(kinds)("$name", ({ kind, oracle, parameter, needsInput, ulps, slope, perInput = 0, relative = 0 }) => {
    const forward = kernels.activationForwardSlot(kind);
    const backward = kernels.activationBackwardSlot(kind);

    test("forward, the negative tail included", () => {
      const xs = inputs();
      const x = engine.floats(xs);
      const y = engine.floats(xs.length);
      kernels.activationForward(forward, x.address, y.address, xs.length, engine.floats([parameter]).address);
      // gelu: Φ is subnormal below −13; geluTanh: 1 + tanh cancels in the oracle's negative tail.
      const floor = kind === 8 ? 1e-15 : 16 * 2 ** -149;
      expectWithin(y.values, xs.map(oracle.f), (value) => ulps * ulp(value) + floor);
      engine.release();
    });

    test("backward", () => {
      const xs = inputs();
      const dys = xs.map((_, i) => ((i % 7) - 3) / 2);
      const x = engine.floats(xs);
      const y = engine.floats(xs.map(oracle.f));
      const dy = engine.floats(dys);
      const dx = engine.floats(xs.length);
      const parameters = engine.floats([parameter]).address;
      const input = needsInput ? x.address : y.address;
      kernels.activationBackward(backward, input, y.address, dy.address, dx.address, xs.length, parameters);
      const expected = xs.map((value, i) => oracle.derivative(value) * dys[i]);
      expectWithin(dx.values, expected, (value, i) => {
        return Math.abs(dys[i]) * (slope + perInput * Math.abs(xs[i])) + relative * Math.abs(value);
      });
      engine.release();
    });

    test("every tail, in place", () => {
      const xs = inputs().slice(-1009);
      for (const length of lengths) {
        const x = engine.floats(xs.slice(0, length));
        const whole = engine.floats(length);
        const parameters = engine.floats([parameter]).address;
        kernels.activationForward(forward, x.address, whole.address, length, parameters);
        for (let i = 0; i < length; i++) {
          const one = engine.floats([xs[i]]);
          kernels.activationForward(forward, one.address, one.address, 1, parameters);
          expect(whole.values[i]).toBe(one.values[0]);
        }
        const dy = engine.floats(xs.slice(0, length).map((value) => value / 3));
        const dx = engine.floats(length);
        kernels.activationBackward(backward, x.address, whole.address, dy.address, dx.address, length, parameters);
        kernels.activationBackward(backward, x.address, whole.address, dy.address, dy.address, length, parameters);
        expect(dy.values).toEqual(dx.values);
        kernels.activationForward(forward, x.address, x.address, length, parameters);
        expect(x.values).toEqual(whole.values);
        engine.release();
      }
    });

    test("NaN stays NaN; the derivative is that of the oracle's f", () => {
      const x = engine.floats([Number.NaN, 1]);
      kernels.activationForward(forward, x.address, x.address, 2, engine.floats([parameter]).address);
      expect(x.values[0]).toBeNaN();
      expect(x.values[1]).not.toBeNaN();
      for (const at of [-3.7, -1.2, -0.3, 0.4, 1.9]) {
        expect(oracle.derivative(at)).toBeCloseTo(derivativeAt(oracle.f, at), 8);
      }
      engine.release();
    });
  });

  test("gelu has its limits at ±∞", () => {
    const x = engine.floats([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    kernels.activationForward(kernels.activationForwardSlot(7), x.address, x.address, 2, 0);
    expect([...x.values].map((value) => value + 0)).toEqual([0, Number.POSITIVE_INFINITY]);
    engine.release();
  });

  test("at 0: relu′ = 0, leakyRelu′ = slope, elu′ = α", () => {
    for (const [kind, expected] of [
      [3, 0],
      [4, SLOPE],
      [5, ALPHA],
    ]) {
      const zero = engine.floats([0]);
      const dx = engine.floats([1]);
      const slot = kernels.activationBackwardSlot(kind);
      const parameters = engine.floats([expected]).address;
      kernels.activationBackward(slot, zero.address, zero.address, dx.address, dx.address, 1, parameters);
      expect(dx.values[0]).toBe(expected);
    }
    engine.release();
  });
});
