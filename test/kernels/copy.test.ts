import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { builds, type Engine, loadEngine } from "./engine.ts";

/** A view: sizes, and the strides of a contiguous array of those sizes after its axes were permuted. */
const view = fc
  .array(fc.integer({ min: 1, max: 11 }), { minLength: 0, maxLength: 4 })
  .chain((sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      order: fc.shuffledSubarray([...sizes.keys()], { minLength: sizes.length }),
    }),
  )
  .map(({ sizes, order }) => {
    const strides = sizes.map(() => 0);
    let stride = 1;
    for (const axis of [...order].reverse()) {
      strides[axis] = stride;
      stride *= sizes[axis];
    }
    return { sizes, strides };
  });

/** The offset of every element of a view, in row-major order of its indices. */
function offsets(sizes: number[], strides: number[]): number[] {
  return sizes.reduceRight(
    (inner, size, axis) =>
      Array.from({ length: size }, (_, i) => inner.map((offset) => offset + i * strides[axis])).flat(),
    [0],
  );
}

function gather(engine: Engine, x: { address: number }, sizes: number[], strides: number[]) {
  const y = engine.floats(sizes.reduce((a, b) => a * b, 1));
  engine.kernels.gatherStrided(x.address, y.address, sizes.length, engine.integers(sizes), engine.integers(strides));
  return y;
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);

  test("gatherStrided reads every permutation, scatterStrided puts it back", () => {
    fc.assert(
      fc.property(view, ({ sizes, strides }) => {
        const at = offsets(sizes, strides);
        const x = engine.floats(at.map((_, i) => i + 0.5));
        const y = gather(engine, x, sizes, strides);
        const back = engine.floats(at.length);
        const rank = sizes.length;
        const [sizesAt, stridesAt] = [engine.integers(sizes), engine.integers(strides)];
        engine.kernels.scatterStrided(y.address, back.address, rank, sizesAt, stridesAt);
        engine.release();
        expect([...y.values]).toEqual(at.map((offset) => x.values[offset]));
        expect([...back.values]).toEqual([...x.values]);
      }),
      { numRuns: 400 },
    );
  });

  test("strides with gaps, of 0 and below", () => {
    const x = engine.floats(Array.from({ length: 200 }, (_, i) => i));
    for (const [sizes, strides] of [
      [
        [3, 5],
        [0, 1],
      ],
      [
        [3, 5],
        [1, 0],
      ],
      [
        [4, 9],
        [0, 0],
      ],
      [
        [6, 7],
        [1, 13],
      ],
      [
        [6, 7],
        [2, 13],
      ],
      [
        [5, 4, 3],
        [1, 9, 40],
      ],
      [
        [7, 8],
        [20, 1],
      ],
    ]) {
      expect([...gather(engine, x, sizes, strides).values]).toEqual(offsets(sizes, strides));
    }
    const last = { address: x.address + 4 * 199 };
    expect([...gather(engine, last, [3, 6], [-10, -1]).values]).toEqual(offsets([3, 6], [-10, -1]).map((o) => o + 199));
    engine.release();
  });

  test("scatterStrided leaves the gaps alone", () => {
    for (const [sizes, strides] of [
      [
        [4, 5],
        [17, 3],
      ],
      [
        [6, 7],
        [1, 13],
      ],
      [
        [3, 8],
        [11, 1],
      ],
    ]) {
      const at = offsets(sizes, strides);
      const x = engine.floats(at.map((_, i) => i + 1));
      const y = engine.floats(new Float32Array(Math.max(...at) + 1).fill(-1));
      const rank = sizes.length;
      engine.kernels.scatterStrided(x.address, y.address, rank, engine.integers(sizes), engine.integers(strides));
      const expected = new Float32Array(y.values.length).fill(-1);
      at.forEach((offset, i) => {
        expected[offset] = i + 1;
      });
      expect(y.values).toEqual(expected);
    }
    engine.release();
  });
});
