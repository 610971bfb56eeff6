import { dropout, requireProbability } from "../ops/dropout.ts";
import { requireKnown } from "../runtime/options.ts";
import type { StreamStage } from "../stream/stage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * While training, drops each number with a probability and scales the rest by 1/(1 − p); otherwise does nothing.
 *
 * ```ts
 * const drop = new Dropout({ probability: 0.5 });
 * max(drop.forward(ones([1000]))); // 2
 * drop.eval().forward(ones([2])); // [1, 1]
 * ```
 */
export class Dropout extends Module {
  readonly probability: number;

  /** @throws {OptionError} when `probability` (default 0.5) is outside 0 … 1. */
  constructor(options: { probability?: number } = {}) {
    super();
    requireKnown("Dropout", options, ["probability"]);
    this.probability = options.probability ?? 0.5;
    requireProbability("Dropout", this.probability);
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, this.probability, this.training);
  }

  /** A stream is inference: nothing is dropped. */
  override stages(): StreamStage[] {
    return [];
  }
}
