import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, type Engine, expectWithin, loadEngine } from "./engine.ts";

/** Sizes either side of every edge: of a tile (4, 8), a panel (16), a block (128 rows, 256 deep, 512 columns). */
const size = fc.oneof(fc.integer({ min: 1, max: 37 }), fc.constantFrom(63, 64, 127, 129, 131, 255, 257));
const wide = fc.oneof(fc.integer({ min: 1, max: 37 }), fc.constantFrom(509, 512, 513));

interface Product {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Σ a·b in float64, and Σ|a·b|, which the error bound is stated in. */
function reference({ a, b, m, n, k }: Product): { sums: Float64Array; magnitudes: Float64Array } {
  const sums = new Float64Array(m * n);
  const magnitudes = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let q = 0; q < k; q++) {
      for (let j = 0; j < n; j++) {
        const product = (a[i * k + q] as number) * (b[q * n + j] as number);
        sums[i * n + j] += product;
        magnitudes[i * n + j] += Math.abs(product);
      }
    }
  }
  return { sums, magnitudes };
}

function transposed(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number,
  );
}

/** The bound of the kernels' headers, and half an ulp for each of the two sums with what was there. */
function bound(magnitudes: Float64Array, k: number, before = 0): (expected: number, index: number) => number {
  return (expected, i) =>
    2 ** -24 * ((k + k / 256 + 2) * (magnitudes[i] as number) + 2 * (Math.abs(expected) + before));
}

function operands(engine: Engine, m: number, n: number, k: number, transposeA: boolean, transposeB: boolean) {
  const next = randomNumbers(m * 7919 + n * 104729 + k);
  const a = randomVector(next, m * k);
  const b = randomVector(next, k * n);
  return {
    a,
    b,
    left: engine.floats(transposeA ? transposed(a, m, k) : a).address,
    leftStrides: (transposeA ? [1, m] : [k, 1]) as [number, number],
    right: engine.floats(transposeB ? transposed(b, k, n) : b).address,
    rightStrides: (transposeB ? [1, k] : [n, 1]) as [number, number],
  };
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;
  afterEach(() => engine.release());

  test("gemm: every transpose, assigned and added, for any size", () => {
    const property = fc.property(
      size,
      wide,
      size,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.nat(5),
      (m, n, k, transposeA, transposeB, accumulate, gap) => {
        const { a, b, left, leftStrides, right, rightStrides } = operands(engine, m, n, k, transposeA, transposeB);
        const cRow = n + gap;
        const start = new Float32Array(m * cRow).fill(0.5);
        const c = engine.floats(start);
        const workspace = engine.floats(kernels.gemmWorkspaceSize(m, n, k)).address;
        kernels.gemm(left, ...leftStrides, right, ...rightStrides, c.address, cRow, m, n, k, accumulate, workspace);
        const { sums, magnitudes } = reference({ a, b, m, n, k });
        const expected = sums.map((sum) => sum + (accumulate ? 0.5 : 0));
        const inside = expected.map((_, i) => c.values[Math.floor(i / n) * cRow + (i % n)] as number);
        expectWithin(inside, expected, bound(magnitudes, k, accumulate ? 0.5 : 0));
        // Between the rows nothing is touched.
        const between = [...c.values].filter((_, i) => i % cRow >= n);
        expect(between.every((value) => value === 0.5)).toBe(true);
        engine.release();
      },
    );
    fc.assert(property, { numRuns: 120, seed: 11 });
  });

  test("gemmPacked: the same numbers as gemm, bit for bit", () => {
    const property = fc.property(size, wide, size, fc.boolean(), (m, n, k, accumulate) => {
      const { left, leftStrides, right, rightStrides } = operands(engine, m, n, k, false, true);
      const start = new Float32Array(m * n).fill(-0.25);
      const plain = engine.floats(start);
      const packed = engine.floats(start);
      const panels = engine.floats(kernels.packedRightSize(n, k)).address;
      kernels.packRight(right, ...rightStrides, n, k, panels);
      const room = engine.floats(kernels.gemmWorkspaceSize(m, n, k)).address;
      const less = engine.floats(kernels.gemmPackedWorkspaceSize(m, k)).address;
      kernels.gemm(left, ...leftStrides, right, ...rightStrides, plain.address, n, m, n, k, accumulate, room);
      kernels.gemmPacked(left, ...leftStrides, panels, packed.address, n, m, n, k, accumulate, less);
      expect(packed.values).toEqual(plain.values);
      engine.release();
    });
    fc.assert(property, { numRuns: 60, seed: 12 });
  });

  test("gemm: an empty sum assigns zeros and adds nothing", () => {
    const c = engine.floats([1, 2, 3, 4, 5, 6]);
    const workspace = engine.floats(kernels.gemmWorkspaceSize(2, 3, 0)).address;
    kernels.gemm(0, 0, 1, 0, 3, 1, c.address, 3, 2, 3, 0, true, workspace);
    expect([...c.values]).toEqual([1, 2, 3, 4, 5, 6]);
    kernels.gemm(0, 0, 1, 0, 3, 1, c.address, 3, 2, 3, 0, false, workspace);
    expect([...c.values]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("gemv, gemvPacked, gemvTransposed: any size and tail", () => {
    const property = fc.property(size, size, fc.boolean(), (m, k, accumulate) => {
      const next = randomNumbers(m * 1009 + k);
      const w = engine.floats(randomVector(next, m * k));
      const x = engine.floats(randomVector(next, k));
      const z = engine.floats(randomVector(next, m));
      const before = accumulate ? 0.5 : 0;

      const y = engine.floats(new Float32Array(m).fill(0.5));
      kernels.gemv(w.address, x.address, y.address, m, k, accumulate);
      const forward = reference({ a: w.values, b: x.values, m, n: 1, k });
      expectWithin(
        y.values,
        forward.sums.map((sum) => sum + before),
        bound(forward.magnitudes, k, before),
      );

      const packed = engine.floats(kernels.packedRowsSize(m, k));
      kernels.packRows(w.address, m, k, packed.address);
      const added = engine.floats(new Float32Array(m).fill(0.5));
      kernels.gemvPacked(packed.address, x.address, added.address, m, k);
      expectWithin(
        added.values,
        forward.sums.map((sum) => sum + 0.5),
        bound(forward.magnitudes, k, 0.5),
      );

      const back = engine.floats(new Float32Array(k).fill(0.5));
      kernels.gemvTransposed(w.address, z.address, back.address, m, k, accumulate);
      const backward = reference({ a: z.values, b: w.values, m: 1, n: k, k: m });
      expectWithin(
        back.values,
        backward.sums.map((sum) => sum + before),
        bound(backward.magnitudes, m + 1, before),
      );
      engine.release();
    });
    fc.assert(property, { numRuns: 150, seed: 13 });
  });
});

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;
  afterEach(() => engine.release());

  test("one sum, whichever kernel takes it: gemm, gemmPacked, gemv, gemvPacked, gemvTransposed agree bit for bit", () => {
    const property = fc.property(fc.integer({ min: 1, max: 9 }), wide, size, fc.boolean(), (m, n, k, accumulate) => {
      const { a, b, left } = operands(engine, m, n, k, false, false);
      const direct = engine.floats(b).address; // [k, n]
      const turned = engine.floats(transposed(b, k, n)).address; // [n, k]
      const start = new Float32Array(m * n).fill(0.125);
      const product = engine.floats(start);
      const room = engine.floats(kernels.gemmWorkspaceSize(m, n, k)).address;
      kernels.gemm(left, k, 1, direct, n, 1, product.address, n, m, n, k, accumulate, room);
      const expected = product.values.slice(0, m * n);

      const fromTransposed = engine.floats(start);
      const leftTurned = engine.floats(transposed(a, m, k)).address;
      kernels.gemm(leftTurned, 1, m, turned, 1, k, fromTransposed.address, n, m, n, k, accumulate, room);
      expect(fromTransposed.values).toEqual(expected);

      const rows = engine.floats(kernels.packedRowsSize(n, k)).address;
      kernels.packRows(turned, n, k, rows);
      const panels = engine.floats(kernels.packedRightSize(n, k)).address;
      kernels.packRight(direct, n, 1, n, k, panels);
      const less = engine.floats(kernels.gemmPackedWorkspaceSize(1, k)).address;
      for (let i = 0; i < m; i++) {
        const x = left + i * k * 4;
        const expectedRow = expected.slice(i * n, (i + 1) * n);
        const one = () => engine.floats(new Float32Array(n).fill(0.125));
        const [lying, across, packed] = [one(), one(), one()];
        kernels.gemv(turned, x, lying.address, n, k, accumulate);
        kernels.gemvTransposed(direct, x, across.address, k, n, accumulate);
        kernels.gemmPacked(x, k, 1, panels, packed.address, n, 1, n, k, accumulate, less);
        expect(lying.values).toEqual(expectedRow);
        expect(across.values).toEqual(expectedRow);
        expect(packed.values).toEqual(expectedRow);
        if (!accumulate) continue;
        const added = one();
        kernels.gemvPacked(rows, x, added.address, n, k);
        expect(added.values).toEqual(expectedRow);
      }
      engine.release();
    });
    fc.assert(property, { numRuns: 60, seed: 14 });
  });
});

test("one row of a product does not depend on the other rows", () => {
  const engine = loadEngine("simd");
  const { kernels } = engine;
  const [n, k] = [41, 300];
  const next = randomNumbers(5);
  const a = randomVector(next, 9 * k);
  const b = engine.floats(randomVector(next, k * n)).address;
  const rowsOf = (m: number): Float32Array => {
    const c = engine.floats(m * n);
    const workspace = engine.floats(kernels.gemmWorkspaceSize(m, n, k)).address;
    kernels.gemm(engine.floats(a.slice(0, m * k)).address, k, 1, b, n, 1, c.address, n, m, n, k, false, workspace);
    return c.values.slice(0, n);
  };
  const alone = rowsOf(1);
  for (const m of [2, 3, 5, 9]) expect(rowsOf(m)).toEqual(alone);
  engine.release();
});
