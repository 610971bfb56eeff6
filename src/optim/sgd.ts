import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { Optimizer, requireRange } from "./optimizer.ts";

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
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #dampening: number;
  readonly #nesterov: boolean;
  readonly #weightDecay: number;

  /** @throws {OptionError} when an option is out of range. */
  constructor(parameters: readonly Parameter[], options: SGDOptions) {
    super("SGD", parameters, options.learningRate, options.momentum ? 1 : 0);
    requireKnown("SGD", options, ["learningRate", "momentum", "dampening", "nesterov", "weightDecay"]);
    this.#momentum = requireRange("SGD momentum", options.momentum ?? 0, 0, Number.MAX_VALUE);
    this.#dampening = requireRange("SGD dampening", options.dampening ?? 0, 0, 1);
    this.#weightDecay = requireRange("SGD weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE);
    this.#nesterov = options.nesterov ?? false;
    if (this.#nesterov && (this.#momentum === 0 || this.#dampening !== 0)) {
      throw new OptionError("SGD nesterov: expected a momentum above 0 and no dampening");
    }
  }

  protected override update(blocks: number, count: number, steps: number): void {
    engine().kernels.sgdStep(
      blocks,
      count,
      this.learningRate,
      this.#momentum,
      this.#dampening,
      this.#weightDecay,
      Number(this.#nesterov),
      Number(steps === 0),
    );
  }
}
