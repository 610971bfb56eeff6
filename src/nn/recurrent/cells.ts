/** One time step of RNN, LSTM and GRU, for loops of your own: x [B, I] and a state [B, H] in, the next state out. */
import type { Activation } from "../../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../../ops/activation/builtIn.ts";
import { reshape } from "../../ops/layout.ts";
import { gruSequence } from "../../ops/recurrent/gru.ts";
import { lstmSequence } from "../../ops/recurrent/lstm.ts";
import { rnnSequence } from "../../ops/recurrent/rnn.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { Module } from "../module.ts";
import type { LSTMState } from "./lstm.ts";

export interface CellOptions {
  inputSize: number;
  hiddenSize: number;
  /** Default true. */
  bias?: boolean;
}

abstract class RecurrentCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  protected readonly weights: {
    readonly weightIh: Parameter;
    readonly weightHh: Parameter;
    readonly biasIh: Parameter | null;
    readonly biasHh: Parameter | null;
  };

  protected constructor(name: string, options: CellOptions, gates: number, more: readonly string[] = []) {
    super();
    requireKnown(name, options, ["inputSize", "hiddenSize", "bias", ...more]);
    this.inputSize = requireCount(`${name} inputSize`, options.inputSize);
    this.hiddenSize = requireCount(`${name} hiddenSize`, options.hiddenSize);
    const rows = gates * this.hiddenSize;
    const make = (label: string, shape: number[]): Parameter => {
      const parameter = this.register(label, new Parameter(shape));
      fillUniform(parameter, 1 / Math.sqrt(this.hiddenSize));
      return parameter;
    };
    const bias = options.bias ?? true;
    this.weights = {
      weightIh: make("weight_ih", [rows, this.inputSize]),
      weightHh: make("weight_hh", [rows, this.hiddenSize]),
      biasIh: bias ? make("bias_ih", [rows]) : null,
      biasHh: bias ? make("bias_hh", [rows]) : null,
    };
  }

  /** x as a sequence of one step. */
  protected asSequence(x: Tensor): Tensor {
    requireShape(`${this.constructor.name} x`, x.shape, ["B", this.inputSize]);
    return reshape(x, [1, ...x.shape]);
  }
}

/**
 * One step of an Elman network: h′ = f(W_ih·x + b_ih + W_hh·h + b_hh). Parameters as PyTorch's `nn.RNNCell`.
 *
 * ```ts
 * const cell = new RNNCell({ inputSize: 3, hiddenSize: 8, activation: "relu" });
 * let h = zeros([2, 8]);
 * for (const x of unbind(normal([5, 2, 3]))) h = cell.forward(x, h);
 * h.shape; // [2, 8]
 * ```
 */
export class RNNCell extends RecurrentCell {
  readonly activation: Activation;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: CellOptions & { activation?: ActivationName | Activation }) {
    super("RNNCell", options, 1, ["activation"]);
    this.activation = this.registerActivation("activation", activationOf(options.activation ?? "tanh"));
  }

  /** What it carries: h [B, H]. */
  get stateSizes(): number {
    return this.hiddenSize;
  }

  /** As `forward`, for `Recurrence`. */
  step(x: Tensor, h: Tensor): { output: Tensor; state: Tensor } {
    const next = this.forward(x, h);
    return { output: next, state: next };
  }

  /** x [B, I], h [B, H] (zeros when omitted) → h′ [B, H]. @throws {ShapeError} when a shape does not fit. */
  override forward(x: Tensor, h?: Tensor): Tensor {
    return rnnSequence(this.asSequence(x), this.weights, { activation: this.activation, h0: h ?? null }).h;
  }
}

/**
 * One step of an LSTM. Parameters as PyTorch's `nn.LSTMCell`.
 *
 * ```ts
 * const { h, c } = new LSTMCell({ inputSize: 3, hiddenSize: 8 }).forward(normal([2, 3]));
 * h.shape; // [2, 8]
 * c.shape; // [2, 8]
 * ```
 */
export class LSTMCell extends RecurrentCell {
  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: CellOptions) {
    super("LSTMCell", options, 4);
  }

  /** What it carries: { h, c }, each [B, H]. */
  get stateSizes(): { h: number; c: number } {
    return { h: this.hiddenSize, c: this.hiddenSize };
  }

  /** As `forward`, for `Recurrence`; h is the output. */
  step(x: Tensor, state: LSTMState): { output: Tensor; state: LSTMState } {
    const next = this.forward(x, state);
    return { output: next.h, state: next };
  }

  /** x [B, I], { h, c } [B, H] (zeros when omitted) → the next { h, c }. @throws {ShapeError} when a shape does not fit. */
  override forward(x: Tensor, state?: LSTMState): LSTMState {
    if (state !== undefined && !(state.h instanceof Tensor && state.c instanceof Tensor)) {
      throw new ShapeError("LSTMCell state: expected { h, c }, got something else");
    }
    const { h, c } = lstmSequence(this.asSequence(x), this.weights, { h0: state?.h ?? null, c0: state?.c ?? null });
    return { h, c };
  }
}

/**
 * One step of a GRU. Parameters as PyTorch's `nn.GRUCell`.
 *
 * ```ts
 * new GRUCell({ inputSize: 3, hiddenSize: 8 }).forward(normal([2, 3]), zeros([2, 8])).shape; // [2, 8]
 * ```
 */
export class GRUCell extends RecurrentCell {
  readonly resetAfter: boolean;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: CellOptions & { resetAfter?: boolean }) {
    super("GRUCell", options, 3, ["resetAfter"]);
    this.resetAfter = options.resetAfter ?? true;
  }

  /** What it carries: h [B, H]. */
  get stateSizes(): number {
    return this.hiddenSize;
  }

  /** As `forward`, for `Recurrence`. */
  step(x: Tensor, h: Tensor): { output: Tensor; state: Tensor } {
    const next = this.forward(x, h);
    return { output: next, state: next };
  }

  /** x [B, I], h [B, H] (zeros when omitted) → h′ [B, H]. @throws {ShapeError} when a shape does not fit. */
  override forward(x: Tensor, h?: Tensor): Tensor {
    return gruSequence(this.asSequence(x), this.weights, { h0: h ?? null, resetAfter: this.resetAfter }).h;
  }
}
