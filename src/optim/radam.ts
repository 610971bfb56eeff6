import { companion } from "../runtime/companion.ts";
import { type MomentSettings, momentArrays, momentSettings } from "./adam.ts";
import type { Learnable } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";
import { power } from "./power.ts";

export interface RAdamOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** Decay of the means of the gradient and of its square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
}

const rule: Rule<RAdamOptions, MomentSettings> = {
  name: "RAdam",
  known: ["learningRate", "betas", "epsilon", "weightDecay"],
  learningRate: 1e-3,
  settings: (options) => momentSettings("RAdam", options),
  layout: (_, parameter) => ({ arrays: momentArrays(parameter) }),
};

/** The length up to which the variance of the adaptive rate is taken to be too large to go by. */
const SHORTEST = 5;

/**
 * Rectified Adam: with m̂ and v as Adam's, ρ_∞ = 2/(1 − β₂) − 1 and ρ_t = ρ_∞ − 2t·β₂ᵗ/(1 − β₂ᵗ),
 * p −= learningRate·m̂·r·√(1 − β₂ᵗ)/(√v + ε) with r² = (ρ_t − 4)(ρ_t − 2)ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2)ρ_t) where ρ_t > 5, and
 * p −= learningRate·m̂ before. Costs 8 bytes a number.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new RAdam([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-0.4]
 * ```
 *
 * Source: Liu et al. 2019, arXiv:1908.03265, algorithm 2, in the form of `torch.optim.RAdam`.
 */
export class RAdam extends Optimizer<RAdamOptions, MomentSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<RAdamOptions>, options: RAdamOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings }: Run<MomentSettings>): void {
    const { betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    const step = steps + 1;
    const decayed = power(beta2, step);
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * step * decayed) / (1 - decayed);
    const adaptive = length > SHORTEST;
    const rectified = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
    const factor = adaptive ? Math.sqrt(rectified * (1 - decayed)) : 1;
    const rate = (learningRate * factor) / (1 - power(beta1, step));
    companion().momentsStep(blocks, count, 0, rate, beta1, beta2, epsilon, weightDecay, 1, Number(adaptive));
  }
}
