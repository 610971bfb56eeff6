import { linear } from "../ops/matmul.ts";
import { copy } from "../ops/strided.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { formatFields, type WeightFormat } from "../stream/format.ts";
import { PackedRows } from "../stream/packedRows.ts";
import { reserve } from "../stream/reserve.ts";
import type { KernelStage, StreamStage } from "../stream/stage.ts";
import { Parameter } from "../tensor/parameter.ts";
import { requireShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fillUniform } from "./fill.ts";
import { Module } from "./module.ts";

export interface LinearOptions {
  inputSize: number;
  outputSize: number;
  /** Default true. */
  bias?: boolean;
  /** A parameter [outputSize, inputSize] to share, such as an embedding's table, instead of one of its own. */
  weight?: Parameter;
}

/**
 * y = x·Wᵀ + b over the last axis. Parameters start uniform in ±1/√inputSize.
 *
 * ```ts
 * const layer = new Linear({ inputSize: 64, outputSize: 10 });
 * layer.forward(normal([5, 2, 64])).shape; // [5, 2, 10]
 * ```
 */
export class Linear extends Module {
  /** [outputSize, inputSize] */
  readonly weight: Parameter;
  /** [outputSize] */
  readonly bias: Parameter | null;

  /**
   * @throws {OptionError} when a size is not a whole number ≥ 1, or `weight` is no parameter; {ShapeError} when it is not
   *   [outputSize, inputSize].
   */
  constructor(options: LinearOptions) {
    super();
    requireKnown("Linear", options, ["inputSize", "outputSize", "bias", "weight"]);
    const inputSize = requireCount("Linear inputSize", options.inputSize);
    const outputSize = requireCount("Linear outputSize", options.outputSize);
    const bound = 1 / Math.sqrt(inputSize);
    if (options.weight === undefined) {
      this.weight = new Parameter([outputSize, inputSize]);
      fillUniform(this.weight, bound);
    } else {
      if (!(options.weight instanceof Parameter)) {
        throw new OptionError(`Linear weight: expected a Parameter, got ${typeof options.weight}`);
      }
      requireShape("Linear weight", options.weight.shape, [outputSize, inputSize]);
      this.weight = options.weight;
    }
    this.bias = (options.bias ?? true) ? new Parameter([outputSize]) : null;
    if (this.bias) fillUniform(this.bias, bound);
  }

  /** [..., inputSize] → [..., outputSize]. @throws {ShapeError} when the last axis is not inputSize. */
  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  override stages(weights: WeightFormat = "float32"): StreamStage[] {
    return [new LinearStage(this.weight, this.bias, weights)];
  }
}

class LinearStage implements KernelStage {
  readonly kind = "linear";
  readonly input: { readonly size: number };
  readonly outputSize: number;
  readonly fields: KernelStage["fields"];
  readonly parameters: readonly Parameter[];
  readonly #rows: PackedRows;
  readonly #bias: Parameter | null;

  constructor(weight: Parameter, bias: Parameter | null, format: WeightFormat) {
    const [outputSize, inputSize] = weight.shape as [number, number];
    this.input = { size: inputSize };
    this.outputSize = outputSize;
    this.parameters = bias ? [weight, bias] : [weight];
    this.#rows = new PackedRows(weight, format);
    this.#bias = bias;
    const state = reserve(this, 2 * outputSize);
    const start = state + outputSize * 4;
    const given = formatFields(this, format);
    this.fields = { ...given, input: inputSize, size: outputSize, weight: this.#rows.address, bias: start, state };
  }

  pack(): void {
    this.#rows.pack();
    if (this.#bias) copy(this.#bias.address, this.fields.bias as number, this.outputSize);
  }
}
