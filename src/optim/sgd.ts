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
 * Source: Sutskever et al. 2013, in the form of `torch.optim.SGD`.
 */
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #dampening: number;
  readonly #nesterov: boolean;
  readonly #weightDecay: number;
  readonly #buffers: readonly number[] | null;
  readonly #started = new Set<number>();

  /** @throws {OptionError} when an option is out of range. */
  constructor(parameters: readonly Parameter[], options: SGDOptions) {
    super("SGD", parameters, options.learningRate);
    requireKnown("SGD", options, ["learningRate", "momentum", "dampening", "nesterov", "weightDecay"]);
    this.#momentum = requireRange("SGD momentum", options.momentum ?? 0, 0, Number.MAX_VALUE);
    this.#dampening = requireRange("SGD dampening", options.dampening ?? 0, 0, 1);
    this.#weightDecay = requireRange("SGD weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE);
    this.#nesterov = options.nesterov ?? false;
    if (this.#nesterov && (this.#momentum === 0 || this.#dampening !== 0)) {
      throw new OptionError("SGD nesterov: expected a momentum above 0 and no dampening");
    }
    this.#buffers = this.#momentum > 0 ? this.reserveState() : null;
  }

  protected override update(parameter: Parameter, index: number): void {
    const { address, gradientAddress, size } = parameter;
    const first = !this.#started.has(index);
    this.#started.add(index);
    engine().kernels.sgdStep(
      address,
      gradientAddress,
      this.#buffers?.[index] ?? 0,
      size,
      this.learningRate,
      this.#momentum,
      this.#dampening,
      this.#weightDecay,
      Number(this.#nesterov),
      Number(first),
    );
  }
}
