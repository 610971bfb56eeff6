/** Slices of slices, joined again: every number's gradient is counted, and costs memory once. */

import { expect, test } from "vitest";
import { add, concat, mul, runtimeInfo, slice, stack, sum, type Tensor, tensor, uniform } from "../../src/index.ts";

test("slices of slices, taken twice and joined with themselves", () => {
  const x = tensor(uniform([4, 3, 2]).toArray() as Float32Array, [4, 3, 2], { requiresGrad: true });
  const late = slice(slice(x, 0, 1, 4), 0, 1, 3); // x[2..3]
  const lastOfLate = slice(late, 2, 1, 2); // x[2..3, :, 1]
  const joined = concat([late, late, slice(x, 0, 0, 2)], 1);
  const squares = (t: Tensor): Tensor => sum(mul(t, t));
  add(add(squares(late), squares(lastOfLate)), squares(joined)).backward();
  const values = x.toArray();
  const wanted = Float32Array.from(values, (value, i) => {
    const [t, last] = [Math.floor(i / 6), i % 2];
    return 2 * value * (t < 2 ? 1 : 3 + last);
  });
  const found = x.grad!.toArray();
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i] as number, 5);
  });
});

test.each([0, 1])("cutting every step out of axis %d costs memory for a few gradients, not for one a step", (axis) => {
  const steps = 256;
  const shape = axis === 0 ? [steps, 2, 64] : [2, steps, 64];
  const x = tensor(uniform(shape).toArray() as Float32Array, shape, { requiresGrad: true });
  const before = runtimeInfo().heapBytes;
  sum(stack(Array.from({ length: steps }, (_, t) => slice(x, axis, t, t + 1)))).backward();
  expect(runtimeInfo().heapBytes - before).toBeLessThan(24 * x.size * 4);
  expect(x.grad!.toArray()).toEqual(new Float32Array(x.size).fill(1));
});
