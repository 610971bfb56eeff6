import { mul } from "../../ops/elementwise.ts";
import { concat } from "../../ops/layout.ts";
import { linear } from "../../ops/matmul.ts";
import { sruSequence } from "../../ops/recurrent/sru.ts";
import { OptionError } from "../../runtime/errors.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import { zeroTensor } from "./state.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface SRUOptions extends SequenceLayerOptions {
  /** What the highway's input is multiplied by (α of the paper); default 1. */
  highwayScale?: number;
  /** What the reset gate's bias starts from; negative values let more of the input pass at first. Default 0. */
  highwayBias?: number;
}

/**
 * Simple recurrent unit: x̃ = W·x_t, f = σ(W_f·x_t + v_f ⊙ c_{t-1} + b_f), c_t = f ⊙ c_{t-1} + (1 − f) ⊙ x̃,
 * r = σ(W_r·x_t + v_r ⊙ c_{t-1} + b_r), h_t = r ⊙ c_t + (1 − r) ⊙ α·x_t, the last term the highway. Where inputs are not as
 * wide as states, a product of them takes the highway: W_s·x_t in place of x_t.
 *
 * ```ts
 * const layer = new SRU({ inputSize: 128, hiddenSize: 128 });
 * const { output, state } = layer.forward(normal([5, 2, 128])); // [T, B, I]
 * output.shape; // [5, 2, 128]
 * state.shape; // [2, 128]
 * ```
 *
 * Parameters: weight [3H, I] in blocks x̃ f r, recurrent [2H] and bias [2H] in blocks f r, and weightSkip [H, I] where
 * I ≠ H. Weights start uniform in ±√(3/I), recurrent in ±√(1/H), the bias at zero, as the paper has it.
 * Source: Lei, Zhang, Wang, Dai & Artzi 2018, "Simple recurrent units for highly parallelizable recurrence",
 * arXiv:1709.02755.
 */
export class SRU extends SequenceLayer {
  readonly highwayScale: number;
  /** [3H, I] */
  readonly weight: Parameter;
  /** v, [2H] */
  readonly recurrent: Parameter;
  /** [2H] */
  readonly bias: Parameter;
  /** [H, I], where I ≠ H. */
  readonly weightSkip: Parameter | null;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: SRUOptions) {
    super("SRU", options, ["highwayScale", "highwayBias"]);
    const { highwayScale = 1, highwayBias = 0 } = options;
    for (const [name, value] of Object.entries({ highwayScale, highwayBias })) {
      if (!Number.isFinite(value)) throw new OptionError(`SRU ${name}: expected a finite number, got ${value}`);
    }
    const { inputSize, hiddenSize } = this;
    this.highwayScale = highwayScale;
    this.weight = new Parameter([3 * hiddenSize, inputSize]);
    fillUniform(this.weight, Math.sqrt(3 / inputSize));
    this.recurrent = new Parameter([2 * hiddenSize]);
    fillUniform(this.recurrent, Math.sqrt(1 / hiddenSize));
    this.bias = new Parameter([2 * hiddenSize]);
    if (highwayBias !== 0) {
      this.bias.set(Float32Array.from({ length: 2 * hiddenSize }, (_, i) => (i < hiddenSize ? 0 : highwayBias)));
    }
    this.weightSkip = inputSize === hiddenSize ? null : new Parameter([hiddenSize, inputSize]);
    if (this.weightSkip) fillUniform(this.weightSkip, Math.sqrt(3 / inputSize));
    this.addLayers((further) => new SRU({ ...options, ...further }));
  }

  protected override drives(x: Tensor): readonly Tensor[] {
    const { hiddenSize: hidden, highwayScale: scale } = this;
    const gates = linear(x, this.weight, concat([zeroTensor([hidden]), this.bias], 0));
    const passing = this.weightSkip ? linear(x, this.weightSkip) : x;
    return [gates, scale === 1 ? passing : mul(passing, scale)];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [gates, skip] = drives as [Tensor, Tensor];
    const { output, c } = sruSequence(gates, this.recurrent, skip, { c0: state?.[0] ?? null, reverse });
    return { output, state: [c] };
  }
}
