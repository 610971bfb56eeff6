/** Sums and means over several axes, running sums and padding, against indices worked out one by one in float64. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { cumsum, mean, mul, OptionError, pad, ShapeError, sum, type Tensor, tensor } from "../../src/index.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectClose } from "../oracle/compare.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { gradientOf, numbers, toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 120 };
const shapes: fc.Arbitrary<number[]> = fc.array(fc.constantFrom(1, 2, 3, 5, 7), { minLength: 1, maxLength: 5 });
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The index of every axis of number `at` in a shape. */
function placeOf(at: number, shape: readonly number[]): number[] {
  const place = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = at % shape[axis]!;
    at = Math.floor(at / shape[axis]!);
  }
  return place;
}

const numberAt = (place: readonly number[], shape: readonly number[]): number =>
  shape.reduce((at, n, axis) => at * n + place[axis]!, 0);

/**
 * A linear map y_j = Σ weight·x_i, given by the terms (i, j): values and gradient (the transposed map of the cotangent).
 */
function expectLinear(
  name: string,
  operation: (x: Tensor) => Tensor,
  shape: readonly number[],
  outShape: readonly number[],
  terms: readonly (readonly [from: number, to: number])[],
  { seed, weight = 1, constant = 0 }: { seed: number; weight?: number; constant?: number },
): void {
  const next = randomNumbers(seed);
  const x = { shape: [...shape], data: randomVector(next, sizeOf(shape)) };
  const cotangent = { shape: [...outShape], data: randomVector(next, sizeOf(outShape)) };
  const output = new Float64Array(cotangent.data.length);
  const gradient = new Float64Array(x.data.length);
  const reached = new Set(terms.map(([, to]) => to));
  output.forEach((_, to) => {
    if (!reached.has(to)) output[to] = constant;
  });
  for (const [from, to] of terms) {
    output[to]! += weight * x.data[from]!;
    gradient[from]! += weight * cotangent.data[to]!;
  }
  const leaf = toTensor(x, true);
  const y = operation(leaf);
  sum(mul(y, toTensor(cotangent))).backward();
  const subject = { family: "random shapes", case: `${name} [${shape}] seed ${seed}` };
  const bound = { magnitude: 1 };
  expectClose({ ...subject, tensor: "output" }, numbers(y), { shape: outShape, data: output }, bound);
  expectClose({ ...subject, tensor: "gradient" }, gradientOf(name, leaf), { shape, data: gradient }, bound);
}

test("sum and mean over any axes, in any order, counted from either end", () => {
  const property = fc.property(
    shapes,
    fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
    fc.nat(),
    (shape, picks, keep, seed) => {
      const axes = [...new Set(picks.map((pick) => pick % shape.length))];
      const named = axes.map((axis, i) => (i % 2 === 1 ? axis - shape.length : axis));
      const kept = shape.map((n, axis) => (axes.includes(axis) ? 1 : n));
      const outShape = keep ? kept : shape.filter((_, axis) => !axes.includes(axis));
      const terms = Array.from({ length: sizeOf(shape) }, (_, from) => {
        const place = placeOf(from, shape).map((i, axis) => (axes.includes(axis) ? 0 : i));
        return [from, numberAt(place, kept)] as const;
      });
      expectLinear(`sum ${named}`, (x) => sum(x, named, keep), shape, outShape, terms, { seed });
      const weight = 1 / sizeOf(axes.map((axis) => shape[axis]!));
      expectLinear(`mean ${named}`, (x) => mean(x, named, keep), shape, outShape, terms, { seed, weight });
    },
  );
  fc.assert(property, SEARCH);
});

test("one axis in a list is that axis, all axes are all numbers: to the bit", () => {
  const x = tensor(
    Float32Array.from({ length: 3 * 31 * 7 }, (_, i) => Math.sin(i)),
    [3, 31, 7],
  );
  for (const axis of [0, 1, 2]) expect(sum(x, [axis]).toArray()).toEqual(sum(x, axis).toArray());
  expect(sum(x, [2, 0, 1]).item()).toBe(sum(x).item());
  expect(mean(x, [0, 1, 2], true).shape).toEqual([1, 1, 1]);
  expect(mean(x, [-1, 0]).shape).toEqual([31]);
  expect(sum(tensor(new Float32Array(0), [0, 3, 2]), [0, 2]).toArray()).toEqual(new Float32Array(3));
});

test("cumsum along any axis", () => {
  const property = fc.property(shapes, fc.nat(), fc.nat(), (shape, a, seed) => {
    const axis = a % shape.length;
    const terms = Array.from({ length: sizeOf(shape) }, (_, from) => {
      const place = placeOf(from, shape);
      const rest = Array.from({ length: shape[axis]! - place[axis]! }, (__, more) => place[axis]! + more);
      return rest.map((k) => [from, numberAt(place.with(axis, k), shape)] as const);
    }).flat();
    const named = seed % 2 === 0 ? axis : axis - shape.length;
    expectLinear(`cumsum ${named}`, (x) => cumsum(x, named), shape, shape, terms, { seed });
  });
  fc.assert(property, SEARCH);
});

test("cumsum of a million equal numbers does not drift", () => {
  const y = cumsum(tensor(new Float32Array(1_000_003).fill(0.1)), 0).toArray();
  for (const i of [0, 9, 99_999, 1_000_002]) expect(y[i]).toBe(Math.fround((i + 1) * Math.fround(0.1)));
});

test("pad puts numbers around every axis", () => {
  const pair = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
  const property = fc.property(
    shapes,
    fc.array(pair, { minLength: 5, maxLength: 5 }),
    fc.constantFrom(0, -1.5, 7),
    fc.nat(),
    (shape, pairs, value, seed) => {
      const pads = pairs.slice(0, shape.length);
      const outShape = shape.map((n, axis) => n + pads[axis]![0] + pads[axis]![1]);
      const terms = Array.from({ length: sizeOf(shape) }, (_, from) => {
        const place = placeOf(from, shape).map((i, axis) => i + pads[axis]![0]);
        return [from, numberAt(place, outShape)] as const;
      });
      const bounds = { seed, constant: value };
      expectLinear(`pad ${JSON.stringify(pads)}`, (x) => pad(x, pads, value), shape, outShape, terms, bounds);
    },
  );
  fc.assert(property, SEARCH);
});

test("pad keeps integers integers, takes any constant, and a tensor without numbers", () => {
  const tokens = pad(
    tensor(Int32Array.of(5, 6), [1, 2]),
    [
      [0, 1],
      [1, 0],
    ],
    -1,
  );
  expect([tokens.dtype, ...tokens.toArray()]).toEqual(["int32", -1, 5, 6, -1, -1, -1]);
  expect([...pad(tensor([1]), [[1, 0]], Number.NEGATIVE_INFINITY).toArray()]).toEqual([Number.NEGATIVE_INFINITY, 1]);
  expect([...pad(tensor(new Float32Array(0), [0]), [[1, 2]], 4).toArray()]).toEqual([4, 4, 4]);
  expect(pad(tensor([3], []), []).item()).toBe(3);
});

const matrix = tensor([[1, 2, 3]]);
const tokens = tensor(Int32Array.of(1, 2), [2]);
testRefusals([
  ["sum: no such axis", () => sum(matrix, [0, 2]), ShapeError, /sum: expected an axis from -2 to 1, got 2/],
  ["sum: an axis twice", () => sum(matrix, [1, -1]), ShapeError, /sum: expected each axis once, got \[1, -1\]/],
  ["sum: no axes", () => sum(matrix, []), ShapeError, /sum: expected at least one axis, got none/],
  ["mean: an axis twice", () => mean(matrix, [0, 0]), ShapeError, /mean: expected each axis once/],
  ["mean: integers", () => mean(tokens, [0]), ShapeError, /expected float32 numbers, got int32/],
  ["cumsum: no such axis", () => cumsum(matrix, 2), ShapeError, /cumsum: expected an axis from -2 to 1, got 2/],
  ["cumsum: integers", () => cumsum(tokens, 0), ShapeError, /cumsum: expected float32 numbers, got int32/],
  ["pad: too few pairs", () => pad(matrix, [[1, 1]]), ShapeError, /pad: expected 2 pairs .* got \[\[1,1\]\]/],
  ["pad: not pairs", () => pad(tokens, [1] as never), ShapeError, /pad: expected 1 pairs .* got \[1\]/],
  ["pad: below 0", () => pad(tokens, [[-1, 0]]), ShapeError, /pad: expected 1 pairs of whole numbers ≥ 0/],
  ["pad: a fraction", () => pad(tokens, [[0, 0.5]]), ShapeError, /pad: expected 1 pairs of whole numbers ≥ 0/],
  ["pad: null for a pair", () => pad(tokens, [null] as never), ShapeError, /pad: expected 1 pairs .* got \[null\]/],
  ["pad: no list", () => pad(tokens, null as never), ShapeError, /pad: expected 1 pairs .* got null/],
  ["pad: a fraction of int32", () => pad(tokens, [[1, 1]], 0.5), OptionError, /pad value: .* int32 holds, got 0.5/],
  [
    "pad: no number",
    () =>
      pad(
        matrix,
        [
          [0, 0],
          [0, 0],
        ],
        "0" as never,
      ),
    OptionError,
    /pad value: expected a number/,
  ],
]);
