import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { ShapeError } from "../runtime/errors.ts";
import { formatShape, requireFloat32, resolveAxis, type Shape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { mul } from "./elementwise.ts";

/** One axis, or several. */
export type Axes = number | readonly number[];

/** Neighbouring axes that are summed as one, of what is left when those behind them are summed. */
interface Run {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** Axes counted from the front, in order. @throws {ShapeError} when one does not exist or is there twice, or there is none. */
function resolveAxes(what: string, axes: Axes | undefined, rank: number): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  if (typeof axes === "number") return [resolveAxis(what, axes, rank)];
  const resolved = axes.map((axis) => resolveAxis(what, axis, rank)).sort((a, b) => a - b);
  if (resolved.length === 0) throw new ShapeError(`${what}: expected at least one axis, got none`);
  if (new Set(resolved).size < resolved.length) {
    throw new ShapeError(`${what}: expected each axis once, got ${formatShape(axes)}`);
  }
  return resolved;
}

/** The runs of the axes, the last one first. */
function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (!axes.includes(axis)) {
      inner *= shape[axis] as number;
      continue;
    }
    let n = shape[axis] as number;
    for (; axes.includes(axis - 1); axis--) n *= shape[axis - 1] as number;
    runs.push({ outer: sizeOf(shape.slice(0, axis)), n, inner });
  }
  return runs.length > 0 ? runs : [{ outer: inner, n: 1, inner: 1 }];
}

/**
 * The sum over one axis, over several, or over all of them. Neighbouring axes are summed as one, the last ones first.
 *
 * ```ts
 * const x = ones([2, 3, 4]);
 * sum(x); // 24
 * sum(x, -1).shape; // [2, 3]
 * sum(x, [0, 2]); // [8, 8, 8]
 * sum(x, [0, 2], true).shape; // [1, 3, 1]
 * ```
 *
 * @param axis an axis, or several in any order, counted from either end.
 * @param keepDimension leave summed axes in place with size 1; not when all are summed for want of `axis`.
 * @throws {ShapeError} when there is no such axis, one is named twice, or the list is empty.
 */
export function sum(x: Tensor, axis?: Axes, keepDimension = false): Tensor {
  requireFloat32("sum", x);
  const axes = resolveAxes("sum", axis, x.shape.length);
  const runs = runsOf(x.shape, axes);
  const keep = keepDimension && axis !== undefined;
  const y = Tensor.inStep(x.shape.flatMap((size, i) => (axes.includes(i) ? (keep ? [1] : []) : [size])));
  reduce(runs, x.address, y.address);
  record([x], [y], () => writeGradient(x, (dx) => expand(runs, gradientOf(y), dx)));
  return y;
}

/** `to` := the numbers at `from` summed over one run after the other. */
function reduce(runs: readonly Run[], from: number, to: number): void {
  runs.forEach(({ outer, n, inner }, i) => {
    const next = i === runs.length - 1 ? to : engine().allocate(outer * inner);
    engine().kernels.sumAxis(from, next, outer, n, inner);
    from = next;
  });
}

/** `to` := the numbers at `from` repeated over one run after the other: the gradient of `reduce`. */
function expand(runs: readonly Run[], from: number, to: number): void {
  runs.toReversed().forEach(({ outer, n, inner }, i) => {
    const next = i === runs.length - 1 ? to : engine().allocate(outer * n * inner);
    engine().kernels.expandAxis(from, next, outer, n, inner);
    from = next;
  });
}

/** The mean over one axis, over several, or over all of them; arguments as for `sum`. */
export function mean(x: Tensor, axis?: Axes, keepDimension = false): Tensor {
  const axes = resolveAxes("mean", axis, x.shape.length);
  return mul(sum(x, axis, keepDimension), 1 / sizeOf(axes.map((i) => x.shape[i] as number)));
}

/**
 * Running sums along an axis: y[…, j, …] = Σ x[…, k, …] over k ≤ j, kept in float64 on the way.
 *
 * ```ts
 * cumsum(tensor([1, 2, 3, 4]), 0); // [1, 3, 6, 10]
 * ```
 *
 * @throws {ShapeError} when x is not float32, or there is no such axis.
 */
export function cumsum(x: Tensor, axis: number): Tensor {
  requireFloat32("cumsum", x);
  const along = resolveAxis("cumsum", axis, x.shape.length);
  const n = x.shape[along] as number;
  const [outer, inner] = [sizeOf(x.shape.slice(0, along)), sizeOf(x.shape.slice(along + 1))];
  const y = Tensor.inStep(x.shape);
  companion().cumulativeSum(x.address, y.address, outer, n, inner, false);
  record([x], [y], () => {
    writeGradient(x, (dx) => companion().cumulativeSum(gradientOf(y), dx, outer, n, inner, true));
  });
  return y;
}
