import { activations } from "../../ops/activation.ts";
import { mul, sub } from "../../ops/elementwise.ts";
import { concat, slice } from "../../ops/layout.ts";
import { chunk } from "../../ops/pieces.ts";
import { linearRecurrence } from "../../ops/recurrent/scan.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount } from "../../runtime/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import type { RecurrentResult } from "./layer.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import { zeroTensor } from "./state.ts";

const poolings = { f: 2, fo: 3, ifo: 4 } as const;

export interface QRNNOptions extends SequenceLayerOptions {
  /** How many steps, this one and those before it, the convolution sees; default 2. */
  window?: number;
  /** Which gates there are: forget, output, input; default "fo". */
  pooling?: keyof typeof poolings;
  /** Default true. */
  bias?: boolean;
}

/** What a QRNN carries from step to step. */
export interface QRNNState {
  /** [B, H] */
  readonly c: Tensor;
  /** The last inputs, [window − 1, B, I], which the convolution still sees. */
  readonly inputs: Tensor;
}

/**
 * Quasi-recurrent network: a convolution over time that sees no future, then a recurrence without products.
 * z = tanh, f o i = σ of W·[x_{t-k+1} … x_t] + b, and
 *
 * - "f"   h_t = f ⊙ h_{t-1} + (1 − f) ⊙ z
 * - "fo"  c_t = f ⊙ c_{t-1} + (1 − f) ⊙ z, h_t = o ⊙ c_t
 * - "ifo" c_t = f ⊙ c_{t-1} + i ⊙ z, h_t = o ⊙ c_t
 *
 * ```ts
 * const layer = new QRNN({ inputSize: 64, hiddenSize: 128, window: 3 });
 * const { output, state } = layer.forward(normal([5, 4, 64])); // [T, B, I]
 * output.shape; // [5, 4, 128]
 * state.inputs.shape; // [2, 4, 64]
 * ```
 *
 * Parameters: convolution.weight [G·H, window·I], blocks z f o i and in each row the oldest input first, and
 * convolution.bias [G·H]; they start as those of `Linear`.
 * Source: Bradbury, Merity, Xiong & Socher 2016, "Quasi-recurrent neural networks", arXiv:1611.01576.
 */
export class QRNN extends SequenceLayer {
  readonly window: number;
  readonly pooling: keyof typeof poolings;
  readonly convolution: Linear;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: QRNNOptions) {
    super("QRNN", options, ["window", "pooling", "bias"]);
    this.window = requireCount("QRNN window", options.window ?? 2);
    this.pooling = options.pooling ?? "fo";
    if (!Object.hasOwn(poolings, this.pooling)) {
      throw new OptionError(`QRNN pooling: expected "f", "fo" or "ifo", got ${JSON.stringify(this.pooling)}`);
    }
    this.convolution = new Linear({
      inputSize: this.window * this.inputSize,
      outputSize: poolings[this.pooling] * this.hiddenSize,
      bias: options.bias ?? true,
    });
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state { c, inputs }, both time first; zeros when omitted.
   * @returns output [T, B, H] (or [B, T, H]) and the last state.
   * @throws {ShapeError} when a shape does not fit.
   */
  override forward(x: Tensor, state?: QRNNState): RecurrentResult<QRNNState> {
    const at = this.timeMajor(x);
    const [steps, batch] = at.shape as [number, number];
    const { inputSize, hiddenSize, window } = this;
    const h0 = this.statePart("state.c", state && (state.c ?? null), [batch, hiddenSize]);
    const past = [window - 1, batch, inputSize];
    const before = this.statePart("state.inputs", state && (state.inputs ?? null), past) ?? zeroTensor(past);
    const all = window === 1 ? at : concat([before, at], 0);
    const shifted = Array.from({ length: window }, (_, k) => slice(all, 0, k, k + steps));
    const products = this.convolution.forward(window === 1 ? at : concat(shifted, 2));
    const { output, c } = this.#pool(products, h0);
    const inputs = window === 1 ? zeroTensor(past) : slice(all, 0, steps, steps + window - 1);
    return { output: this.asGiven(output), state: { c, inputs } };
  }

  #pool(products: Tensor, h0: Tensor | null): { output: Tensor; c: Tensor } {
    const [candidate, forget, out, input] = chunk(products, poolings[this.pooling], 2) as [Tensor, Tensor, ...Tensor[]];
    const f = activations.sigmoid(forget);
    const i = input ? activations.sigmoid(input) : sub(1, f);
    const { output: cells, h: c } = linearRecurrence(f, mul(i, activations.tanh(candidate)), { h0 });
    return { output: out ? mul(activations.sigmoid(out), cells) : cells, c };
  }
}
