import { activations } from "../../ops/activation/maps.ts";
import { add, mul, sub } from "../../ops/elementwise.ts";
import { OptionError } from "../../runtime/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Linear } from "../linear.ts";
import type { Cell } from "./recurrence.ts";
import { Recurrence } from "./recurrence.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export type MinimalGatedUnitOptions = SequenceLayerOptions;

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

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: MinimalGatedUnitOptions) {
    super("MinimalGatedUnit", options);
    const { inputSize, hiddenSize } = this;
    this.stateSizes = hiddenSize;
    this.gate = new Linear({ inputSize, outputSize: hiddenSize });
    this.candidate = new Linear({ inputSize, outputSize: hiddenSize });
    this.recurrentGate = new Linear({ inputSize: hiddenSize, outputSize: hiddenSize, bias: false });
    this.recurrentCandidate = new Linear({ inputSize: hiddenSize, outputSize: hiddenSize, bias: false });
    this.addLayers((further) => new MinimalGatedUnit({ ...options, ...further }));
  }

  /**
   * One step: x [B, I] and h [B, H] → the next h.
   * @throws {OptionError} when there are several layers or directions, which no single step can walk.
   */
  step(x: Tensor, h: Tensor): { output: Tensor; state: Tensor } {
    if (this.layers > 1 || this.bidirectional) {
      throw new OptionError("MinimalGatedUnit step: expected one layer in one direction, got several");
    }
    return this.#next(x, h);
  }

  #next(x: Tensor, h: Tensor): { output: Tensor; state: Tensor } {
    const f = activations.sigmoid(add(this.gate.forward(x), this.recurrentGate.forward(h)));
    const n = activations.tanh(add(this.candidate.forward(x), this.recurrentCandidate.forward(mul(f, h))));
    const next = add(h, mul(f, sub(n, h)));
    return { output: next, state: next };
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [x] = drives as [Tensor];
    const cell: Cell<Tensor> = { stateSizes: this.hiddenSize, step: (at, h) => this.#next(at, h) };
    const result = new Recurrence(cell, { reverse }).forward(x, state?.[0]);
    return { output: result.output, state: [result.state] };
  }
}
