import { describe, expect, test } from "vitest";
import { builds, expectWithin, lengths, loadEngine } from "./engine.ts";

/** Philox4x32-10 as its paper defines it, in 64-bit integers. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  const low = (value: bigint) => value & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [c0 * 0xd2511f53n, c2 * 0xcd9e8d57n];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, low(p1), (p0 >> 32n) ^ c3 ^ k1, low(p0)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}

const SEED = [0x12345678, 0x9abcdef0] as const;

test("the reference gives the published vectors (Random123, kat_vectors)", () => {
  const f = 0xffffffff;
  expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  expect(philox([f, f, f, f], [f, f])).toEqual([0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
    0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1,
  ]);
});

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  /** n numbers of a stream, as the kernel leaves them. */
  function bits(n: number, seed: readonly [number, number], counter: readonly [number, number]): number[] {
    const y = engine.floats(n);
    kernels.philoxBits(y.address, n, ...seed, ...counter);
    return [...new Uint32Array(y.values.buffer, y.address, n)];
  }

  test("philoxBits: the published vector for zero, the reference elsewhere, every tail", () => {
    expect(bits(4, [0, 0], [0, 0])).toEqual(philox([0, 0, 0, 0], [0, 0]));
    for (const n of lengths) {
      const blocks = Math.ceil(n / 4);
      const carry = 0xffffffff;
      const counters = Array.from({ length: blocks }, (_, i) => (i === 0 ? [carry, 6, 0, 0] : [i - 1, 7, 0, 0]));
      const expected = counters.flatMap((counter) => philox(counter, SEED)).slice(0, n);
      expect(bits(n, SEED, [carry, 6])).toEqual(expected);
    }
    engine.release();
  });

  test("fillUniform is low + u·(high − low), u the upper 24 bits", () => {
    for (const n of lengths) {
      const y = engine.floats(n);
      kernels.fillUniform(y.address, n, -2, 3, ...SEED, 5, 0);
      expectWithin(
        y.values,
        bits(n, SEED, [5, 0]).map((word) => -2 + 5 * (word >>> 8) * 2 ** -24),
        () => 4e-7,
      );
    }
    const y = engine.floats(100_000);
    // Here half of all results would round up to `high`.
    kernels.fillUniform(y.address, y.values.length, 1, 1 + 2 ** -23, ...SEED, 0, 0);
    expect(new Set(y.values)).toEqual(new Set([1]));
    engine.release();
  });

  test("fillNormal is Box and Muller's of the same block", () => {
    for (const n of [...lengths, 40_000]) {
      const y = engine.floats(n);
      kernels.fillNormal(y.address, n, 1, 0.5, ...SEED, 9, 0);
      const u = bits(Math.ceil(n / 4) * 4, SEED, [9, 0]).map((word) => (word >>> 8) * 2 ** -24);
      const expected = Array.from({ length: n }, (_, i) => {
        const [block, lane] = [i - (i % 4), i % 4];
        const radius = Math.sqrt(-2 * Math.log(1 - u[block + (lane % 2)]));
        const angle = 2 * Math.PI * u[block + 2 + (lane % 2)];
        return 1 + 0.5 * radius * (lane < 2 ? Math.cos(angle) : Math.sin(angle));
      });
      expectWithin(y.values, expected, () => 1e-6);
    }
    engine.release();
  });

  test("moments of uniform and normal numbers", () => {
    const n = 1_000_000;
    const y = engine.floats(n);
    const moment = (power: number) => y.values.reduce((sum, value) => sum + value ** power, 0) / n;
    kernels.fillUniform(y.address, n, 0, 1, 1, 0, 0, 0);
    // Within five standard errors.
    for (const power of [1, 2, 3]) {
      const error = Math.sqrt((1 / (2 * power + 1) - 1 / (power + 1) ** 2) / n);
      expect(Math.abs(moment(power) - 1 / (power + 1))).toBeLessThan(5 * error);
    }
    kernels.fillNormal(y.address, n, 0, 1, 2, 0, 0, 0);
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ]) {
      expect(Math.abs(moment(power) - expected)).toBeLessThan(5 * Math.sqrt(variance / n));
    }
    engine.release();
  });

  test("dropout keeps where u ≥ p, and repeats itself", () => {
    for (const n of lengths) {
      const x = engine.floats(Array.from({ length: n }, (_, i) => i + 1));
      const y = engine.floats(n);
      kernels.dropout(x.address, y.address, n, 0.3, ...SEED, 2, 0);
      const keep = bits(n, SEED, [2, 0]).map((word) => (word >>> 8) * 2 ** -24 >= Math.fround(0.3));
      expectWithin(
        y.values,
        keep.map((kept, i) => (kept ? (i + 1) / (1 - Math.fround(0.3)) : 0)),
        (value) => value * 1.2e-7,
      );
      kernels.dropout(x.address, x.address, n, 0.3, ...SEED, 2, 0);
      expect(x.values).toEqual(y.values);
      kernels.dropout(y.address, y.address, n, 1, ...SEED, 2, 0);
      expect([...y.values]).toEqual(Array(n).fill(0));
    }
    const ones = engine.floats(new Float32Array(40_000).fill(1));
    const out = engine.floats(40_000);
    kernels.dropout(ones.address, out.address, 40_000, 0, ...SEED, 0, 0);
    expect(out.values).toEqual(ones.values);
    kernels.dropout(ones.address, out.address, 40_000, 0.5, ...SEED, 0, 0);
    expect(Math.abs(out.values.filter((value) => value > 0).length - 20_000)).toBeLessThan(5 * Math.sqrt(10_000));
    engine.release();
  });
});
