import { candidateBiasInto, foldedBiasInto, gruSequence } from "../../ops/recurrent/gru.ts";
import type { PackedLayout } from "../../ops/recurrent/layout.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Direction, type PassResult, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface GRUOptions extends RecurrentOptions {
  /** The reset gate multiplies W_hn·h + b_hn (PyTorch) rather than h (the paper); default true. */
  resetAfter?: boolean;
}

/**
 * Gated recurrent unit: h_t = (1 − z)⊙n + z⊙h_{t-1}.
 *
 * Parameters are called, ordered and shaped as PyTorch's `nn.GRU`: weight_ih_l0 [3H, I], weight_hh_l0 [3H, H],
 * bias_ih_l0 [3H], bias_hh_l0 [3H] in blocks r z n, and so on for each layer, `_reverse` for the second direction;
 * they start uniform in ±1/√H.
 *
 * Source: Cho et al. 2014, arXiv:1406.1078.
 */
export class GRU extends RecurrentLayer<Tensor> {
  readonly resetAfter: boolean;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: GRUOptions) {
    super("GRU", options, 3, ["resetAfter"]);
    this.resetAfter = options.resetAfter ?? true;
  }

  protected override run(
    x: Tensor,
    direction: Direction,
    initial: readonly Tensor[] | null,
    layout: PackedLayout | null,
  ): PassResult {
    const { weights, reverse } = direction;
    const options = { h0: initial?.[0] ?? null, reverse, resetAfter: this.resetAfter, layout };
    const { output, h } = gruSequence(x, weights, options);
    return { output, states: [h] };
  }

  protected override unpack(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override pack(states: readonly Tensor[]): Tensor {
    return states[0] as Tensor;
  }

  protected override stage(direction: Direction, weights: WeightFormat): StreamStage {
    const { hiddenSize: hidden, resetAfter } = this;
    return new RecurrentStage(direction, weights, {
      kind: "gru",
      gates: 4,
      recurrentGates: 2,
      fields: { resetAfter: Number(resetAfter) },
      bias: (address) => {
        foldedBiasInto(direction.weights, address, hidden, resetAfter);
        candidateBiasInto(direction.weights, address + 3 * hidden * 4, hidden);
      },
    });
  }
}
