/** Spectra of matrices whose eigenvalues are known, and of others by their invariants. */

import fc from "fast-check";
import { eigenvalues, spectralRadius } from "unrolled/laboratory";
import { describe, expect, test } from "vitest";
import { initialize, NumericError, Parameter, ShapeError, tensor } from "../../src/index.ts";
import { spectrumOf } from "../../src/laboratory/diagnose/eigenvalues.ts";

/** Row-major product of two matrices [n, n]. */
function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
    return sum;
  });
}

/** Numbers from −1 to 1 that look random, the same each time. */
function noise(count: number, start = 1): Float64Array {
  let state = start;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Q·D·Qᵀ for a block-diagonal D, with Q a product of n reflections. */
function turned(d: Float64Array, n: number): Float64Array {
  let a = d;
  for (let k = 0; k < n; k++) {
    const v = noise(n, k + 7);
    const square = v.reduce((sum, x) => sum + x * x, 0);
    const q = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return Number(i === j) - (2 * v[i] * v[j]) / square;
    });
    a = product(q, product(a, q, n), n);
  }
  return a;
}

describe("known spectra", () => {
  test("a triangular matrix has its diagonal", () => {
    const found = eigenvalues(
      tensor([
        [3, 5, -2],
        [0, -4, 7],
        [0, 0, 0.5],
      ]),
    );
    expect(found.map(({ real }) => real)).toEqual([-4, 3, 0.5]);
  });

  test("a companion matrix has the roots of its polynomial, a complex pair among them", () => {
    // (x − 2)(x² + 2x + 5) = x³ + x − 10: 2 and −1 ± 2i.
    const found = eigenvalues(
      tensor([
        [0, -1, 10],
        [1, 0, 0],
        [0, 1, 0],
      ]),
    );
    const wanted = [
      [-1, 2],
      [-1, -2],
      [2, 0],
    ];
    found.forEach(({ real, imaginary, modulus }, i) => {
      expect(Math.abs(real - wanted[i][0])).toBeLessThan(1e-13);
      expect(Math.abs(imaginary - wanted[i][1])).toBeLessThan(1e-13);
      expect(modulus).toBeCloseTo(Math.hypot(wanted[i][0], wanted[i][1]), 12);
    });
  });

  test.each([2, 3, 5, 13, 64])("the cyclic shift of %i has the roots of unity", (n) => {
    const shift = new Float64Array(n * n);
    for (let i = 0; i < n; i++) shift[i * n + ((i + 1) % n)] = 1;
    const angles = spectrumOf(shift, n).map(({ real, imaginary, modulus }) => {
      expect(Math.abs(modulus - 1)).toBeLessThan(1e-13);
      const turns = (Math.atan2(imaginary, real) / (2 * Math.PI)) * n;
      return (Math.round(turns) + n) % n;
    });
    expect(angles.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, k) => k));
  });

  test.each([6, 17, 50])("blocks of pairs and single numbers, turned, of %i", (n) => {
    const d = new Float64Array(n * n);
    const wanted: number[] = [];
    for (let i = 0; i < n; i++) {
      const size = 0.2 + i / n;
      if (i % 3 === 0 && i + 1 < n) {
        d[i * n + i] = d[(i + 1) * n + i + 1] = size * 0.6;
        d[i * n + i + 1] = -size * 0.8;
        d[(i + 1) * n + i] = size * 0.8;
        wanted.push(size, size);
        i++;
      } else {
        d[i * n + i] = i % 2 === 0 ? size : -size;
        wanted.push(size);
      }
    }
    const found = spectrumOf(turned(d, n), n).map(({ modulus }) => modulus);
    wanted
      .sort((a, b) => b - a)
      .forEach((modulus, i) => {
        expect(Math.abs(found[i] - modulus)).toBeLessThan(1e-12);
      });
  });

  test.each([1, 2, 7, 61, 128])("an orthogonal matrix of %i has the radius 1", (n) => {
    const weight = new Parameter([n, n]);
    initialize.orthogonal(weight);
    for (const { modulus } of eigenvalues(weight)) expect(Math.abs(modulus - 1)).toBeLessThan(1e-5);
  });

  test("nilpotent, zero, one by one, and repeated", () => {
    expect(
      spectralRadius(
        tensor([
          [0, 1, 2],
          [0, 0, 3],
          [0, 0, 0],
        ]),
      ),
    ).toBe(0);
    expect(
      spectralRadius(
        tensor([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toBe(0);
    expect(eigenvalues(tensor([[-3]]))).toEqual([{ real: -3, imaginary: 0, modulus: 3 }]);
    expect(
      spectralRadius(
        tensor([
          [2, 1],
          [0, 2],
        ]),
      ),
    ).toBe(2);
  });

  test("rows and columns of very different size", () => {
    // Similar to [[1, 2], [3, 4]] by diag(1, 2²⁰): (5 ± √33)/2.
    const found = eigenvalues(
      tensor([
        [1, 2 * 2 ** 20],
        [3 / 2 ** 20, 4],
      ]),
    );
    expect(found[0].real).toBeCloseTo((5 + Math.sqrt(33)) / 2, 12);
    expect(found[1].real).toBeCloseTo((5 - Math.sqrt(33)) / 2, 12);
  });
});

test("sums of powers of the eigenvalues are traces of powers of the matrix", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 23 }), fc.integer(), fc.boolean(), (n, start, sparse) => {
      const a = noise(n * n, start).map((x) => (sparse && Math.abs(x) < 0.7 ? 0 : x));
      const spectrum = spectrumOf(a.slice(), n);
      expect(spectrum).toHaveLength(n);
      const square = product(a, a, n);
      const cube = product(square, a, n);
      const trace = (m: Float64Array): number =>
        Array.from({ length: n }, (_, i) => m[i * n + i]).reduce((s, x) => s + x);
      const sumOf = (f: (real: number, imaginary: number) => number): number =>
        spectrum.reduce((sum, { real, imaginary }) => sum + f(real, imaginary), 0);
      expect(Math.abs(sumOf((r) => r) - trace(a))).toBeLessThan(1e-11 * n);
      expect(Math.abs(sumOf((r, i) => r * r - i * i) - trace(square))).toBeLessThan(1e-10 * n);
      expect(Math.abs(sumOf((r, i) => r * r * r - 3 * r * i * i) - trace(cube))).toBeLessThan(1e-9 * n * n);
      expect(Math.abs(sumOf((_, i) => i))).toBeLessThan(1e-11 * n);
    }),
    { numRuns: 300 },
  );
});

test("what is no square matrix of finite numbers is refused", () => {
  expect(() => eigenvalues(tensor([[1, 2]]))).toThrow(ShapeError);
  expect(() => eigenvalues(tensor([1, 2]))).toThrow(/expected \[n, n\], got \[2\]/);
  expect(() =>
    spectralRadius(
      tensor([
        [Number.NaN, 0],
        [0, 1],
      ]),
    ),
  ).toThrow(NumericError);
});
