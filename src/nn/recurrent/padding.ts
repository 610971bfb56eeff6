/** What layers that see whole sequences do about those that are shorter. */
import { reshape } from "../../ops/layout.ts";
import { selectRows } from "../../ops/pieces.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** x [T, B, …] with zeros where sequences are over, so that padding cannot reach a weight, not even as 0 · NaN. */
export function withoutPadding(x: Tensor, lengths: ArrayLike<number>): Tensor {
  const [steps, batch, ...rest] = x.shape as [number, number, ...number[]];
  const there = Array.from({ length: steps * batch }, (_, i) => Math.floor(i / batch) < (lengths[i % batch] as number));
  return there.includes(false) ? reshape(selectRows(there, reshape(x, [steps * batch, ...rest]), null), x.shape) : x;
}
