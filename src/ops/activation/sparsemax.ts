import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { catalogue } from "../../runtime/catalogue.ts";
import { requireFloat32, resolveAxis, sizeOf } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { transpose } from "../layout.ts";

/**
 * sparsemax(x) = max(x − τ, 0) along an axis, the last unless given, τ such that the results sum to 1: the nearest
 * probabilities, of which most are exactly 0, where softmax gives each some.
 *
 * ```ts
 * sparsemax(tensor([0.1, 1.1, 0.8])); // [0, 0.65, 0.35]
 * ```
 *
 * @throws {ShapeError} when there is no such axis.
 * Source: Martins & Astudillo 2016, "From softmax to sparsemax: a sparse model of attention and multi-label classification".
 */
export function sparsemax(x: Tensor, axis = -1): Tensor {
  requireFloat32("sparsemax", x);
  const last = x.shape.length - 1;
  const along = resolveAxis("sparsemax", axis, x.shape.length);
  if (along !== last) return transpose(sparsemax(transpose(x, along, last)), along, last);
  const columns = x.shape[last] as number;
  const rows = sizeOf(x.shape.slice(0, last));
  const y = Tensor.inStep(x.shape);
  const kernels = catalogue();
  kernels.sparsemax(x.address, y.address, rows, columns);
  record([x], [y], () => {
    writeGradient(x, (dx) => kernels.sparsemaxBackward(y.address, gradientOf(y), dx, rows, columns));
  });
  return y;
}
