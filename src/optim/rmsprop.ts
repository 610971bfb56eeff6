import { companion } from "../runtime/companion.ts";
import type { StateArray } from "./blocks.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";

export interface RMSpropOptions {
  /** Default 0.01. */
  learningRate?: number;
  /** Decay of the mean square of the gradient, from 0 to 1; default 0.99. */
  alpha?: number;
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
  /** Default 0. */
  momentum?: number;
  /** Divide by the deviation of the gradient, √(v − a²) with its mean a, instead of √v; default false. */
  centered?: boolean;
}

type RMSpropSettings = Required<Omit<RMSpropOptions, "learningRate">>;

const rule: Rule<RMSpropOptions, RMSpropSettings> = {
  name: "RMSprop",
  known: ["learningRate", "alpha", "epsilon", "weightDecay", "momentum", "centered"],
  learningRate: 0.01,
  settings: (options) => ({
    alpha: requireRange("RMSprop alpha", options.alpha ?? 0.99, 0, 1),
    epsilon: requireRange("RMSprop epsilon", options.epsilon ?? 1e-8, 0, Number.MAX_VALUE),
    weightDecay: requireRange("RMSprop weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
    momentum: requireRange("RMSprop momentum", options.momentum ?? 0, 0, Number.MAX_VALUE),
    centered: options.centered ?? false,
  }),
  layout: ({ momentum, centered }, { size }) => {
    const arrays: StateArray[] = [{ name: "squareAvg", size }];
    if (centered) arrays.push({ name: "gradAvg", size });
    if (momentum > 0) arrays.push({ name: "momentumBuffer", size });
    return { arrays };
  },
};

/**
 * RMSprop: v = αv + (1 − α)g², b = momentum·b + g/(√v + ε), p −= learningRate·b; centered: √(v − a²) for √v, with
 * a = αa + (1 − α)g. Costs 4 bytes a number, 4 more with momentum and 4 more centered.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new RMSprop([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-1]
 * ```
 *
 * Source: Hinton 2012, "Neural networks for machine learning", lecture 6e; centered: Graves 2013, arXiv:1308.0850,
 * section 4.2; in the form of `torch.optim.RMSprop`. Where rounding makes v − a² negative it counts as 0.
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<RMSpropOptions>, options: RMSpropOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, learningRate, settings }: Run<RMSpropSettings>): void {
    companion().rmspropStep(
      blocks,
      count,
      learningRate,
      settings.alpha,
      settings.epsilon,
      settings.weightDecay,
      settings.momentum,
      Number(settings.centered),
    );
  }
}
