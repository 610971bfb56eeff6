import { companion } from "../runtime/companion.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";

export interface AdadeltaOptions {
  /** Default 1. */
  learningRate?: number;
  /** Decay of the mean squares, from 0 to 1; default 0.9. */
  rho?: number;
  /** Added to the mean squares before their roots are taken; default 1e-6. */
  epsilon?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
}

type AdadeltaSettings = Required<Omit<AdadeltaOptions, "learningRate">>;

const rule: Rule<AdadeltaOptions, AdadeltaSettings> = {
  name: "Adadelta",
  known: ["learningRate", "rho", "epsilon", "weightDecay"],
  learningRate: 1,
  settings: (options) => ({
    rho: requireRange("Adadelta rho", options.rho ?? 0.9, 0, 1),
    epsilon: requireRange("Adadelta epsilon", options.epsilon ?? 1e-6, 0, Number.MAX_VALUE),
    weightDecay: requireRange("Adadelta weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
  }),
  layout: (_, { size }) => ({
    arrays: [
      { name: "squareAvg", size },
      { name: "accDelta", size },
    ],
  }),
};

/**
 * Adadelta: v = ρv + (1 − ρ)g², u = √(d + ε)/√(v + ε)·g, d = ρd + (1 − ρ)u², p −= learningRate·u. Costs 8 bytes a number.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new Adadelta([weight], { learningRate: 0.1 });
 * sum(mul(weight, 4)).backward();
 * optimizer.step();
 * weight; // [-0.000316228]
 * ```
 *
 * Source: Zeiler 2012, arXiv:1212.5701, algorithm 1, in the form of `torch.optim.Adadelta`.
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, learningRate, settings }: Run<AdadeltaSettings>): void {
    const { rho, epsilon, weightDecay } = settings;
    companion().adadeltaStep(blocks, count, learningRate, rho, epsilon, weightDecay);
  }
}
