import { activations } from "../../ops/activation.ts";
import { add, mul, sub } from "../../ops/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import type { RecurrentResult } from "./layer.ts";
import type { Cell } from "./recurrence.ts";
import { Recurrence } from "./recurrence.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";

export interface MinimalGatedUnitOptions extends SequenceLayerOptions {
  /** Read each sequence from its end; default false. */
  reverse?: boolean;
}

/**
 * Minimal gated unit, one gate for what a GRU has two: f_t = σ(W_f·x_t + b_f + U_f·h_{t-1}),
 * n_t = tanh(W_n·x_t + b_n + U_n·(f_t⊙h_{t-1})), h_t = h_{t-1} + f_t⊙(n_t − h_{t-1}).
 *
 * ```ts
 * const layer = new MinimalGatedUnit({ inputSize: 8, hiddenSize: 32 });
 * const { output, state } = layer.forward(normal([5, 2, 8])); // [T, B, I]
 * output.shape; // [5, 2, 32]
 * state.shape; // [2, 32]
 * ```
 *
 * Parameters, as `Linear` starts them: gate.weight and candidate.weight [H, I] with gate.bias and candidate.bias [H],
 * recurrentGate.weight and recurrentCandidate.weight [H, H]. The step is put together from operations, so each of T steps
 * keeps what they keep for the way back: about 9·B·H numbers.
 *
 * Source: Zhou, Wu, Zhang & Zhou 2016, "Minimal Gated Unit for Recurrent Neural Networks", arXiv:1603.09420.
 */
export class MinimalGatedUnit extends SequenceLayer implements Cell<Tensor> {
  readonly stateSizes: number;
  readonly gate: Linear;
  readonly candidate: Linear;
  readonly recurrentGate: Linear;
  readonly recurrentCandidate: Linear;
  readonly #scan: Recurrence<Tensor>;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: MinimalGatedUnitOptions) {
    super("MinimalGatedUnit", options, ["reverse"]);
    const { inputSize, hiddenSize, batchFirst } = this;
    this.stateSizes = hiddenSize;
    this.gate = new Linear({ inputSize, outputSize: hiddenSize });
    this.candidate = new Linear({ inputSize, outputSize: hiddenSize });
    this.recurrentGate = new Linear({ inputSize: hiddenSize, outputSize: hiddenSize, bias: false });
    this.recurrentCandidate = new Linear({ inputSize: hiddenSize, outputSize: hiddenSize, bias: false });
    this.#scan = new Recurrence(this, { batchFirst, reverse: options.reverse ?? false });
  }

  /** One step: x [B, I] and h [B, H] → the next h. */
  step(x: Tensor, h: Tensor): { output: Tensor; state: Tensor } {
    const f = activations.sigmoid(add(this.gate.forward(x), this.recurrentGate.forward(h)));
    const n = activations.tanh(add(this.candidate.forward(x), this.recurrentCandidate.forward(mul(f, h))));
    const next = add(h, mul(f, sub(n, h)));
    return { output: next, state: next };
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state h [B, H]; zeros when omitted.
   * @throws {ShapeError} when a shape does not fit.
   */
  override forward(x: Tensor, state?: Tensor): RecurrentResult<Tensor> {
    const batch = this.timeMajor(x).shape[1] as number;
    const h = this.statePart("state", state, [batch, this.hiddenSize]);
    return this.#scan.forward(x, h ?? undefined);
  }
}
