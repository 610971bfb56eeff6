/** GRU and LSTM without the state in their gates, so that all products come before the recurrence. */
import { activations } from "../../ops/activation/maps.ts";
import { add, mul, neg, sub } from "../../ops/elementwise.ts";
import { chunk } from "../../ops/pieces.ts";
import { linearRecurrence } from "../../ops/recurrent/scan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface MinimalOptions extends SequenceLayerOptions {
  /** Default true. */
  bias?: boolean;
  /** The candidate is g(x) = x + ½ above 0 and σ(x) below, which is never negative, as the paper has it in logarithms; default false. */
  positive?: boolean;
}

/** What MinGRU and MinLSTM share. */
abstract class Minimal extends SequenceLayer {
  readonly positive: boolean;
  /** [gates·H, I] and [gates·H]. */
  readonly gates: Linear;

  protected constructor(name: string, options: MinimalOptions, gates: number) {
    super(name, options, ["bias", "positive"]);
    this.positive = options.positive ?? false;
    const { inputSize, hiddenSize } = this;
    this.gates = new Linear({ inputSize, outputSize: gates * hiddenSize, bias: options.bias ?? true });
  }

  /** How much of the state stays and what comes in, each [T, B, H], of the gates' products. */
  protected abstract parts(products: Tensor): [keep: Tensor, drive: Tensor];

  protected candidate(x: Tensor): Tensor {
    if (!this.positive) return x;
    const above = activations.relu(x);
    return add(above, activations.sigmoid(sub(x, above)));
  }

  protected override drives(x: Tensor): readonly Tensor[] {
    return this.parts(this.gates.forward(x));
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [keep, drive] = drives as [Tensor, Tensor];
    const { output, h } = linearRecurrence(keep, drive, { h0: state?.[0] ?? null, reverse });
    return { output, state: [h] };
  }
}

/**
 * Minimal gated recurrent unit: h_t = (1 − z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t, z_t = σ(W_z·x_t + b_z), h̃_t = W_h·x_t + b_h.
 *
 * ```ts
 * const layer = new MinGRU({ inputSize: 64, hiddenSize: 128 });
 * const { output, state } = layer.forward(normal([5, 2, 64])); // [T, B, I]
 * output.shape; // [5, 2, 128]
 * state.shape; // [2, 128]
 *
 * const deep = new MinGRU({ inputSize: 64, hiddenSize: 128, layers: 2, bidirectional: true });
 * const several = deep.forward(normal([30, 3, 64]), undefined, { lengths: [12, 7, 30] });
 * several.output.shape; // [30, 3, 256]
 * several.state.shape; // [4, 3, 128]
 * ```
 *
 * Parameters: gates.weight [2H, I] and gates.bias [2H] in blocks z h, as `Linear` starts them; of further layers and
 * directions `l0_reverse.gates.weight`, `l1.gates.weight` and so on.
 * Source: Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?", arXiv:2410.01201.
 */
export class MinGRU extends Minimal {
  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: MinimalOptions) {
    super("MinGRU", options, 2);
    this.addLayers((further) => new MinGRU({ ...options, ...further }));
  }

  protected override parts(products: Tensor): [keep: Tensor, drive: Tensor] {
    const [update, candidate] = chunk(products, 2, 2) as [Tensor, Tensor];
    const z = activations.sigmoid(update);
    return [sub(1, z), mul(z, this.candidate(candidate))];
  }
}

/**
 * Minimal LSTM: h_t = f′_t ⊙ h_{t-1} + i′_t ⊙ h̃_t with f′ = f/(f + i), i′ = i/(f + i), f = σ(W_f·x_t + b_f),
 * i = σ(W_i·x_t + b_i), h̃_t = W_h·x_t + b_h.
 *
 * ```ts
 * new MinLSTM({ inputSize: 64, hiddenSize: 128 }).forward(normal([5, 2, 64])).output.shape; // [5, 2, 128]
 * ```
 *
 * Parameters: gates.weight [3H, I] and gates.bias [3H] in blocks f i h, as `Linear` starts them.
 * Source: Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, arXiv:2410.01201.
 */
export class MinLSTM extends Minimal {
  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: MinimalOptions) {
    super("MinLSTM", options, 3);
    this.addLayers((further) => new MinLSTM({ ...options, ...further }));
  }

  protected override parts(products: Tensor): [keep: Tensor, drive: Tensor] {
    const [forget, input, candidate] = chunk(products, 3, 2) as [Tensor, Tensor, Tensor];
    // f/(f + i) = σ(log f − log i), which has a value also where f and i have underflowed.
    const logarithms = sub(activations.softplus(neg(input)), activations.softplus(neg(forget)));
    const keep = activations.sigmoid(logarithms);
    return [keep, mul(activations.sigmoid(neg(logarithms)), this.candidate(candidate))];
  }
}
