/** One tensor cut into several with a single node of the graph: what a loop over time and a block of gates are cut with. */
import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import { requireCount } from "../runtime/options.ts";
import { formatShape, resolveAxis, sameShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { addStrided } from "./layout.ts";
import { copy, gatherStrided, scatterStrided } from "./strided.ts";

/** A piece of x: where it begins, in elements, and its shape. */
interface Piece {
  readonly offset: number;
  readonly shape: readonly number[];
}

/** Cuts `x` into pieces that do not overlap, read and written at `strides`; `whole`: each is one stretch of x. */
function cut(x: Tensor, pieces: readonly Piece[], strides: readonly number[], whole: boolean): Tensor[] {
  const results = pieces.map(({ offset, shape }) => {
    if (whole) return Tensor.view(x, offset, shape);
    const y = Tensor.inStep(shape, x.dtype);
    gatherStrided(x.address + offset * 4, y.address, shape, strides);
    return y;
  });
  record([x], results, () => {
    const gradients = results.map(gradientOf);
    addGradient(x, (dx, accumulate) => {
      if (!accumulate && gradients.includes(0)) engine().kernels.fill(dx, x.size, 0);
      pieces.forEach(({ offset, shape }, i) => {
        const from = gradients[i] as number;
        const to = dx + offset * 4;
        if (from === 0) return;
        if (accumulate) addStrided(from, to, shape, strides, whole);
        else if (whole) copy(from, to, sizeOf(shape));
        else scatterStrided(from, to, shape, strides);
      });
    });
  });
  return results;
}

/**
 * The slices of one axis, each without that axis: the steps of a sequence. Along the first axis they look at x's own
 * memory.
 *
 * ```ts
 * unbind(tensor([[1, 2], [3, 4]])).length; // 2
 * unbind(tensor([[1, 2], [3, 4]]))[1]; // [3, 4]
 * ```
 *
 * @throws {ShapeError} when there is no such axis.
 */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  const along = resolveAxis("unbind", axis, x.shape.length);
  const strides = stridesOf(x.shape);
  const step = strides[along] as number;
  const shape = x.shape.toSpliced(along, 1);
  const pieces = Array.from({ length: x.shape[along] as number }, (_, i) => ({ offset: i * step, shape }));
  return cut(x, pieces, strides.toSpliced(along, 1), step === sizeOf(shape));
}

/**
 * `count` pieces of equal size along one axis, the last one smaller where it does not come out: the gates of a cell.
 *
 * ```ts
 * chunk(tensor([1, 2, 3, 4, 5]), 2)[0]; // [1, 2, 3]
 * ```
 *
 * @throws {ShapeError} when there is no such axis; {OptionError} when `count` is not a whole number ≥ 1.
 */
export function chunk(x: Tensor, count: number, axis = 0): Tensor[] {
  const along = resolveAxis("chunk", axis, x.shape.length);
  requireCount("chunk count", count);
  const strides = stridesOf(x.shape);
  const length = x.shape[along] as number;
  const size = Math.max(1, Math.ceil(length / count));
  const pieces = Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) => ({
    offset: i * size * (strides[along] as number),
    shape: x.shape.with(along, Math.min(size, length - i * size)),
  }));
  return cut(x, pieces, strides, sizeOf(x.shape.slice(0, along)) === 1);
}

/** Pieces of these sizes, which make up the axis, one after the other. */
export function cutAt(x: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  const strides = stridesOf(x.shape);
  let at = 0;
  const pieces = sizes.map((size) => {
    const offset = at * (strides[axis] as number);
    at += size;
    return { offset, shape: x.shape.with(axis, size) };
  });
  return cut(x, pieces, strides, sizeOf(x.shape.slice(0, axis)) === 1);
}

/** The memory of x cut into stretches, one behind the other, each seen in a shape of its own; together they are all of x. */
export function cutInto(x: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  let offset = 0;
  const pieces = shapes.map((shape) => {
    offset += sizeOf(shape);
    return { offset: offset - sizeOf(shape), shape };
  });
  return cut(x, pieces, [], true);
}

/** The reverse of `cutInto`: the numbers of all tensors, one behind the other, in one shape. */
export function joinInto(tensors: readonly Tensor[], shape: readonly number[]): Tensor {
  const y = Tensor.inStep(shape);
  const each = (visit: (t: Tensor, at: number) => void): void => {
    let at = 0;
    for (const t of tensors) {
      visit(t, at);
      at += t.size * 4;
    }
  };
  each((t, at) => copy(t.address, y.address + at, t.size));
  record(tensors, [y], () => {
    const dy = gradientOf(y);
    each((t, at) => writeGradient(t, (d) => copy(dy + at, d, t.size)));
  });
  return y;
}

/** Neighbouring rows that come from one side. */
interface Run {
  readonly first: number;
  readonly size: number;
  readonly chosen: boolean;
}

function runsOf(chosen: readonly boolean[]): Run[] {
  const runs: Run[] = [];
  for (let first = 0; first < chosen.length; ) {
    let end = first + 1;
    while (end < chosen.length && chosen[end] === chosen[first]) end++;
    runs.push({ first, size: end - first, chosen: chosen[first] as boolean });
    first = end;
  }
  return runs;
}

/**
 * Row by row along the first axis, `a` where chosen and `b` (null: zeros) elsewhere. What is not taken has no influence,
 * whatever it is, and no gradient.
 * @throws {ShapeError} when shapes differ, or there are not as many rows as choices.
 */
export function selectRows(chosen: readonly boolean[], a: Tensor, b: Tensor | null): Tensor {
  if (a.shape[0] !== chosen.length || (b && !sameShape(a.shape, b.shape))) {
    const got = b ? `${formatShape(a.shape)} and ${formatShape(b.shape)}` : formatShape(a.shape);
    throw new ShapeError(`selectRows: expected tensors of ${chosen.length} rows and one shape, got ${got}`);
  }
  const row = a.size / Math.max(1, chosen.length);
  const runs = runsOf(chosen);
  const y = Tensor.inStep(a.shape, a.dtype);
  for (const { first, size, chosen: fromA } of runs) {
    const at = first * row * 4;
    const from = fromA ? a : b;
    if (from) copy(from.address + at, y.address + at, size * row);
    else engine().kernels.fill(y.address + at, size * row, 0);
  }
  const send = (to: Tensor, side: boolean): void =>
    accumulateGradient(to, (address) => {
      const dy = gradientOf(y);
      for (const { first, size, chosen: fromA } of runs) {
        const at = first * row * 4;
        if (fromA === side) engine().kernels.accumulate(dy + at, address + at, size * row);
      }
    });
  record(b ? [a, b] : [a], [y], () => {
    send(a, true);
    if (b) send(b, false);
  });
  return y;
}
