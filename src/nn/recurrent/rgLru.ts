import { activations } from "../../ops/activation/maps.ts";
import { mul, neg } from "../../ops/elementwise.ts";
import { rgLruGates } from "../../ops/recurrent/rgLru.ts";
import { linearRecurrence } from "../../ops/recurrent/scan.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { uniform } from "../../tensor/create.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { naturalLogarithm } from "../init.ts";
import { Linear } from "../linear.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface RGLRUOptions extends Omit<SequenceLayerOptions, "inputSize"> {
  /** Inputs and states are of the same size, so a layer upon another cannot read two directions. */
  hiddenSize: number;
}

/** What the recurrence gate multiplies the logarithm of the decay by: c of the paper. */
const SHARPNESS = 8;

/**
 * Real-gated linear recurrent unit: r = σ(W_a·x_t + b_a), i = σ(W_x·x_t + b_x), a_t = σ(Λ)^{8r},
 * h_t = a_t ⊙ h_{t-1} + √(1 − a_t²) ⊙ i ⊙ x_t. The recurrence of Griffin's blocks.
 *
 * ```ts
 * const layer = new RGLRU({ hiddenSize: 128 });
 * const { output, state } = layer.forward(normal([5, 2, 128])); // [T, B, I]
 * output.shape; // [5, 2, 128]
 * state.shape; // [2, 128]
 * ```
 *
 * Parameters: gates.weight [2H, H] and gates.bias [2H] in blocks a x, as `Linear` starts them, and decay (Λ) [H], which
 * starts so that σ(Λ)^8 is uniform from 0.9 to 0.999.
 * Source: De, Smith, Fernando et al. 2024, "Griffin: mixing gated linear recurrences with local attention for efficient
 * language models", arXiv:2402.19427.
 */
export class RGLRU extends SequenceLayer {
  readonly gates: Linear;
  /** Λ, [H] */
  readonly decay: Parameter;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: RGLRUOptions) {
    requireKnown("RGLRU", options, ["hiddenSize", "layers", "bidirectional", "reverse", "dropout", "batchFirst"]);
    const hiddenSize = requireCount("RGLRU hiddenSize", options.hiddenSize);
    super("RGLRU", { ...options, inputSize: hiddenSize });
    if (this.bidirectional && this.layers > 1) {
      throw new OptionError(
        `RGLRU layers: expected 1 of a bidirectional one, whose output is twice as wide, got ${this.layers}`,
      );
    }
    this.gates = new Linear({ inputSize: hiddenSize, outputSize: 2 * hiddenSize });
    this.decay = new Parameter([hiddenSize]);
    const logits = Array.from(uniform([hiddenSize], { low: 0.9, high: 0.999 }).toArray(), (power) => {
      const a = Math.sqrt(Math.sqrt(Math.sqrt(power)));
      return naturalLogarithm(a / (1 - a));
    });
    this.decay.set(logits);
    this.addLayers(({ reverse }) => new RGLRU({ hiddenSize, reverse }));
  }

  protected override drives(x: Tensor): readonly Tensor[] {
    // log σ(Λ) = −softplus(−Λ)
    const rate = mul(activations.softplus(neg(this.decay)), SHARPNESS);
    const { keep, drive } = rgLruGates(this.gates.forward(x), x, rate);
    return [keep, drive];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [keep, drive] = drives as [Tensor, Tensor];
    const { output, h } = linearRecurrence(keep, drive, { h0: state?.[0] ?? null, reverse });
    return { output, state: [h] };
  }
}
