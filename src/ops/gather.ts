/** Numbers picked along an axis by index. */
import { accumulateGradient, gradientOf, record } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { requireCount } from "../runtime/options.ts";
import { requireFloat32, requireShape, resolveAxis, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { requireIndices } from "./embedding.ts";

/**
 * Along one axis the numbers that an index names: y[…, j, …] = x[…, index[…, j, …], …].
 *
 * ```ts
 * const logits = tensor([[1, 2, 3], [4, 5, 6]]);
 * gather(logits, -1, tensor(Int32Array.of(2, 0), [2, 1])); // [[3], [4]]
 * ```
 *
 * @param index int32, as many axes as x and of the same sizes but along the axis.
 * @throws {ShapeError} when shapes do not fit; {OptionError} when an index is outside the axis.
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  requireFloat32("gather x", x);
  const along = resolveAxis("gather", axis, x.shape.length);
  const n = x.shape[along] as number;
  const wanted: (number | string)[] = [...x.shape];
  wanted[along] = "n";
  requireShape("gather index", index.shape, wanted);
  requireIndices("gather index", index, n);
  const outer = sizeOf(x.shape.slice(0, along));
  const inner = sizeOf(x.shape.slice(along + 1));
  const m = index.shape[along] as number;
  const y = Tensor.inStep(index.shape);
  companion().gatherAlong(x.address, index.address, y.address, outer, n, m, inner);
  record([x], [y], () => {
    accumulateGradient(x, (dx) => companion().scatterAlong(gradientOf(y), index.address, dx, outer, n, m, inner));
  });
  return y;
}

/**
 * 1 at the place that each index names, else 0: int32 [...] → [..., count].
 *
 * ```ts
 * oneHot(tensor(Int32Array.of(2, 0)), 3); // [[0, 0, 1], [1, 0, 0]]
 * ```
 *
 * @throws {OptionError} when an index is not from 0 to count − 1.
 */
export function oneHot(index: Tensor, count: number): Tensor {
  requireCount("oneHot count", count);
  requireIndices("oneHot index", index, count);
  const { kernels } = engine();
  const y = Tensor.inStep([...index.shape, count]);
  kernels.fill(y.address, y.size, 0);
  const ones = engine().allocate(index.size);
  kernels.fill(ones, index.size, 1);
  companion().scatterAlong(ones, index.address, y.address, index.size, count, 1, 1);
  return y;
}
