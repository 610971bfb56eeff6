import { sumOfBiasesInto } from "../../ops/recurrent/inputProduct.ts";
import type { PackedLayout } from "../../ops/recurrent/layout.ts";
import { lstmSequence } from "../../ops/recurrent/lstm.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../init.ts";
import { type Direction, type PassResult, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface LSTMOptions extends RecurrentOptions {
  /** Let the gates see the cell (Gers 2002); default false. Adds weight_peephole_l0 [3H], blocks i f o. */
  peepholes?: boolean;
}

/** What an LSTM carries from step to step, each [layers·directions, B, H]. */
export interface LSTMState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/**
 * Long short-term memory: c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t).
 *
 * Parameters are called, ordered and shaped as PyTorch's `nn.LSTM`: weight_ih_l0 [4H, I], weight_hh_l0 [4H, H],
 * bias_ih_l0 [4H], bias_hh_l0 [4H] in blocks i f g o, and so on for each layer, `_reverse` for the second direction;
 * they start uniform in ±1/√H.
 *
 *     const lstm = new LSTM({ inputSize: 64, hiddenSize: 128, layers: 2 });
 *     const { output, state } = lstm.forward(x); // [T, B, 128], { h, c } of [2, B, 128]
 *
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
 */
export class LSTM extends RecurrentLayer<LSTMState> {
  readonly peepholes: boolean;
  protected override readonly stateKind = "{ h, c }";

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: LSTMOptions) {
    super("LSTM", options, 4, ["peepholes"]);
    this.peepholes = options.peepholes ?? false;
    if (!this.peepholes) return;
    for (const { suffix } of this.directions) {
      const weight = this.register(`weight_peephole_${suffix}`, new Parameter([3 * this.hiddenSize]));
      fillUniform(weight, 1 / Math.sqrt(this.hiddenSize));
    }
  }

  protected override run(
    x: Tensor,
    direction: Direction,
    initial: readonly Tensor[] | null,
    layout: PackedLayout | null,
  ): PassResult {
    const { output, h, c } = lstmSequence(x, direction.weights, {
      h0: initial?.[0] ?? null,
      c0: initial?.[1] ?? null,
      peepholes: this.registered(`weight_peephole_${direction.suffix}`) ?? null,
      reverse: direction.reverse,
      layout,
    });
    return { output, states: [h, c] };
  }

  protected override unpack({ h, c }: LSTMState): readonly Tensor[] {
    return [h, c];
  }

  protected override pack(states: readonly Tensor[]): LSTMState {
    return { h: states[0] as Tensor, c: states[1] as Tensor };
  }

  protected override stage(direction: Direction, weights: WeightFormat): StreamStage {
    const peepholes = this.registered(`weight_peephole_${direction.suffix}`)?.address ?? 0;
    return new RecurrentStage(direction, weights, {
      kind: "lstm",
      gates: 4,
      cell: true,
      recurrentGates: 4,
      fields: { peepholes },
      bias: (address) => sumOfBiasesInto(direction.weights, address, 4 * this.hiddenSize),
    });
  }
}
