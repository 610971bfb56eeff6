import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { requireProbability } from "../../ops/dropout.ts";
import { sumOfBiasesInto } from "../../ops/recurrent/inputProduct.ts";
import { rnnSequence } from "../../ops/recurrent/rnn.ts";
import type { WeightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Direction, type LayerPass, type PassResult, RecurrentLayer, type RecurrentOptions } from "./layer.ts";
import { RecurrentStage } from "./stage.ts";

export interface RNNOptions extends RecurrentOptions {
  /** f of the recurrence, by name or as `activation(name, options)`; default "tanh". */
  activation?: ActivationName | Activation;
  /** Probability that a number of h stays what it was (Krueger et al. 2017); default 0. */
  zoneout?: number;
}

/**
 * Elman network: h_t = f(W_ih·x_t + b_ih + W_hh·h_{t-1} + b_hh).
 *
 * Parameters are called and shaped as PyTorch's `nn.RNN`: weight_ih_l0 [H, I], weight_hh_l0 [H, H], bias_ih_l0 [H],
 * bias_hh_l0 [H], and so on for each layer, `_reverse` for the second direction; they start uniform in ±1/√H.
 *
 * ```ts
 * const rnn = new RNN({ inputSize: 8, hiddenSize: 32, activation: "relu" });
 * const { output, state } = rnn.forward(normal([5, 2, 8])); // [T, B, I]
 * output.shape; // [5, 2, 32]
 * state.shape; // [1, 2, 32]
 * ```
 *
 * Source: Elman 1990, "Finding structure in time".
 */
export class RNN extends RecurrentLayer<Tensor> {
  readonly activation: Activation;
  readonly zoneout: number;

  /** @throws {OptionError} when an option is unknown or out of range, or there is no such activation. */
  constructor(options: RNNOptions) {
    super({ name: "RNN", gates: 1, options: ["activation", "zoneout"] }, options);
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "tanh"));
    this.zoneout = options.zoneout ?? 0;
    requireProbability("RNN zoneout", this.zoneout);
  }

  protected override run({ x, direction, weights, initial, layout }: LayerPass): PassResult {
    const { activation: f, recurrentDropout, zoneout, training } = this;
    const options = { activation: f, h0: initial?.[0] ?? null, reverse: direction.reverse, layout };
    const { output, h } = rnnSequence(x, weights, { ...options, recurrentDropout, zoneout, training });
    return { output, states: [h] };
  }

  protected override unpack(state: Tensor): readonly Tensor[] {
    return [state];
  }

  protected override pack(states: readonly Tensor[]): Tensor {
    return states[0] as Tensor;
  }

  protected override get variations(): Record<string, boolean> {
    return { zoneout: this.zoneout > 0 };
  }

  protected override stage(direction: Direction, weights: WeightFormat): StreamStage {
    return new RecurrentStage(direction, weights, {
      kind: "rnn",
      gates: 1,
      recurrentGates: 1,
      activation: this.activation,
      bias: (address) => sumOfBiasesInto(direction.weights, address, this.hiddenSize),
    });
  }
}
