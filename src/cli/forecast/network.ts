import { add, concat, Dropout, GRU, Linear, Module, reshape, slice, sub, type Tensor, transpose } from "../../index.ts";

/** The sizes of a network. */
export interface Architecture {
  /** Numbers in a time step: what is foretold, and what helps to. */
  readonly columns: number;
  /** Time steps shown. */
  readonly history: number;
  /** Time steps foretold. */
  readonly horizon: number;
  readonly hidden: number;
  readonly dropout: number;
}

/**
 * All steps of a forecast at once: the last value, plus what a linear layer makes of the history as it lies about that value,
 * plus what a GRU that reads the history makes of its last state. The linear part follows levels that were never seen in
 * training, which a GRU, whose state has bounds, does not.
 * Source: Lai et al. 2018, "Modeling long- and short-term temporal patterns with deep neural networks", sections 3.3 and 3.6.
 */
export class Forecaster extends Module {
  readonly gru: GRU;
  readonly drop: Dropout;
  readonly head: Linear;
  readonly linear: Linear;

  constructor({ columns, history, horizon, hidden, dropout }: Architecture) {
    super();
    this.gru = new GRU({ inputSize: columns + 1, hiddenSize: hidden });
    this.drop = new Dropout({ probability: dropout });
    this.head = new Linear({ inputSize: hidden, outputSize: horizon });
    this.linear = new Linear({ inputSize: history, outputSize: horizon, bias: false });
  }

  /** [T, B, columns], what is foretold first → [B, horizon]. */
  override forward(x: Tensor): Tensor {
    const [steps, batch] = x.shape as [number, number, number];
    const own = slice(x, 2, 0, 1);
    const last = slice(own, 0, steps - 1, steps);
    const about = sub(own, last);
    const { output } = this.gru.forward(concat([x, about], 2));
    const state = reshape(slice(output, 0, steps - 1, steps), [batch, output.shape[2] as number]);
    const straight = this.linear.forward(transpose(reshape(about, [steps, batch]), 0, 1));
    return add(add(this.head.forward(this.drop.forward(state)), straight), reshape(last, [batch, 1]));
  }
}
