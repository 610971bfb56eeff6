import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { requireFloat32, resolveAxis, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Kernels } from "../wasm/kernels.ts";
import { neg } from "./elementwise.ts";
import { transpose } from "./layout.ts";

type Forward = "softmax" | "logSoftmax";

function normalise(kind: Forward, x: Tensor, axis: number): Tensor {
  requireFloat32(kind, x);
  const last = x.shape.length - 1;
  const along = resolveAxis(kind, axis, x.shape.length);
  if (along !== last) return transpose(normalise(kind, transpose(x, along, last), last), along, last);
  const columns = x.shape[last] as number;
  const rows = sizeOf(x.shape.slice(0, last));
  const y = Tensor.inStep(x.shape);
  const { kernels } = engine();
  const backward: `${Forward}Backward` & keyof Kernels = `${kind}Backward`;
  kernels[kind](x.address, y.address, rows, columns);
  record([x], [y], () => {
    writeGradient(x, (dx) => kernels[backward](y.address, gradientOf(y), dx, rows, columns));
  });
  return y;
}

/**
 * softmax(x)_i = e^{x_i} / Σ_j e^{x_j} along an axis, the last unless given; every x may be as large as float32 allows.
 *
 * ```ts
 * softmax(tensor([[0, Math.log(3)]])); // [[0.25, 0.75]]
 * logSoftmax(tensor([[1], [1]]), 0); // [[-Math.LN2], [-Math.LN2]]
 * ```
 *
 * @throws {ShapeError} when there is no such axis.
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return normalise("softmax", x, axis);
}

/** log softmax(x)_i = x_i − log Σ_j e^{x_j} along an axis. @throws {ShapeError} when there is no such axis. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return normalise("logSoftmax", x, axis);
}

/**
 * softmin(x) = softmax(−x) along an axis: the least gets most.
 *
 * ```ts
 * softmin(tensor([Math.log(3), 0])); // [0.25, 0.75]
 * ```
 *
 * @throws {ShapeError} when there is no such axis.
 */
export function softmin(x: Tensor, axis = -1): Tensor {
  return softmax(neg(x), axis);
}
