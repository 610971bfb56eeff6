import { OptionError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { type Generator, generator } from "../../runtime/random.ts";
import { uniform } from "../../tensor/create.ts";
import { requireFloat32 } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { greater, where } from "../comparison.ts";
import { mul } from "../elementwise.ts";
import { builtIn } from "./builtIn.ts";

/** Options of `rrelu`. */
export interface RandomizedReluOptions {
  /** The least slope below 0; default 1/8. */
  lower?: number;
  /** The largest; default 1/3. */
  upper?: number;
  /** Draw a slope for each number; otherwise all have the mean of both bounds; default true. */
  training?: boolean;
  /** Where slopes are drawn from; default: the generator behind `seed`. */
  from?: Generator;
}

/**
 * Randomized leaky ReLU: x above 0, a·x below, a drawn evenly from [lower, upper) for each number while training.
 *
 * ```ts
 * rrelu(tensor([-12, 3]), { training: false }); // [-2.75, 3]
 * const y = rrelu(tensor([-1, -1, -1]), { lower: 0.1, upper: 0.2 });
 * max(y).item() <= -0.1 && min(y).item() >= -0.2; // true
 * ```
 *
 * @throws {OptionError} when a bound is not finite, or the lower is larger than the upper.
 * Source: Xu et al. 2015, "Empirical evaluation of rectified activations in convolutional network".
 */
export function rrelu(x: Tensor, options: RandomizedReluOptions = {}): Tensor {
  requireKnown("rrelu", options, ["lower", "upper", "training", "from"]);
  requireFloat32("rrelu x", x);
  const { lower = 1 / 8, upper = 1 / 3, training = true, from = generator } = options;
  if (!(Number.isFinite(lower) && Number.isFinite(upper) && lower <= upper)) {
    throw new OptionError(`rrelu: expected finite bounds with lower ≤ upper, got ${lower} and ${upper}`);
  }
  if (!training) return builtIn("leakyRelu", { negativeSlope: (lower + upper) / 2 }).apply(x);
  return where(greater(x, 0), x, mul(uniform(x.shape, { low: lower, high: upper, from }), x));
}
