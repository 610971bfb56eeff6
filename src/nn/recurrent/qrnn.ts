import { activations } from "../../ops/activation/maps.ts";
import { mul, sub } from "../../ops/elementwise.ts";
import { concat, slice } from "../../ops/layout.ts";
import { chunk } from "../../ops/pieces.ts";
import { linearRecurrence } from "../../ops/recurrent/scan.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount } from "../../runtime/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import { SequenceLayer, type SequenceLayerOptions, type StatePart } from "./sequence.ts";
import { zeroTensor } from "./state.ts";
import type { Walk, Walked } from "./stretches.ts";

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
  /** [B, H], or [layers·directions, B, H]. */
  readonly c: Tensor;
  /**
   * The inputs that were read last, [window − 1, B, I] in order of time, which the convolution still sees. Those of several
   * layers and directions lie side by side along the last axis.
   */
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
export class QRNN extends SequenceLayer<QRNNState> {
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
    this.addLayers((further) => new QRNN({ ...options, ...further }));
  }

  protected override stateParts(): readonly StatePart[] {
    return [
      { name: "c", size: this.hiddenSize },
      { name: "inputs", size: this.inputSize, before: this.window - 1 },
    ];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const { window } = this;
    const [x] = drives as [Tensor];
    const [steps, batch] = x.shape as [number, number];
    const [c0 = null, given = null] = state ?? [];
    if (window === 1) {
      const { output, c } = this.#pool(this.convolution.forward(x), c0, reverse);
      return { output, state: [c, given ?? zeroTensor([0, batch, this.inputSize])] };
    }
    const seen = given ?? zeroTensor([window - 1, batch, this.inputSize]);
    // Inputs in order of time. What was read first of a window is at its far end.
    const all = concat(reverse ? [x, seen] : [seen, x], 0);
    const shifted = Array.from({ length: window }, (_, k) => {
      const first = reverse ? window - 1 - k : k;
      return slice(all, 0, first, first + steps);
    });
    const { output, c } = this.#pool(this.convolution.forward(concat(shifted, 2)), c0, reverse);
    const last = reverse ? 0 : steps;
    return { output, state: [c, slice(all, 0, last, last + window - 1)] };
  }

  #pool(products: Tensor, h0: Tensor | null, reverse: boolean): { output: Tensor; c: Tensor } {
    const [candidate, forget, out, input] = chunk(products, poolings[this.pooling], 2) as [Tensor, Tensor, ...Tensor[]];
    const f = activations.sigmoid(forget);
    const i = input ? activations.sigmoid(input) : sub(1, f);
    const { output: cells, h: c } = linearRecurrence(f, mul(i, activations.tanh(candidate)), { h0, reverse });
    return { output: out ? mul(activations.sigmoid(out), cells) : cells, c };
  }
}
