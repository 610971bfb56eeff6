import { type Activation, type ActivationName, activation } from "../../ops/activation.ts";
import { requireProbability } from "../../ops/dropout.ts";
import { candidateBiasInto, foldedBiasInto, gruSequence } from "../../ops/recurrent/gru.ts";
import { gruVariantSequence } from "../../ops/recurrent/gruVariant.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gateActivation } from "./gateActivation.ts";
import {
  type Direction,
  type LayerPass,
  type PassResult,
  RecurrentLayer,
  type RecurrentOptions,
  refuseStream,
} from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface GRUOptions extends RecurrentOptions {
  /** The reset gate multiplies W_hn·h + b_hn (PyTorch) rather than h (the paper); default true. */
  resetAfter?: boolean;
  /** Of the candidate; default "tanh". */
  activation?: ActivationName | Activation;
  /** Of the gates; default "sigmoid". One that leaves 0 … 1 is taken with a warning. */
  gateActivation?: ActivationName | Activation;
  /** Probability that a number of h stays what it was (Krueger et al. 2017); default 0. */
  zoneout?: number;
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
  readonly activation: Activation;
  readonly gateActivation: Activation;
  readonly zoneout: number;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: GRUOptions) {
    super({ name: "GRU", gates: 3, options: ["resetAfter", "activation", "gateActivation", "zoneout"] }, options);
    this.resetAfter = options.resetAfter ?? true;
    this.activation = activation(options.activation ?? "tanh");
    this.gateActivation = gateActivation("GRU", options.gateActivation ?? "sigmoid");
    this.zoneout = options.zoneout ?? 0;
    requireProbability("GRU zoneout", this.zoneout);
  }

  protected override run({ x, direction, weights, initial, layout }: LayerPass): PassResult {
    const { resetAfter, training, recurrentDropout, zoneout, activation: f, gateActivation: gate } = this;
    const options = { h0: initial?.[0] ?? null, reverse: direction.reverse, resetAfter, layout };
    const dropping = training && recurrentDropout > 0;
    const { output, h } =
      this.#hasOwnActivations || dropping || zoneout > 0
        ? gruVariantSequence(x, weights, {
            ...options,
            activation: f,
            gateActivation: gate,
            recurrentDropout,
            zoneout,
            training,
          })
        : gruSequence(x, weights, options);
    return { output, states: [h] };
  }

  get #hasOwnActivations(): boolean {
    return this.activation.name !== "tanh" || this.gateActivation.name !== "sigmoid";
  }

  protected override unpack(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override pack(states: readonly Tensor[]): Tensor {
    return states[0] as Tensor;
  }

  protected override stage(direction: Direction, weights: WeightFormat): StreamStage {
    const { hiddenSize: hidden, resetAfter } = this;
    refuseStream("GRU", { "activations of its own": this.#hasOwnActivations, zoneout: this.zoneout > 0 });
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
