import { activations } from "../../ops/activation.ts";
import { mul, neg } from "../../ops/elementwise.ts";
import { rgLruGates } from "../../ops/recurrent/rgLru.ts";
import { linearRecurrence } from "../../ops/recurrent/scan.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { uniform } from "../../tensor/create.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { naturalLogarithm } from "../init.ts";
import { Linear } from "../linear.ts";
import type { RecurrentResult } from "./layer.ts";
import { SequenceLayer } from "./sequence.ts";

export interface RGLRUOptions {
  /** Inputs and states are of the same size. */
  hiddenSize: number;
  /** Sequences are [B, T, H] instead of [T, B, H]; default false. */
  batchFirst?: boolean;
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
    requireKnown("RGLRU", options, ["hiddenSize", "batchFirst"]);
    const hiddenSize = requireCount("RGLRU hiddenSize", options.hiddenSize);
    super("RGLRU", { ...options, inputSize: hiddenSize });
    this.gates = new Linear({ inputSize: hiddenSize, outputSize: 2 * hiddenSize });
    this.decay = new Parameter([hiddenSize]);
    const logits = Array.from(uniform([hiddenSize], { low: 0.9, high: 0.999 }).toArray(), (power) => {
      const a = Math.sqrt(Math.sqrt(Math.sqrt(power)));
      return naturalLogarithm(a / (1 - a));
    });
    this.decay.set(logits);
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, H], or [B, T, H] with `batchFirst`.
   * @param state h [B, H]; zeros when omitted.
   * @returns output [T, B, H] (or [B, T, H]) and the last h [B, H].
   * @throws {ShapeError} when a shape does not fit.
   */
  override forward(x: Tensor, state?: Tensor): RecurrentResult<Tensor> {
    const at = this.timeMajor(x);
    const h0 = this.statePart("state", state, [at.shape[1] as number, this.hiddenSize]);
    // log σ(Λ) = −softplus(−Λ)
    const rate = mul(activations.softplus(neg(this.decay)), SHARPNESS);
    const { keep, drive } = rgLruGates(this.gates.forward(at), at, rate);
    const { output, h } = linearRecurrence(keep, drive, { h0 });
    return { output: this.asGiven(output), state: h };
  }
}
