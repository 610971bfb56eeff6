import { companion } from "../runtime/companion.ts";
import { momentSettings } from "./adam.ts";
import type { Learnable } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";

export interface LionOptions {
  /** A third to a tenth of what Adam would be given; default 0.0001. */
  learningRate?: number;
  /** The mean's part in the direction, and its decay; default [0.9, 0.99]. */
  betas?: readonly [number, number];
  /** Taken from the parameter itself; three to ten times what AdamW would be given; default 0. */
  weightDecay?: number;
}

interface LionSettings {
  readonly betas: readonly [number, number];
  readonly weightDecay: number;
}

const rule: Rule<LionOptions, LionSettings> = {
  name: "Lion",
  known: ["learningRate", "betas", "weightDecay"],
  learningRate: 1e-4,
  settings: (options) => momentSettings("Lion", { ...options, betas: options.betas ?? [0.9, 0.99] }),
  layout: (_, { size }) => ({ arrays: [{ name: "expAvg", size }] }),
};

/**
 * Lion, every number moved by the same amount: p −= learningRate·(sign(β₁m + (1 − β₁)g) + weightDecay·p), then
 * m = β₂m + (1 − β₂)g. Costs 4 bytes a number.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new Lion([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-0.1]
 * ```
 *
 * Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms", arXiv:2302.06675, algorithm 2.
 */
export class Lion extends Optimizer<LionOptions, LionSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<LionOptions>, options: LionOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, learningRate, settings }: Run<LionSettings>): void {
    const { betas, weightDecay } = settings;
    companion().lionStep(blocks, count, learningRate, betas[0], betas[1], weightDecay);
  }
}
