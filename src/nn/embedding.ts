import { embedding, requirePaddingIndex } from "../ops/embedding.ts";
import { engine } from "../runtime/engine.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { reserve } from "../stream/reserve.ts";
import type { KernelStage, StreamStage } from "../stream/stage.ts";
import { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fillNormal } from "./fill.ts";
import { Module } from "./module.ts";

export interface EmbeddingOptions {
  /** How many tokens there are. */
  count: number;
  /** How long each vector is. */
  size: number;
  /** The token that means nothing: its vector starts as zeros, and looking it up sends no gradient to it. */
  paddingIndex?: number;
  /** Do not learn the table: its `requiresGrad` is false; default false. */
  freeze?: boolean;
}

/**
 * A vector for each of `count` tokens. Vectors start normally distributed with standard deviation 1.
 *
 * ```ts
 * const embed = new Embedding({ count: 1000, size: 64, paddingIndex: 0 });
 * const head = new Linear({ inputSize: 64, outputSize: 1000, weight: embed.weight }); // the same table, tied
 * const x = embed.forward(tensor(Int32Array.of(7, 42, 0), [3, 1])); // tokens [T, B]
 * x.shape; // [3, 1, 64]
 * head.forward(x).shape; // [3, 1, 1000]
 * ```
 */
export class Embedding extends Module {
  /** [count, size] */
  readonly weight: Parameter;
  readonly paddingIndex: number | null;

  /** @throws {OptionError} when `count` or `size` is not a whole number ≥ 1, or `paddingIndex` is outside the table. */
  constructor(options: EmbeddingOptions) {
    super();
    requireKnown("Embedding", options, ["count", "size", "paddingIndex", "freeze"]);
    const shape = [requireCount("Embedding count", options.count), requireCount("Embedding size", options.size)];
    this.paddingIndex = options.paddingIndex ?? null;
    if (this.paddingIndex !== null) requirePaddingIndex("Embedding", this.paddingIndex, options.count);
    this.weight = new Parameter(shape);
    fillNormal(this.weight, 1);
    if (this.paddingIndex !== null) {
      engine().kernels.fill(this.weight.address + this.paddingIndex * options.size * 4, options.size, 0);
    }
    this.weight.requiresGrad = !(options.freeze ?? false);
  }

  /** int32 [...] → [..., size]. @throws {OptionError} when a token is outside the table. */
  override forward(tokens: Tensor): Tensor {
    return embedding(this.weight, tokens, this.paddingIndex === null ? {} : { paddingIndex: this.paddingIndex });
  }

  override stages(): StreamStage[] {
    return [new LookupStage(this.weight)];
  }
}

/** Looks tokens up in the table where it lies. */
class LookupStage implements KernelStage {
  readonly kind = "lookup";
  readonly input: { readonly tokens: number };
  readonly outputSize: number;
  readonly fields: KernelStage["fields"];
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
