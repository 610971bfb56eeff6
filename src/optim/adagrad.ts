import { companion } from "../runtime/companion.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";

export interface AdagradOptions {
  /** Default 0.01. */
  learningRate?: number;
  /** Makes the rate of step t learningRate / (1 + (t − 1)·learningRateDecay); default 0. */
  learningRateDecay?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
  /** What the sums of squares begin with; default 0. */
  initialAccumulatorValue?: number;
  /** Added to the root of the sum; default 1e-10. */
  epsilon?: number;
}

type AdagradSettings = Required<Omit<AdagradOptions, "learningRate">>;

const rule: Rule<AdagradOptions, AdagradSettings> = {
  name: "Adagrad",
  known: ["learningRate", "learningRateDecay", "weightDecay", "initialAccumulatorValue", "epsilon"],
  learningRate: 0.01,
  settings(options) {
    const start = options.initialAccumulatorValue ?? 0;
    return {
      learningRateDecay: requireRange("Adagrad learningRateDecay", options.learningRateDecay ?? 0, 0, Number.MAX_VALUE),
      weightDecay: requireRange("Adagrad weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
      initialAccumulatorValue: requireRange("Adagrad initialAccumulatorValue", start, 0, Number.MAX_VALUE),
      epsilon: requireRange("Adagrad epsilon", options.epsilon ?? 1e-10, 0, Number.MAX_VALUE),
    };
  },
  layout: ({ initialAccumulatorValue: start }, { size }) => ({ arrays: [{ name: "sum", size, start }] }),
};

/**
 * Adagrad: s += g², p −= learningRate·g/(√s + ε). Costs 4 bytes a number.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new Adagrad([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-0.1]
 * ```
 *
 * Source: Duchi, Hazan & Singer 2011, "Adaptive subgradient methods for online learning and stochastic optimization", in the
 * form of `torch.optim.Adagrad`.
 */
export class Adagrad extends Optimizer<AdagradOptions, AdagradSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<AdagradOptions>, options: AdagradOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings }: Run<AdagradSettings>): void {
    const { learningRateDecay, epsilon, weightDecay } = settings;
    companion().adagradStep(blocks, count, learningRate / (1 + steps * learningRateDecay), epsilon, weightDecay);
  }
}
