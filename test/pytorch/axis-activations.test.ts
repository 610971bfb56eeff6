/** softmin and glu against torch.nn.functional, sparsemax against a sort; and what they do with numbers that are none. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  glu,
  mul,
  noGrad,
  normal,
  ShapeError,
  seed,
  softmin,
  sparsemax,
  sum,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { testRefusals } from "../behaviour/refusals.ts";
import { expectFixture, gradientOf, numbers, runBoth, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

const functions: Record<string, (x: Tensor, axis: number) => Tensor> = { softmin, sparsemax, glu };

describe("over an axis = torch", () => {
  for (const fixture of readFixtures<{ function: string; axis: number }>("axis-activations")) {
    test(fixture.name, () => {
      const x = toTensor(fixture.tensor("x"), true);
      const output = (functions[fixture.options.function] as (typeof functions)[string])(x, fixture.options.axis);
      const found = runBoth(fixture.under(""), new Map([["x", x]]), new Map([["output", output]]));
      expectFixture("axis-activations", fixture, found);
    });
  }
});

describe("sparsemax", () => {
  const rows = fc.array(fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 9, maxLength: 9 }), {
    minLength: 1,
    maxLength: 4,
  });

  test("gives probabilities that keep the order, and the same for a row that is shifted", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: -50, max: 50 }), (given, shift) => {
        noGrad(() => {
          const x = tensor(given.map((row) => row.map(Math.fround)));
          const y = sparsemax(x).toArray();
          const shifted = sparsemax(tensor(given.map((row) => row.map((v) => Math.fround(v) + shift)))).toArray();
          given.forEach((row, i) => {
            const own = [...y.subarray(9 * i, 9 * i + 9)];
            expect(own.reduce((total, value) => total + value)).toBeCloseTo(1, 5);
            expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
            row.forEach((a, j) => {
              row.forEach((b, k) => {
                if (Math.fround(a) > Math.fround(b)) expect(own[j]).toBeGreaterThanOrEqual(own[k] as number);
              });
              expect(Math.abs((shifted[9 * i + j] as number) - (own[j] as number))).toBeLessThan(2e-5);
            });
          });
        });
      }),
      { numRuns: 100 },
    );
  });

  test("sends no gradient to what is 0, and none that sums to anything", () => {
    seed(4);
    const x = toTensor({ shape: [3, 50], data: Array.from(normal([150]).toArray()) } as never, true);
    const y = sparsemax(x);
    const support = Array.from(numbers(y).data as ArrayLike<number>, (value) => value > 0);
    sum(mul(y, normal([3, 50]))).backward();
    const dx = Array.from(gradientOf("x", x).data as ArrayLike<number>);
    for (const [i, inside] of support.entries()) if (!inside) expect(dx[i]).toBe(0);
    for (let row = 0; row < 3; row++) {
      expect(dx.slice(50 * row, 50 * row + 50).reduce((total, value) => total + value)).toBeCloseTo(0, 5);
    }
  });

  test("of what is no number, or infinite", () => {
    const of = (...row: number[]) => [...sparsemax(tensor(row)).toArray()];
    expect(of(0, Number.NaN, 1)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(of(0, Number.POSITIVE_INFINITY)).toEqual([Number.NaN, Number.NaN]);
    expect(of(0.25, Number.NEGATIVE_INFINITY, 0.5)).toEqual([0.375, 0, 0.625]);
    expect(of(Number.NEGATIVE_INFINITY)).toEqual([Number.NaN]);
    expect(of(-3)).toEqual([1]);
    expect(of(3e38, -3e38)).toEqual([1, 0]);
  });
});

describe("refusals", () => {
  testRefusals([
    ["an odd size", () => glu(tensor([1, 2, 3])), ShapeError, /glu: expected an even size of axis -1, got 3 in \[3\]/],
    ["no such axis", () => sparsemax(tensor([1, 2]), 1), ShapeError, /sparsemax/],
    ["whole numbers", () => sparsemax(tensor(Int32Array.of(1, 2))), ShapeError, /sparsemax: expected float32/],
  ]);
});
