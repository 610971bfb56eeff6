import { embedding } from "../ops/embedding.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { reserve } from "../stream/reserve.ts";
import type { StreamStage } from "../stream/stage.ts";
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

  override stages(): StreamStage[] {
    return [new LookupStage(this.weight)];
  }
}

/** Looks tokens up in the table where it lies. */
class LookupStage implements StreamStage {
  readonly kind = "lookup";
  readonly input: { readonly tokens: number };
  readonly outputSize: number;
  readonly fields: StreamStage["fields"];
  readonly parameters: readonly Parameter[];

  constructor(table: Parameter) {
    const [tokens, size] = table.shape as [number, number];
    this.input = { tokens };
    this.outputSize = size;
    this.parameters = [table];
    this.fields = { input: 1, size, weight: table.address, state: reserve(this, size) };
  }

  pack(): void {
    // There is no copy of the table.
  }
}
