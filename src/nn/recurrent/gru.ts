import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { requireProbability } from "../../ops/dropout.ts";
import { candidateBiasInto, foldedBiasInto, gruSequence } from "../../ops/recurrent/gru.ts";
import { gruVariantSequence } from "../../ops/recurrent/gruVariant.ts";
import { OptionError } from "../../runtime/errors.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gateActivation } from "./gateActivation.ts";
import { type Direction, type LayerPass, type PassResult, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface GRUOptions extends RecurrentOptions {
  /** The reset gate multiplies W_hn·h + b_hn (PyTorch) rather than h (the paper); default true. */
  resetAfter?: boolean;
  /** Of the candidate; default "tanh". */
  activation?: ActivationName | Activation;
  /** Of the gates; default "sigmoid". One that leaves 0 … 1 is taken with a warning. */
  gateActivation?: ActivationName | Activation;
  /**
   * Normalise x·W_ihᵀ and h·W_hhᵀ, r and z together and n for itself (Ba, Kiros & Hinton 2016); default false. Adds
   * weight_norm_ih_l0 and weight_norm_hh_l0 [3H], gains of 1 at first. Not with resetAfter: false.
   */
  layerNorm?: boolean;
  /** Probability that a number of h stays what it was (Krueger et al. 2017); default 0. */
  zoneout?: number;
}

const ownOptions = ["resetAfter", "activation", "gateActivation", "layerNorm", "zoneout"];

/**
 * Gated recurrent unit: h_t = (1 − z)⊙n + z⊙h_{t-1}.
 *
 * Parameters are called, ordered and shaped as PyTorch's `nn.GRU`: weight_ih_l0 [3H, I], weight_hh_l0 [3H, H],
 * bias_ih_l0 [3H], bias_hh_l0 [3H] in blocks r z n, and so on for each layer, `_reverse` for the second direction;
 * they start uniform in ±1/√H.
 *
 * ```ts
 * const gru = new GRU({ inputSize: 64, hiddenSize: 128, bidirectional: true });
 * const { output, state } = gru.forward(normal([5, 3, 64])); // [T, B, I]
 * output.shape; // [5, 3, 256]
 * state.shape; // [2, 3, 128]
 * ```
 *
 * Source: Cho et al. 2014, arXiv:1406.1078.
 */
export class GRU extends RecurrentLayer<Tensor> {
  readonly resetAfter: boolean;
  readonly activation: Activation;
  readonly gateActivation: Activation;
  readonly layerNorm: boolean;
  readonly zoneout: number;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: GRUOptions) {
    super({ name: "GRU", gates: 3, options: ownOptions }, options);
    this.resetAfter = options.resetAfter ?? true;
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "tanh"));
    this.gateActivation = this.registerActivation(
      "gateActivation",
      gateActivation("GRU", options.gateActivation ?? "sigmoid"),
    );
    this.zoneout = options.zoneout ?? 0;
    requireProbability("GRU zoneout", this.zoneout);
    this.layerNorm = options.layerNorm ?? false;
    if (!this.layerNorm) return;
    if (!this.resetAfter)
      throw new OptionError("GRU layerNorm: expected the reset gate after the product, got resetAfter: false");
    const size = 3 * this.hiddenSize;
    for (const { suffix } of this.directions) {
      for (const name of [`weight_norm_ih_${suffix}`, `weight_norm_hh_${suffix}`]) {
        this.register(name, new Parameter([size])).set(new Float32Array(size).fill(1));
      }
    }
  }

  protected override run({ x, direction, weights, initial, layout }: LayerPass): PassResult {
    const { resetAfter, training, recurrentDropout, zoneout, activation: f, gateActivation: gate } = this;
    const options = { h0: initial?.[0] ?? null, reverse: direction.reverse, resetAfter, layout };
    const dropping = training && recurrentDropout > 0;
    const variant = dropping || Object.values(this.variations).some(Boolean);
    const { output, h } = variant
      ? gruVariantSequence(x, weights, {
          ...options,
          activation: f,
          gateActivation: gate,
          norm: this.#norm(direction.suffix),
          recurrentDropout,
          zoneout,
          training,
        })
      : gruSequence(x, weights, options);
    return { output, states: [h] };
  }

  #norm(suffix: string) {
    if (!this.layerNorm) return null;
    const [input, recurrent] = ["ih", "hh"].map((name) => this.registered(`weight_norm_${name}_${suffix}`));
    return { input: input as Parameter, recurrent: recurrent as Parameter };
  }

  /** What only the variant of the kernel can do. */
  protected override get variations(): Record<string, boolean> {
    return {
      "activations of its own": this.activation.name !== "tanh" || this.gateActivation.name !== "sigmoid",
      layerNorm: this.layerNorm,
      zoneout: this.zoneout > 0,
    };
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
