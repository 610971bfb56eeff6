import { giveGradient, gradientOf, needsGradient, record } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { formatShape, requireFloat32, sameShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type Reduction, reduced, requireReduction } from "./reduction.ts";

/** A mixture of K Gaussians with diagonal covariance in D dimensions, one for each place of the leading axes. */
export interface MixtureParameters {
  /** [..., K]; their softmax is how much each Gaussian weighs. */
  logits: Tensor;
  /** [..., K, D] */
  means: Tensor;
  /** [..., K, D]; logarithms of the standard deviations. */
  logScales: Tensor;
}

function checkMixture({ logits, means, logScales }: MixtureParameters, target: Tensor): { k: number; d: number } {
  const what = "mixtureDensityLoss";
  for (const [name, value] of Object.entries({ logits, means, logScales, target })) {
    if (!(value instanceof Tensor)) throw new ShapeError(`${what} ${name}: expected a tensor, got ${typeof value}`);
    requireFloat32(`${what} ${name}`, value);
  }
  const leading = target.shape.slice(0, -1);
  const [k, d] = [logits.shape.at(-1) ?? 0, target.shape.at(-1) ?? 0];
  const fits =
    k > 0 &&
    d > 0 &&
    sameShape(logits.shape, [...leading, k]) &&
    sameShape(means.shape, [...leading, k, d]) &&
    sameShape(logScales.shape, means.shape);
  if (!fits) {
    const shapes = [logits, means, logScales].map(({ shape }) => formatShape(shape)).join(", ");
    throw new ShapeError(
      `${what}: expected logits [..., K], means and logScales [..., K, D] and target [..., D], got ${shapes} and ${formatShape(target.shape)}`,
    );
  }
  return { k, d };
}

/**
 * Mixture density network (Bishop 1994): −log Σ_k softmax(logits)_k·Π_d N(target_d; means_kd, exp(logScales_kd)), for
 * networks that answer with a distribution. No density is too small: sums are taken of logarithms, in float64.
 *
 * ```ts
 * const parameters = { logits: zeros([1, 2]), means: zeros([1, 2, 3]), logScales: zeros([1, 2, 3]) };
 * mixtureDensityLoss(parameters, zeros([1, 3])); // 3 * Math.log(2 * Math.PI) / 2
 * ```
 *
 * @param target [..., D]
 * @returns a single number, or [...] with reduction "none".
 * @throws {ShapeError} when shapes do not meet, or K or D is 0.
 * Saves nothing for the way back, which takes the densities again.
 */
export function mixtureDensityLoss(
  parameters: MixtureParameters,
  target: Tensor,
  options: { reduction?: Reduction } = {},
): Tensor {
  requireKnown("mixtureDensityLoss", options, ["reduction"]);
  requireKnown("mixtureDensityLoss parameters", parameters, ["logits", "means", "logScales"]);
  const { reduction = "mean" } = options;
  requireReduction("mixtureDensityLoss", reduction);
  const { k, d } = checkMixture(parameters, target);
  const { logits, means, logScales } = parameters;
  const losses = Tensor.inStep(target.shape.slice(0, -1));
  const inputs = [logits, means, logScales, target];
  // A place for two numbers of four bytes for each of float64.
  const workspace = engine().allocate(2 * (k + d));
  const [x, mu, s, y] = inputs.map(({ address }) => address) as [number, number, number, number];
  companion().mixtureDensity(x, mu, s, y, losses.address, losses.size, k, d, workspace);
  if (needsGradient(inputs)) {
    record(inputs, [losses], () => {
      const e = engine();
      const from = inputs.map(({ address }) => address) as [number, number, number, number];
      const to = inputs.map(({ size }) => e.allocate(size)) as [number, number, number, number];
      const room = e.allocate(2 * (k + d));
      companion().mixtureDensityBackward(...from, gradientOf(losses), ...to, losses.size, k, d, room);
      inputs.forEach((input, i) => {
        giveGradient(input, to[i] as number);
      });
    });
  }
  return reduced(losses, reduction);
}
