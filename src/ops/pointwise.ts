/** Functions of every number of a tensor by itself. */

import type { Tensor } from "../tensor/tensor.ts";
import { activations } from "./activation.ts";
import { mul } from "./elementwise.ts";

/** e^x, ≤ 1.1 ulp. @throws {ShapeError} when x is not float32. */
export function exp(x: Tensor): Tensor {
  return activations.exponential(x);
}

/** x², correctly rounded. @throws {ShapeError} when x is not float32. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}
