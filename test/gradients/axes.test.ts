/** Cutting, turning and picking along axes, values and gradients, against indices worked out one by one. */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  exp,
  flip,
  indexSelect,
  mul,
  OptionError,
  ShapeError,
  split,
  square,
  squeeze,
  sum,
  type Tensor,
  tensor,
  unsqueeze,
} from "../../src/index.ts";
import { testRefusals } from "../behaviour/refusals.ts";

const shapes: fc.Arbitrary<number[]> = fc.array(fc.constantFrom(1, 2, 3, 5, 7), { minLength: 1, maxLength: 4 });
const SEARCH = { seed: 20240607, numRuns: 100 };
const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Whether y[i] = x[source(i)], and dx gathers the weights 1, 2, 3 … of y at those places. */
function expectPicked(x: Tensor, y: Tensor, source: (i: number) => number): void {
  const from = x.toArray();
  const weights = Float32Array.from({ length: y.size }, (_, i) => i + 1);
  const wanted = new Float32Array(x.size);
  weights.forEach((weight, i) => {
    wanted[source(i)]! += weight;
  });
  expect(y.toArray()).toEqual(Float32Array.from({ length: y.size }, (_, i) => from[source(i)]!));
  sum(mul(y, tensor(weights, y.shape))).backward();
  expect(x.grad!.toArray()).toEqual(wanted);
}

const counting = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i - 2.5),
    shape,
    { requiresGrad: true },
  );

test("flip and indexSelect, any axis of any shape", () => {
  const property = fc.property(
    shapes,
    fc.nat(),
    fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
    (shape, a, picks) => {
      const axis = a % shape.length;
      const length = shape[axis]!;
      const inner = sizeOf(shape.slice(axis + 1));
      const source =
        (along: readonly number[]) =>
        (i: number): number => {
          const outer = Math.floor(i / (inner * along.length));
          return (outer * length + along[Math.floor(i / inner) % along.length]!) * inner + (i % inner);
        };
      const x = counting(shape);
      const reversed = Array.from({ length }, (_, i) => length - 1 - i);
      expectPicked(x, flip(x, axis), source(reversed));
      const z = counting(shape);
      const index = picks.map((pick) => pick % length);
      const selected = indexSelect(z, axis, tensor(Int32Array.from(index), [index.length]));
      expect(selected.shape).toEqual(shape.with(axis, index.length));
      expectPicked(z, selected, source(index));
    },
  );
  fc.assert(property, SEARCH);
});

test("squeeze, unsqueeze and split", () => {
  const x = counting([1, 5, 1, 3]);
  expect(squeeze(x).shape).toEqual([5, 3]);
  expect(squeeze(x, 2).shape).toEqual([1, 5, 3]);
  expect(squeeze(x, 1).shape).toEqual([1, 5, 1, 3]);
  expect(unsqueeze(x, -1).shape).toEqual([1, 5, 1, 3, 1]);
  expectPicked(x, unsqueeze(squeeze(x), 1), (i) => i);
  expect(split(x, 2, 1).map((part) => part.shape[1])).toEqual([2, 2, 1]);
  const z = counting([2, 5]);
  const middle = split(z, [1, 3, 1], 1)[1]!;
  expectPicked(z, middle, (i) => (i < 3 ? 1 + i : 3 + i));
});

test("exp and square", () => {
  const x = counting([7]);
  sum(exp(x)).backward();
  x.grad!.toArray().forEach((g, i) => {
    expect(g / Math.exp(i - 2.5)).toBeCloseTo(1, 6);
  });
  const z = counting([7]);
  expect(square(z).toArray()).toEqual(z.toArray().map((v) => v * v));
  sum(square(z)).backward();
  expect(z.grad!.toArray()).toEqual(z.toArray().map((v) => 2 * v));
});

const matrix = tensor([[1, 2, 3]]);
testRefusals([
  ["flip: no such axis", () => flip(matrix, 2), ShapeError, /flip: expected an axis/],
  ["squeeze: no such axis", () => squeeze(matrix, 2), ShapeError, /squeeze: expected an axis/],
  ["unsqueeze: no such place", () => unsqueeze(matrix, 4), ShapeError, /unsqueeze: expected an axis/],
  ["split: size 0", () => split(matrix, 0, 1), ShapeError, /split: expected a size .* got 0/],
  ["split: sizes", () => split(matrix, [1, 1], 1), ShapeError, /split: expected sizes that add up to 3/],
  [
    "indexSelect: beyond the axis",
    () => indexSelect(matrix, 1, tensor(Int32Array.of(0, 3), [2])),
    OptionError,
    /indexSelect index: expected indices from 0 to 2, got 3 at position 1/,
  ],
  ["indexSelect: float32", () => indexSelect(matrix, 1, tensor([1])), ShapeError, /indexSelect index: expected int32/],
]);
