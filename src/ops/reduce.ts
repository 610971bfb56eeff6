import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { requireFloat32, resolveAxis, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { mul } from "./elementwise.ts";
import { reshape } from "./layout.ts";

/**
 * The sum over one axis, or over all of them.
 * @param keepDimension leave the summed axis in place with size 1.
 * @throws {ShapeError} when there is no such axis.
 */
export function sum(x: Tensor, axis?: number, keepDimension = false): Tensor {
  requireFloat32("sum", x);
  if (axis === undefined) return sum(reshape(x, [x.size]), 0);
  const along = resolveAxis("sum", axis, x.shape.length);
  const n = x.shape[along] as number;
  const outer = sizeOf(x.shape.slice(0, along));
  const inner = sizeOf(x.shape.slice(along + 1));
  const y = Tensor.inStep(keepDimension ? x.shape.with(along, 1) : x.shape.toSpliced(along, 1));
  engine().kernels.sumAxis(x.address, y.address, outer, n, inner);
  record([x], [y], () => {
    writeGradient(x, (dx) => engine().kernels.expandAxis(gradientOf(y), dx, outer, n, inner));
  });
  return y;
}

/** The mean over one axis, or over all of them; arguments as for `sum`. */
export function mean(x: Tensor, axis?: number, keepDimension = false): Tensor {
  const n = axis === undefined ? x.size : (x.shape[resolveAxis("mean", axis, x.shape.length)] as number);
  return mul(sum(x, axis, keepDimension), 1 / n);
}
