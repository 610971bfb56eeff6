/** Operations that add, drop, cut, turn round or pick along axes; all differentiable. */

import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { formatShape, requireFloat32, requireShape, resolveAxis, sizeOf, stridesOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { embedding, requireIndices } from "./embedding.ts";
import { reshape, slice, transpose } from "./layout.ts";
import { gatherStrided, scatterStrided } from "./strided.ts";

/**
 * A new axis of size 1 before axis `axis` of x, or at the end for −1.
 *
 * ```ts
 * unsqueeze(zeros([2, 3]), 1).shape; // [2, 1, 3]
 * squeeze(zeros([2, 1, 3])).shape; // [2, 3]
 * ```
 *
 * @throws {ShapeError} when there is no such place.
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  return reshape(x, x.shape.toSpliced(resolveAxis("unsqueeze", axis, x.shape.length + 1), 0, 1));
}

/**
 * Drops an axis of size 1, or all of them. An axis of another size stays, as in PyTorch.
 * @throws {ShapeError} when there is no such axis.
 */
export function squeeze(x: Tensor, axis?: number): Tensor {
  const only = axis === undefined ? null : resolveAxis("squeeze", axis, x.shape.length);
  return reshape(
    x,
    x.shape.filter((size, i) => size !== 1 || (only !== null && i !== only)),
  );
}

/**
 * Cuts an axis into stretches: of `sizes` each, or all of one size but for the last, which may be shorter.
 *
 * ```ts
 * split(tensor([1, 2, 3, 4, 5]), 2)[2]; // [5]
 * split(tensor([1, 2, 3, 4, 5]), [1, 4])[1]; // [2, 3, 4, 5]
 * ```
 *
 * @throws {ShapeError} when there is no such axis, or the sizes are not whole numbers that add up to it.
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const along = resolveAxis("split", axis, x.shape.length);
  const length = x.shape[along] as number;
  if (typeof sizes === "number") {
    if (!Number.isInteger(sizes) || sizes < 1) {
      throw new ShapeError(`split: expected a size that is a whole number ≥ 1, got ${sizes}`);
    }
    const count = Math.max(Math.ceil(length / sizes), 1);
    return Array.from({ length: count }, (_, i) => slice(x, along, i * sizes, Math.min((i + 1) * sizes, length)));
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== length || sizes.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new ShapeError(`split: expected sizes that add up to ${length} of axis ${along}, got ${formatShape(sizes)}`);
  }
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return slice(x, along, start - size, start);
  });
}

/**
 * The numbers of one axis in reverse.
 *
 * ```ts
 * flip(tensor([[1, 2], [3, 4]]), 1); // [[2, 1], [4, 3]]
 * ```
 *
 * @throws {ShapeError} when there is no such axis.
 */
export function flip(x: Tensor, axis: number): Tensor {
  const along = resolveAxis("flip", axis, x.shape.length);
  const own = stridesOf(x.shape);
  const stride = own[along] as number;
  // Read backwards from the last number of the axis.
  const start = sizeOf(x.shape) === 0 ? 0 : ((x.shape[along] as number) - 1) * stride * 4;
  const strides = own.with(along, -stride);
  const y = Tensor.inStep(x.shape, x.dtype);
  gatherStrided(x.address + start, y.address, x.shape, strides);
  record([x], [y], () => writeGradient(x, (dx) => scatterStrided(gradientOf(y), dx + start, x.shape, strides)));
  return y;
}

/**
 * What an axis holds at some indices: y[…, i, …] = x[…, index[i], …]; gradients of equal indices add up.
 *
 * ```ts
 * indexSelect(tensor([[1, 2, 3], [4, 5, 6]]), 1, tensor(Int32Array.of(2, 0))); // [[3, 1], [6, 4]]
 * ```
 *
 * @param index int32 [n].
 * @throws {OptionError} when an index is outside the axis; {ShapeError} when `index` is not a vector of int32, x is not
 *   float32, or there is no such axis.
 * Costs two copies of x and of y besides y, unless `axis` is 0.
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  requireFloat32("indexSelect x", x);
  const along = resolveAxis("indexSelect", axis, x.shape.length);
  requireShape("indexSelect index", index.shape, ["n"]);
  requireIndices("indexSelect index", index, x.shape[along] as number);
  const front = along === 0 ? x : transpose(x, 0, along);
  const rest = front.shape.slice(1);
  const table = reshape(front, [front.shape[0] as number, sizeOf(rest)]);
  const rows = reshape(embedding(table, index), [index.size, ...rest]);
  return along === 0 ? rows : transpose(rows, 0, along);
}

/**
 * x with constant numbers before and behind each axis.
 *
 * ```ts
 * pad(tensor([[1, 2], [3, 4]]), [[1, 0], [0, 2]], -1); // [[-1, -1, -1, -1], [1, 2, -1, -1], [3, 4, -1, -1]]
 * ```
 *
 * @param pads [before, behind] for every axis, in order.
 * @param value what is put there; a whole number when x is int32.
 * @throws {ShapeError} when there is not one pair an axis, or a count is not a whole number ≥ 0; {OptionError} when x is
 *   int32 and cannot hold the value.
 */
export function pad(x: Tensor, pads: readonly (readonly [before: number, behind: number])[], value = 0): Tensor {
  requirePads(x, pads);
  if (typeof value !== "number" || (x.dtype === "int32" && value !== (value | 0))) {
    throw new OptionError(`pad value: expected a number that ${x.dtype} holds, got ${value}`);
  }
  const shape = pads.map(([before, behind], axis) => before + (x.shape[axis] as number) + behind);
  const strides = stridesOf(shape);
  const start = 4 * pads.reduce((offset, [before], axis) => offset + before * (strides[axis] as number), 0);
  const y = Tensor.inStep(shape, x.dtype);
  const { f32, i32 } = engine();
  const first = y.address >>> 2;
  (x.dtype === "int32" ? i32 : f32).fill(value, first, first + y.size);
  scatterStrided(x.address, y.address + start, x.shape, strides);
  record([x], [y], () => writeGradient(x, (dx) => gatherStrided(gradientOf(y) + start, dx, x.shape, strides)));
  return y;
}

function requirePads(x: Tensor, pads: readonly (readonly number[])[]): void {
  const pairs = Array.isArray(pads) && pads.every((pair) => Array.isArray(pair) && pair.length === 2);
  const fits = pairs && pads.length === x.shape.length;
  if (!fits || pads.flat().some((count) => !Number.isInteger(count) || count < 0)) {
    const got = JSON.stringify(pads);
    throw new ShapeError(`pad: expected ${x.shape.length} pairs of whole numbers ≥ 0, one for each axis, got ${got}`);
  }
}
