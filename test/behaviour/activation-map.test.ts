/** Any activation over plain arrays: in blocks, in place, overlapping, as over tensors. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Activation,
  activation,
  activationCatalogue,
  activationMap,
  type CatalogueName,
  ExpressionError,
  noGrad,
  OptionError,
  ShapeError,
  tensor,
} from "../../src/index.ts";
import { testRefusals } from "./refusals.ts";

const names = Object.keys(activationCatalogue) as CatalogueName[];
const over = (f: Activation, x: Float32Array) =>
  noGrad(() => [f.apply(tensor(x)).toArray().slice(), f.derivative(tensor(x)).toArray().slice()]);

describe.each([...names, "x * sigmoid(1.7 * x)"])("%s", (name) => {
  test("gives over an array what it gives over a tensor", () => {
    const map = activationMap(name);
    const f = activation(name);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: 99 }), (count, start) => {
        const x = Float32Array.from({ length: count }, (_, i) => ((i * 37 + start) % 211) / 20 - 5);
        const [values, slopes] = over(f, x);
        expect(map(x)).toEqual(values);
        expect(map.derivative(x)).toEqual(slopes);
        const own = x.slice();
        expect(map(own, { into: own })).toBe(own);
        expect(own).toEqual(values);
      }),
      { numRuns: 5 },
    );
  });
});

test("options and parameters are those of the activation", () => {
  expect([...activationMap("hardTanh", { maximum: 0.5 })(Float32Array.of(-2, 0.25, 2))]).toEqual([-1, 0.25, 0.5]);
  expect([...activationMap("k * x", { k: 3 })(Float32Array.of(2))]).toEqual([6]);
  expect([...activationMap("elu", { alpha: 2 })(Float32Array.of(1))]).toEqual([1]);
  expect([...activationMap(activation("relu"))(Float32Array.of(-1, 1))]).toEqual([0, 1]);
});

describe("refusals", () => {
  const map = activationMap("mish");
  testRefusals([
    ["an unknown name", () => activationMap("mihs"), OptionError, /is it mish\?/],
    ["an option of the function", () => map(new Float32Array(1), { alpha: 1 }), OptionError, /"alpha"/],
    ["a list", () => map([1] as never), ShapeError, /expected a Float32Array or a Tensor/],
    ["another length", () => map(new Float32Array(2), { into: new Float32Array(3) }), ShapeError, /of 2 numbers/],
  ]);

  test("what is no expression", () => {
    expect(() => activationMap("x +")).toThrow(ExpressionError);
  });
});
