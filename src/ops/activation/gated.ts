import { ShapeError } from "../../runtime/errors.ts";
import { formatShape, resolveAxis } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise.ts";
import { chunk } from "../pieces.ts";
import { builtIn } from "./builtIn.ts";

/**
 * Gated linear unit: the first half of an axis times the sigmoid of the second, a ⊙ σ(b). The axis, the last unless given,
 * is half as long afterwards.
 *
 * ```ts
 * glu(tensor([[3, -2, 0, Math.log(3)]])); // [[1.5, -1.5]]
 * ```
 *
 * @throws {ShapeError} when there is no such axis, or its size is odd.
 * Source: Dauphin et al. 2017, "Language modeling with gated convolutional networks".
 */
export function glu(x: Tensor, axis = -1): Tensor {
  const along = resolveAxis("glu", axis, x.shape.length);
  const size = x.shape[along] as number;
  if (size % 2 !== 0 || size === 0) {
    throw new ShapeError(`glu: expected an even size of axis ${axis}, got ${size} in ${formatShape(x.shape)}`);
  }
  const [values, gates] = chunk(x, 2, along) as [Tensor, Tensor];
  return mul(values, builtIn("sigmoid").apply(gates));
}
