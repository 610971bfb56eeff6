/** unbind, chunk and stack: what they cut and join, with the gradients of pieces that are used never, once and twice. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { add, chunk, mul, stack, sum, type Tensor, tensor, unbind } from "../../src/index.ts";
import { selectRows } from "../../src/ops/pieces.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const axisOf = fc.record({
  shape: fc.array(fc.constantFrom<number[]>(1, 2, 3, 5, 7), { minLength: 1, maxLength: 4 }),
  pick: fc.nat(),
});

function random(shape: number[], seed: number): Float32Array {
  const count = shape.reduce((product, axis) => product * axis, 1);
  return Float32Array.from(randomVector(randomNumbers(seed), count));
}

/** Where number `i` of a row-major array stands on one axis, and its place without that axis. */
function place(i: number, shape: number[], axis: number): { index: number; rest: number } {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const length = shape[axis]!;
  return { index: Math.floor(i / inner) % length, rest: Math.floor(i / inner / length) * inner + (i % inner) };
}

test("unbind: steps and their gradients; the first unused, the second used twice, x used besides", () => {
  const property = fc.property(axisOf, fc.boolean(), ({ shape, pick }, besides) => {
    const axis = pick % shape.length;
    const values = random(shape, pick);
    const x = tensor(values, shape, { requiresGrad: true });
    const steps = unbind(x, axis - (pick % 2) * shape.length);
    expect(steps.length).toBe(shape[axis]);
    values.forEach((value, i) => {
      const { index, rest } = place(i, shape, axis);
      expect(steps[index]!.toArray()[rest]).toBe(value);
      expect(steps[index]!.shape).toEqual(shape.toSpliced(axis, 1));
    });
    const weight = (index: number): number => (index === 0 ? 0 : index === 1 ? 5 : 1 + index);
    const terms: Tensor[] = steps.slice(1).map((step, i) => mul(sum(step), i === 0 ? 2 : 2 + i));
    if (steps[1]) terms.push(mul(sum(steps[1]), 3));
    if (besides || terms.length === 0) terms.push(sum(mul(x, 10)));
    const more = besides || steps.length === 1 ? 10 : 0;
    terms.reduce((a, b) => add(a, b)).backward();
    const wanted = values.map((_, i) => weight(place(i, shape, axis).index) + more);
    expect(x.grad!.toArray()).toEqual(wanted);
  });
  fc.assert(property, SEARCH);
});

test("chunk: pieces as torch.chunk cuts them, joined again by their gradients", () => {
  const property = fc.property(
    axisOf,
    fc.integer({ min: 1, max: 8 }),
    fc.boolean(),
    ({ shape, pick }, count, besides) => {
      const axis = pick % shape.length;
      const values = random(shape, pick);
      const x = tensor(values, shape, { requiresGrad: true });
      const pieces = chunk(x, count, axis);
      const size = Math.ceil(shape[axis]! / count);
      expect(pieces.map((piece) => piece.shape[axis])).toEqual(
        Array.from({ length: Math.ceil(shape[axis]! / size) }, (_, i) => Math.min(size, shape[axis]! - i * size)),
      );
      const seen = new Float32Array(values.length);
      values.forEach((_, i) => {
        const { index, rest } = place(i, shape, axis);
        const piece = pieces[Math.floor(index / size)]!;
        const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
        const at = (Math.floor(rest / inner) * piece.shape[axis]! + (index % size)) * inner + (rest % inner);
        seen[i] = piece.toArray()[at]!;
      });
      expect(seen).toEqual(values);
      const used = pieces.map((piece, k) => mul(sum(mul(piece, piece)), k + 1)).filter((_, k) => k !== 1);
      const terms = besides ? [...used, sum(x)] : used;
      terms.reduce((a, b) => add(a, b)).backward();
      x.grad!.toArray().forEach((gradient, i) => {
        const k = Math.floor(place(i, shape, axis).index / size);
        const own = k === 1 ? 0 : 2 * (k + 1) * values[i]!;
        expect(gradient).toBeCloseTo(own + (besides ? 1 : 0), 4);
      });
    },
  );
  fc.assert(property, SEARCH);
});

test("stack: along any axis, the same tensor twice included", () => {
  const property = fc.property(axisOf, fc.integer({ min: 1, max: 5 }), ({ shape, pick }, count) => {
    const axis = pick % (shape.length + 1);
    const all = Array.from({ length: count }, (_, k) => tensor(random(shape, k), shape, { requiresGrad: true }));
    const list = [...all, all[0]!];
    const y = stack(list, axis);
    expect(y.shape).toEqual(shape.toSpliced(axis, 0, count + 1));
    const factor = random([...y.shape], 99);
    sum(mul(y, tensor(factor, y.shape))).backward();
    const wanted = list.map(() => new Float32Array(all[0]!.size));
    y.toArray().forEach((value, i) => {
      const { index, rest } = place(i, [...y.shape], axis);
      expect(value).toBe(list[index]!.toArray()[rest]);
      wanted[index]![rest] = factor[i]!;
    });
    for (const [k, t] of all.entries()) {
      const own = wanted[k]!.map((value, i) => (k === 0 ? Math.fround(value + wanted[count]![i]!) : value));
      expect(t.grad!.toArray()).toEqual(own);
    }
  });
  fc.assert(property, SEARCH);
});

test("selectRows: what is not chosen has no influence and no gradient, NaN included", () => {
  const a = tensor(
    [1, Number.NaN, 3, 4].map((value) => [value, -value]),
    undefined,
    { requiresGrad: true },
  );
  const b = tensor(
    [Number.NaN, 20, Number.NaN, Number.NaN].map((value) => [value, value]),
    undefined,
    { requiresGrad: true },
  );
  const y = selectRows([true, false, true, true], a, b);
  expect(Array.from(y.toArray())).toEqual([1, -1, 20, 20, 3, -3, 4, -4]);
  sum(
    mul(
      y,
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ]),
    ),
  ).backward();
  expect(Array.from(a.grad!.toArray())).toEqual([1, 2, 0, 0, 5, 6, 7, 8]);
  expect(Array.from(b.grad!.toArray())).toEqual([0, 0, 3, 4, 0, 0, 0, 0]);
  expect(Array.from(selectRows([false, false, false, true], a, null).toArray())).toEqual([0, 0, 0, 0, 0, 0, 4, -4]);
});
