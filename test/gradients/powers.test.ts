/** pow, sin and cos on random shapes: values of float64, gradients of central differences, and what is special. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, cos, mul, noGrad, pow, ShapeError, sin, square, sum, type Tensor, tensor } from "../../src/index.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectClose } from "../oracle/compare.ts";
import { derivativeAt, gradientOf } from "../oracle/finite-differences.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { gradientOf as gradientOfLeaf, numbers } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const size: fc.Arbitrary<number> = fc.constantFrom(1, 2, 3, 5, 7, 13, 31);
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const values = (t: Tensor): number[] => [...t.toArray()];
const leaf = (data: ArrayLike<number>, shape?: readonly number[]): Tensor =>
  tensor(Float32Array.from(data), shape, { requiresGrad: true });

test.each([
  ["sin", sin, Math.sin],
  ["cos", cos, Math.cos],
] as const)("%s and its slope, shapes of any rank", (name, operation, exact) => {
  const property = fc.property(fc.array(size, { maxLength: 3 }), fc.nat(), (shape, seed) => {
    const count = shape.reduce((product, n) => product * n, 1);
    const next = randomNumbers(seed);
    const data = randomVector(next, count).map((v) => Math.fround(20 * v));
    const cotangent = randomVector(next, count);
    const x = leaf(data, shape);
    const y = operation(x);
    sum(mul(y, tensor(Float32Array.from(cotangent), shape))).backward();
    const subject = { family: "random shapes", case: `${name} [${shape}] seed ${seed}` };
    const bound = { magnitude: 1 };
    expectClose({ ...subject, tensor: "output" }, numbers(y), { shape, data: data.map(exact) }, bound);
    const slopes = data.map((v, i) => derivativeAt(exact, v) * cotangent[i]!);
    expectClose({ ...subject, tensor: "gradient" }, gradientOfLeaf("x", x), { shape, data: slopes }, bound);
  });
  fc.assert(property, SEARCH);
});

test("sin² + cos² = 1, and the gradient of it is 0", () => {
  const x = leaf(Float32Array.from({ length: 1009 }, (_, i) => (i - 504) * 7.3));
  const y = add(square(sin(x)), square(cos(x)));
  for (const value of y.toArray()) expect(Math.abs(value - 1)).toBeLessThan(3e-7);
  sum(y).backward();
  for (const slope of x.grad!.toArray()) expect(Math.abs(slope)).toBeLessThan(3e-7);
});

describe("pow", () => {
  test("broadcasts; both gradients are those of central differences", () => {
    const shapes = fc.tuple(size, size, fc.constantFrom("both", "left", "right", "scalar"), fc.nat());
    const property = fc.property(shapes, ([rows, columns, stretched, seed]) => {
      const shape = [rows, columns];
      const left = stretched === "left" ? [columns] : shape;
      const right = stretched === "right" ? [rows, 1] : stretched === "scalar" ? [] : shape;
      const next = randomNumbers(seed);
      const draw = (of: readonly number[], low: number, high: number): Float64Array =>
        randomVector(
          next,
          of.reduce((product, n) => product * n, 1),
        ).map((v) => Math.fround(low + ((high - low) * (v + 1)) / 2));
      const [x, e, cotangent] = [draw(left, 0.2, 3), draw(right, -2, 3), draw(shape, -1, 1)];
      const at = (of: readonly number[], i: number): number => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return of.length === 0 ? 0 : of.length === 1 ? column : of[1] === 1 ? row : i;
      };
      const output = (): Float64Array => cotangent.map((_, i) => x[at(left, i)]! ** e[at(right, i)]!);
      const scalar = (): number => output().reduce((total, value, i) => total + value * cotangent[i]!, 0);
      const [a, b] = [leaf(x, left), leaf(e, right)];
      const y = pow(a, b);
      sum(mul(y, tensor(Float32Array.from(cotangent), shape))).backward();
      const subject = { family: "random shapes", case: `pow [${left}] [${right}] seed ${seed}` };
      expectClose({ ...subject, tensor: "output" }, numbers(y), { shape, data: output() });
      // Differences lose digits, and terms of a sum cancel: both are small against the largest term.
      const bound = { magnitude: 10 };
      const wanted = [
        ["base", a, { shape: left, data: gradientOf(scalar, x) }],
        ["exponent", b, { shape: right, data: gradientOf(scalar, e) }],
      ] as const;
      for (const [name, operand, gradient] of wanted) {
        expectClose({ ...subject, tensor: name }, gradientOfLeaf(name, operand), gradient, bound);
      }
    });
    fc.assert(property, SEARCH);
  });

  test("0, negative bases and what they are differentiated to", () => {
    const x = leaf([0, -0, 0, 0, -2, -2, -2, nan, 1, 5]);
    const e = leaf([0, 3, -1, 0.5, 3, -2, 0.5, 0, nan, 0]);
    const y = pow(x, e);
    expect(values(y)).toEqual([1, -0, infinity, 0, -8, 0.25, nan, 1, 1, 1]);
    sum(y).backward();
    // By e·x^(e − 1), which is 0 for e = 0; of 0 it is ∞ below an exponent of 1.
    expect(values(x.grad!)).toEqual([0, 0, -infinity, infinity, 12, 0.25, nan, 0, nan, 0]);
    // By xᵉ·log x: 0 for 0 to a power ≥ 0, not a number for negative bases.
    const [zero, minusZero, pole, root, ...rest] = values(e.grad!);
    expect([zero, minusZero, pole, root]).toEqual([0, 0, -infinity, 0]);
    expect(rest.slice(0, 4)).toEqual([nan, nan, nan, nan]);
    expect(rest[4]).toBe(0);
    expect(rest[5]).toBeCloseTo(Math.log(5), 6);
  });

  test("numbers are as good as tensors on either side", () => {
    expect(values(pow(tensor([1, 2, 3]), 2))).toEqual([1, 4, 9]);
    expect(values(pow(2, tensor([0, 1, -1])))).toEqual([1, 2, 0.5]);
    expect(pow(tensor(new Float32Array(0), [0, 3]), tensor([1, 2, 3])).shape).toEqual([0, 3]);
  });

  test("the square by pow is that by multiplication, a power of one tensor to itself gets both gradients", () => {
    const x = leaf([0.3, -1.7, 2.9]);
    expect(noGrad(() => values(pow(x, 2)))).toEqual(noGrad(() => values(square(x))));
    const z = leaf([0.5, 1.5, 2]);
    sum(pow(z, z)).backward();
    [0.5, 1.5, 2].forEach((v, i) => {
      expect(z.grad!.toArray()[i]).toBeCloseTo(v ** v * (Math.log(v) + 1), 5);
    });
  });
});

const indices = tensor(Int32Array.of(1, 2), [2]);
testRefusals([
  ["sin: integers", () => sin(indices), ShapeError, /sin: expected float32 numbers, got int32/],
  ["cos: integers", () => cos(indices), ShapeError, /cos: expected float32 numbers, got int32/],
  ["pow: an integer base", () => pow(indices, 2), ShapeError, /pow x: expected float32 tensors, got int32/],
  ["pow: integer exponents", () => pow(2, indices), ShapeError, /pow exponent: expected float32 tensors, got int32/],
  ["pow: shapes", () => pow(tensor([1, 2]), tensor([1, 2, 3])), ShapeError, /pow: expected shapes that broadcast/],
]);
