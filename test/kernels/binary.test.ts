import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, expectUlp, lengths, loadEngine } from "./engine.ts";

const operations = [
  (a: number, b: number) => a + b,
  (a: number, b: number) => a - b,
  (a: number, b: number) => a * b,
  (a: number, b: number) => a / b,
];

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  test("binary is correctly rounded for every broadcast", () => {
    const stride = fc.record({ outer: fc.boolean(), inner: fc.constantFrom(0, 1) });
    const shape = fc.record({
      operation: fc.integer({ min: 0, max: 3 }),
      outer: fc.integer({ min: 1, max: 7 }),
      inner: fc.integer({ min: 1, max: 23 }),
      a: stride,
      b: stride,
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ operation, outer, inner, a, b, seed }) => {
        const next = randomNumbers(seed);
        const strides = [a, b].map((s) => ({ outer: s.outer ? (s.inner ? inner : 1) : 0, inner: s.inner }));
        const [left, right] = strides.map((s) => {
          const length = (outer - 1) * s.outer + (inner - 1) * s.inner + 1;
          return engine.floats(randomVector(next, length));
        });
        const y = engine.floats(outer * inner);
        kernels.binary(
          operation,
          left.address,
          right.address,
          y.address,
          outer,
          inner,
          strides[0].outer,
          strides[0].inner,
          strides[1].outer,
          strides[1].inner,
        );
        const expected = Array.from(y.values, (_, index) => {
          const [i, j] = [Math.floor(index / inner), index % inner];
          const [p, q] = strides.map((s) => i * s.outer + j * s.inner);
          return Math.fround(operations[operation](left.values[p], right.values[q]));
        });
        engine.release();
        expect([...y.values]).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test.each(lengths)("in place and with one operand, %i numbers", (length) => {
    const next = randomNumbers(length);
    const a = engine.floats(randomVector(next, length));
    const b = engine.floats(randomVector(next, length));
    const dy = engine.floats(randomVector(next, length));
    const [as, bs, dys] = [a, b, dy].map((buffer) => [...buffer.values]);
    const y = engine.floats(length);

    kernels.squaredDifference(a.address, b.address, y.address, length);
    expectUlp(
      y.values,
      as.map((value, i) => Math.fround(value - bs[i]) ** 2),
      0.5,
    );
    kernels.squaredDifferenceBackward(a.address, b.address, dy.address, dy.address, length);
    expectUlp(
      dy.values,
      as.map((value, i) => 2 * Math.fround(value - bs[i]) * dys[i]),
      0.5,
    );
    kernels.scale(a.address, y.address, length, 1.7);
    expectUlp(
      y.values,
      as.map((value) => Math.fround(1.7) * value),
      0.5,
    );
    kernels.accumulate(a.address, b.address, length);
    expect([...b.values]).toEqual(bs.map((value, i) => Math.fround(value + as[i])));
    kernels.accumulate(a.address, a.address, length);
    expect([...a.values]).toEqual(as.map((value) => 2 * value));
    kernels.fill(y.address, length, -3.5);
    expect([...y.values]).toEqual(as.map(() => -3.5));
    engine.release();
  });

  test("nothing is touched when there is nothing", () => {
    const empty = engine.floats(0).address;
    kernels.binary(0, empty, empty, empty, 3, 0, 0, 1, 0, 1);
    kernels.accumulate(empty, empty, 0);
    kernels.scale(empty, empty, 0, 2);
    kernels.fill(empty, 0, 2);
    kernels.squaredDifference(empty, empty, empty, 0);
    engine.release();
  });
});
