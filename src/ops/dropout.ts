import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { type Generator, generator } from "../runtime/random.ts";
import { requireFloat32 } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * Inverted dropout: y = x·m/(1 − p), m = 0 with probability p and else 1. The mask is drawn again on the way back,
 * so nothing is kept.
 *
 * ```ts
 * const y = dropout(ones([1000]), 0.2); // 0 or 1.25
 * max(y); // 1.25
 * ```
 *
 * @param probability of dropping a number, from 0 to 1.
 * @param training when false, y = x.
 * @throws {OptionError} when `probability` is outside 0 … 1.
 * Source: Srivastava et al. 2014, "Dropout".
 */
export function dropout(
  x: Tensor,
  probability: number,
  training = true,
  from: Pick<Generator, "draw"> = generator,
): Tensor {
  requireProbability("dropout", probability);
  requireFloat32("dropout x", x);
  if (!training || probability === 0) return x;
  const y = Tensor.inStep(x.shape);
  const { kernels } = engine();
  const { seedLow, seedHigh, counterLow, counterHigh } = from.draw(x.size);
  const apply = (source: number, target: number): void =>
    kernels.dropout(source, target, x.size, probability, seedLow, seedHigh, counterLow, counterHigh);
  apply(x.address, y.address);
  record([x], [y], () => writeGradient(x, (dx) => apply(gradientOf(y), dx)));
  return y;
}

/** @throws {OptionError} unless `value` is from 0 to 1. */
export function requireProbability(what: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new OptionError(`${what}: expected a probability from 0 to 1, got ${value}`);
}
