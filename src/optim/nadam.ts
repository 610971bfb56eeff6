import { companion } from "../runtime/companion.ts";
import { type MomentSettings, momentArrays, momentSettings } from "./adam.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";
import { power, realPower } from "./power.ts";

export interface NAdamOptions {
  /** Default 0.002. */
  learningRate?: number;
  /** Decay of the means of the gradient and of its square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
  /** ψ of the momentum's schedule; default 0.004. */
  momentumDecay?: number;
}

interface NAdamSettings extends MomentSettings {
  readonly momentumDecay: number;
}

const rule: Rule<NAdamOptions, NAdamSettings> = {
  name: "NAdam",
  known: ["learningRate", "betas", "epsilon", "weightDecay", "momentumDecay"],
  learningRate: 2e-3,
  settings: (options) => ({
    ...momentSettings("NAdam", options),
    momentumDecay: requireRange("NAdam momentumDecay", options.momentumDecay ?? 4e-3, 0, Number.MAX_VALUE),
  }),
  layout: (_, parameter) => ({ arrays: momentArrays(parameter) }),
  scalars: () => ({ muProduct: 1 }),
};

/**
 * Adam with Nesterov's momentum: with m and v as Adam's, μ_t = β₁(1 − ½·0.96^(tψ)) and M_t = μ_1·…·μ_t,
 * p −= learningRate·((1 − μ_t)/(1 − M_t)·g + μ_(t+1)/(1 − M_(t+1))·m)/(√v̂ + ε). Costs 8 bytes a number.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new NAdam([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-0.1056452]
 * ```
 *
 * Source: Dozat 2016, "Incorporating Nesterov momentum into Adam", in the form of `torch.optim.NAdam`.
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<NAdamOptions>, options: NAdamOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings, scalars }: Run<NAdamSettings>): void {
    const { betas, epsilon, weightDecay, momentumDecay } = settings;
    const [beta1, beta2] = betas;
    const mu = (step: number): number => beta1 * (1 - 0.5 * realPower(0.96, step * momentumDecay));
    const [present, next] = [mu(steps + 1), mu(steps + 2)];
    const product = (scalars.muProduct as number) * present;
    scalars.muProduct = product;
    companion().momentsStep(
      blocks,
      count,
      (learningRate * (1 - present)) / (1 - product),
      (learningRate * next) / (1 - product * next),
      beta1,
      beta2,
      epsilon,
      weightDecay,
      1 / Math.sqrt(1 - power(beta2, steps + 1)),
      1,
    );
  }
}
