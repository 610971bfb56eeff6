/** Largest and smallest numbers along an axis, and what is made of them. */
import { accumulateGradient, gradientOf, record, withGradients } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { ShapeError } from "../runtime/errors.ts";
import { formatShape, requireFloat32, resolveAxis, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { equal, where } from "./comparison.ts";
import { add, sub } from "./elementwise.ts";
import { reshape } from "./layout.ts";
import { exp, log } from "./pointwise.ts";
import { sum } from "./reduce.ts";

/** Extremes and their indices along an axis, both without that axis. */
function extremesOf(what: string, x: Tensor, along: number, sign: 1 | -1) {
  requireFloat32(what, x);
  const n = x.shape[along] as number;
  if (n === 0) throw new ShapeError(`${what}: expected numbers along axis ${along}, got ${formatShape(x.shape)}`);
  const outer = sizeOf(x.shape.slice(0, along));
  const inner = sizeOf(x.shape.slice(along + 1));
  const shape = x.shape.toSpliced(along, 1);
  const y = Tensor.inStep(shape);
  const index = Tensor.inStep(shape, "int32");
  companion().extremes(x.address, y.address, index.address, outer, n, inner, sign);
  return { y, index, outer, n, inner };
}

function extreme(what: string, sign: 1 | -1, x: Tensor, axis: number | undefined, keepDimension: boolean): Tensor {
  if (axis === undefined) return extreme(what, sign, reshape(x, [x.size]), 0, false);
  const along = resolveAxis(what, axis, x.shape.length);
  const { y, index, outer, n, inner } = extremesOf(what, x, along, sign);
  record([x], [y], () => {
    accumulateGradient(x, (dx) => {
      companion().scatterAlong(gradientOf(y), index.address, dx, outer, n, 1, inner);
    });
  });
  return keepDimension ? reshape(y, x.shape.with(along, 1)) : y;
}

/**
 * The largest number along an axis, or of all; NaN where there is one. The gradient goes to the first of the largest.
 *
 * ```ts
 * const x = tensor([[1, 5, 2], [7, 0, 3]]);
 * max(x); // 7
 * max(x, 1); // [5, 7]
 * min(x, 0); // [1, 0, 2]
 * argmax(x); // [1, 0]
 * ```
 *
 * @throws {ShapeError} when there is no such axis, or nothing along it.
 */
export function max(x: Tensor, axis?: number, keepDimension = false): Tensor {
  return extreme("max", 1, x, axis, keepDimension);
}

/** The smallest number; arguments as for `max`. */
export function min(x: Tensor, axis?: number, keepDimension = false): Tensor {
  return extreme("min", -1, x, axis, keepDimension);
}

/**
 * Where the largest number along an axis is, the first of them: int32 without that axis.
 * @throws {ShapeError} when there is no such axis, or nothing along it.
 */
export function argmax(x: Tensor, axis = -1): Tensor {
  return extremesOf("argmax", x, resolveAxis("argmax", axis, x.shape.length), 1).index;
}

/**
 * log Σ e^x along an axis, without overflow; −∞ where all are.
 *
 * ```ts
 * logSumExp(tensor([[1000, 1000]]), 1); // [1000 + Math.LN2]
 * ```
 *
 * @throws {ShapeError} when there is no such axis, or nothing along it.
 */
export function logSumExp(x: Tensor, axis: number, keepDimension = false): Tensor {
  const along = resolveAxis("logSumExp", axis, x.shape.length);
  const shift = withGradients(false, () => {
    const largest = max(x, along, true);
    // Where all are −∞, or one is ∞, nothing may be subtracted: ∞ − ∞ is no number.
    const unbounded = equal(sub(largest, largest), 0);
    return where(unbounded, largest, 0);
  });
  const y = add(log(sum(exp(sub(x, shift)), along, true)), shift);
  return keepDimension ? y : reshape(y, x.shape.toSpliced(along, 1));
}
