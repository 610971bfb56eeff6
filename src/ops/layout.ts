import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import { formatShape, resolveAxis, type Shape, sameShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { copy, gatherStrided, scatterStrided } from "./strided.ts";

/**
 * The same numbers in another shape; one axis may be −1 and is worked out.
 *
 * ```ts
 * reshape(zeros([2, 3, 4]), [6, -1]).shape; // [6, 4]
 * ```
 *
 * @throws {ShapeError} when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  const known = sizeOf(shape.filter((axis) => axis !== -1));
  const target = open < 0 ? [...shape] : shape.with(open, known === 0 ? 0 : x.size / known);
  if (sizeOf(target) !== x.size || target.some((axis) => !Number.isInteger(axis) || axis < 0)) {
    throw new ShapeError(`reshape: expected a shape of ${x.size} numbers, got ${formatShape(shape)}`);
  }
  const y = Tensor.view(x, 0, target);
  record([x], [y], () => writeGradient(x, (dx) => copy(gradientOf(y), dx, x.size)));
  return y;
}

/**
 * Reorders the axes: y's axis i is x's axis `axes[i]`.
 *
 * ```ts
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3]
 * transpose(zeros([2, 3, 4]), 0, -1).shape; // [4, 3, 2]
 * ```
 *
 * @throws {ShapeError} when `axes` is not a permutation.
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = axes.map((axis) => resolveAxis("permute", axis, x.shape.length));
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new ShapeError(`permute: expected each of ${x.shape.length} axes once, got ${formatShape(axes)}`);
  }
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis] as number);
  const reading = order.map((axis) => strides[axis] as number);
  const y = Tensor.inStep(shape, x.dtype);
  gatherStrided(x.address, y.address, shape, reading);
  record([x], [y], () => writeGradient(x, (dx) => scatterStrided(gradientOf(y), dx, shape, reading)));
  return y;
}

/** Exchanges two axes. @throws {ShapeError} when one of them does not exist. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  const rank = x.shape.length;
  const first = resolveAxis("transpose", a, rank);
  const second = resolveAxis("transpose", b, rank);
  const axes = x.shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis));
  return permute(x, axes);
}

/**
 * The stretch [start, end) of one axis; negative bounds count from the end.
 *
 * ```ts
 * slice(tensor([[1, 2, 3], [4, 5, 6]]), 1, -2); // [[2, 3], [5, 6]]
 * ```
 *
 * @throws {ShapeError} when the stretch is not inside the axis.
 */
export function slice(x: Tensor, axis: number, start: number, end?: number): Tensor {
  const along = resolveAxis("slice", axis, x.shape.length);
  const length = x.shape[along] as number;
  const from = start < 0 ? start + length : start;
  const to = end === undefined ? length : end < 0 ? end + length : end;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > length || from > to) {
    throw new ShapeError(
      `slice: expected a stretch inside 0 … ${length} of axis ${along}, got ${start} … ${end ?? length}`,
    );
  }
  const shape = x.shape.with(along, to - from);
  const strides = stridesOf(x.shape);
  const offset = from * (strides[along] as number);
  const contiguous = sizeOf(x.shape.slice(0, along)) === 1;
  const y = contiguous ? Tensor.view(x, offset, shape) : Tensor.inStep(shape, x.dtype);
  if (!contiguous) gatherStrided(x.address + offset * 4, y.address, shape, strides);
  record([x], [y], () => {
    // Added where it belongs: many slices of one x share a single gradient block.
    accumulateGradient(x, (dx) => addStrided(gradientOf(y), dx + offset * 4, shape, strides, contiguous));
  });
  return y;
}

/** `to`, read and written at `strides`, += `from`, contiguous; `whole` when the strides are those of a contiguous `to`. */
export function addStrided(from: number, to: number, shape: Shape, strides: readonly number[], whole: boolean): void {
  const { kernels } = engine();
  const size = sizeOf(shape);
  if (whole) {
    kernels.accumulate(from, to, size);
    return;
  }
  const sum = engine().allocate(size);
  gatherStrided(to, sum, shape, strides);
  kernels.accumulate(from, sum, size);
  scatterStrided(sum, to, shape, strides);
}

/**
 * Joins tensors along an axis.
 *
 * ```ts
 * concat([tensor([[1], [2]]), tensor([[3], [4]])], 1); // [[1, 3], [2, 4]]
 * stack([tensor([1, 2]), tensor([3, 4])]); // [[1, 2], [3, 4]]
 * ```
 *
 * @throws {ShapeError} when another axis differs, types differ, or there is none.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("concat: expected at least one tensor, got none");
  const along = resolveAxis("concat", axis, first.shape.length);
  for (const t of tensors) {
    if (t.shape.length !== first.shape.length || !sameShape(t.shape.with(along, 0), first.shape.with(along, 0))) {
      throw new ShapeError(
        `concat: expected shapes alike but for axis ${along}, got ${formatShape(first.shape)} and ${formatShape(t.shape)}`,
      );
    }
    if (t.dtype !== first.dtype) throw new ShapeError(`concat: expected ${first.dtype} tensors, got ${t.dtype}`);
  }
  const total = tensors.reduce((sum, t) => sum + (t.shape[along] as number), 0);
  const shape = first.shape.with(along, total);
  const strides = stridesOf(shape);
  const y = Tensor.inStep(shape, first.dtype);
  const offsets = offsetsAlong(tensors, along, strides[along] as number);
  tensors.forEach((t, i) => {
    scatterStrided(t.address, y.address + (offsets[i] as number) * 4, t.shape, strides);
  });
  record(tensors, [y], () => {
    tensors.forEach((t, i) => {
      const from = gradientOf(y) + (offsets[i] as number) * 4;
      writeGradient(t, (dx) => gatherStrided(from, dx, t.shape, strides));
    });
  });
  return y;
}

function offsetsAlong(tensors: readonly Tensor[], axis: number, stride: number): number[] {
  let at = 0;
  return tensors.map((t) => {
    const offset = at * stride;
    at += t.shape[axis] as number;
    return offset;
  });
}

/** Joins tensors of one shape along a new axis. @throws {ShapeError} when shapes or types differ, or there is none. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("stack: expected at least one tensor, got none");
  const along = resolveAxis("stack", axis, first.shape.length + 1);
  for (const t of tensors) {
    if (!sameShape(t.shape, first.shape)) {
      throw new ShapeError(
        `stack: expected tensors of one shape, got ${formatShape(first.shape)} and ${formatShape(t.shape)}`,
      );
    }
    if (t.dtype !== first.dtype) throw new ShapeError(`stack: expected ${first.dtype} tensors, got ${t.dtype}`);
  }
  const y = Tensor.inStep(first.shape.toSpliced(along, 0, tensors.length), first.dtype);
  const strides = stridesOf(y.shape);
  const step = strides[along] as number;
  const own = strides.toSpliced(along, 1);
  // Along the first axis each tensor is one stretch of y.
  const whole = step === first.size;
  tensors.forEach((t, i) => {
    const to = y.address + i * step * 4;
    if (whole) copy(t.address, to, t.size);
    else scatterStrided(t.address, to, t.shape, own);
  });
  record(tensors, [y], () => {
    const dy = gradientOf(y);
    tensors.forEach((t, i) => {
      const from = dy + i * step * 4;
      if (!whole) writeGradient(t, (dx) => gatherStrided(from, dx, t.shape, own));
      else addGradient(t, (dx, more) => (more ? addTo : copy)(from, dx, t.size));
    });
  });
  return y;
}

function addTo(from: number, to: number, count: number): void {
  engine().kernels.accumulate(from, to, count);
}
