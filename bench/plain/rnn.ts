import { PlainRecurrent, type RecurrentSizes } from "./recurrent.ts";

/** h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh). */
export class PlainRNN extends PlainRecurrent {
  constructor(sizes: RecurrentSizes) {
    super(sizes, 1);
  }

  protected cellForward(t: number): void {
    const { gates, hidden, states } = this;
    const size = hidden.length;
    const gate = t * size;
    const next = (t + 1) * size;
    for (let i = 0; i < size; i++) states[next + i] = Math.tanh(gates[gate + i] + hidden[i]);
  }

  protected cellBackward(t: number, dState: Float32Array): void {
    const { gates, states } = this;
    const size = dState.length;
    const gate = t * size;
    const next = (t + 1) * size;
    for (let i = 0; i < size; i++) {
      const h = states[next + i];
      gates[gate + i] = dState[i] * (1 - h * h);
      dState[i] = 0;
    }
  }
}
