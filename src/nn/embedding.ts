import { embedding } from "../ops/embedding.ts";
import { engine } from "../runtime/engine.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import type { StreamStage } from "../stream/stream.ts";
import { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fillNormal } from "./init.ts";
import { Module } from "./module.ts";

/** A vector for each of `count` tokens. Vectors start normally distributed with standard deviation 1. */
export class Embedding extends Module {
  /** [count, size] */
  readonly weight: Parameter;

  /** @throws {OptionError} when `count` or `size` is not a whole number ≥ 1. */
  constructor(options: { count: number; size: number }) {
    super();
    requireKnown("Embedding", options, ["count", "size"]);
    const shape = [requireCount("Embedding count", options.count), requireCount("Embedding size", options.size)];
    this.weight = new Parameter(shape);
    fillNormal(this.weight, 1);
  }

  /** int32 [...] → [..., size]. @throws {OptionError} when a token is outside the table. */
  override forward(tokens: Tensor): Tensor {
    return embedding(this.weight, tokens);
  }

  /** Looks a token up where it lies; nothing is copied. */
  override stages(): StreamStage[] {
    const { weight } = this;
    const [count, size] = weight.shape as [number, number];
    return [
      {
        input: { tokens: count },
        outputSize: size,
        step: (input) => weight.address + (engine().i32[input >>> 2] as number) * size * 4,
      },
    ];
  }
}
