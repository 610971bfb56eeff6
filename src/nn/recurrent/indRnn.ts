import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { indRnnSequence } from "../../ops/recurrent/indRnn.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { Linear } from "../linear.ts";
import { SequenceLayer, type SequenceLayerOptions } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface IndRNNOptions extends SequenceLayerOptions {
  /** f of the recurrence, by name or as `activation(name, options)`; default "relu". */
  activation?: ActivationName | Activation;
  /** Default true. */
  bias?: boolean;
}

/**
 * Independently recurrent network: h_t = f(W·x_t + b + u ⊙ h_{t-1}). Each number has a memory of its own, which neither
 * vanishes nor explodes over T steps while |u| stays within about 2^(1/T).
 *
 * ```ts
 * const layer = new IndRNN({ inputSize: 64, hiddenSize: 128 });
 * const { output, state } = layer.forward(normal([5, 2, 64])); // [T, B, I]
 * output.shape; // [5, 2, 128]
 * state.shape; // [2, 128]
 * ```
 *
 * Parameters: input.weight [H, I] and input.bias [H], as `Linear` starts them, and recurrent [H], uniform in ±1.
 * Source: Li, Li, Cook, Zhu & Gao 2018, "Independently recurrent neural network (IndRNN)", arXiv:1803.04831.
 */
export class IndRNN extends SequenceLayer {
  readonly activation: Activation;
  readonly input: Linear;
  /** u, [H] */
  readonly recurrent: Parameter;

  /** @throws {OptionError} when an option is unknown or out of range, or there is no such activation. */
  constructor(options: IndRNNOptions) {
    super("IndRNN", options, ["activation", "bias"]);
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "relu"));
    const { inputSize, hiddenSize } = this;
    this.input = new Linear({ inputSize, outputSize: hiddenSize, bias: options.bias ?? true });
    this.recurrent = new Parameter([hiddenSize]);
    fillUniform(this.recurrent, 1);
    this.addLayers((further) => new IndRNN({ ...options, ...further }));
  }

  protected override drives(x: Tensor): readonly Tensor[] {
    return [this.input.forward(x)];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const [z] = drives as [Tensor];
    const { output, h } = indRnnSequence(z, this.recurrent, {
      activation: this.activation,
      h0: state?.[0] ?? null,
      reverse,
    });
    return { output, state: [h] };
  }
}
