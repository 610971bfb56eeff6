import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";

export interface SGDOptions {
  learningRate: number;
  /** Default 0. */
  momentum?: number;
  /** Default 0. */
  dampening?: number;
  /** Default false; needs momentum and no dampening. */
  nesterov?: boolean;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
}

type SGDSettings = Required<Omit<SGDOptions, "learningRate">>;

const rule: Rule<SGDOptions, SGDSettings> = {
  name: "SGD",
  known: ["learningRate", "momentum", "dampening", "nesterov", "weightDecay"],
  settings(options) {
    const settings = {
      momentum: requireRange("SGD momentum", options.momentum ?? 0, 0, Number.MAX_VALUE),
      dampening: requireRange("SGD dampening", options.dampening ?? 0, 0, 1),
      weightDecay: requireRange("SGD weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
      nesterov: options.nesterov ?? false,
    };
    if (settings.nesterov && (settings.momentum === 0 || settings.dampening !== 0)) {
      throw new OptionError("SGD nesterov: expected a momentum above 0 and no dampening");
    }
    return settings;
  },
  layout: ({ momentum }, { size }) => ({ arrays: momentum > 0 ? [{ name: "momentumBuffer", size }] : [] }),
};

/**
 * Stochastic gradient descent: g += weightDecay·p; m = momentum·m + (1 − dampening)·g (the first m is g);
 * p −= learningRate·m, or learningRate·(g + momentum·m) with Nesterov. Costs 4 bytes a number with momentum.
 *
 * ```ts
 * const layer = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new SGD(layer.parameters(), { learningRate: 0.05, momentum: 0.9 });
 * for (let i = 0; i < 300; i++) {
 *   optimizer.zeroGrad();
 *   mseLoss(layer.forward(tensor([[1], [2]])), tensor([[5], [7]])).backward();
 *   optimizer.step();
 * }
 * Math.round(layer.forward(tensor([[3]])).item()); // 9
 * ```
 *
 * Source: Sutskever et al. 2013, in the form of `torch.optim.SGD`.
 */
export class SGD extends Optimizer<SGDOptions, SGDSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<SGDOptions>, options: SGDOptions) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings }: Run<SGDSettings>): void {
    engine().kernels.sgdStep(
      blocks,
      count,
      learningRate,
      settings.momentum,
      settings.dampening,
      settings.weightDecay,
      Number(settings.nesterov),
      Number(steps === 0),
    );
  }
}
