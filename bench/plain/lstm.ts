import { PlainRecurrent, type RecurrentSizes } from "./recurrent.ts";

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh(c_t); gates in the order i f g o. */
export class PlainLSTM extends PlainRecurrent {
  readonly #cells: Float32Array; // [T + 1, B, H]
  readonly #dCell: Float32Array; // [B, H]

  constructor(sizes: RecurrentSizes) {
    super(sizes, 4);
    this.#cells = new Float32Array(this.states.length);
    this.#dCell = new Float32Array(sizes.batch * sizes.hiddenSize);
  }

  protected cellForward(t: number): void {
    const { gates, hidden, states } = this;
    const { batch, hiddenSize } = this.sizes;
    const cells = this.#cells;
    for (let b = 0; b < batch; b++) {
      const share = b * 4 * hiddenSize;
      const gate = (t * batch + b) * 4 * hiddenSize;
      const previous = (t * batch + b) * hiddenSize;
      const next = previous + batch * hiddenSize;
      for (let j = 0; j < hiddenSize; j++) {
        const atF = j + hiddenSize;
        const atG = atF + hiddenSize;
        const atO = atG + hiddenSize;
        const i = sigmoid(gates[gate + j] + hidden[share + j]);
        const f = sigmoid(gates[gate + atF] + hidden[share + atF]);
        const g = Math.tanh(gates[gate + atG] + hidden[share + atG]);
        const o = sigmoid(gates[gate + atO] + hidden[share + atO]);
        const c = f * cells[previous + j] + i * g;
        gates[gate + j] = i;
        gates[gate + atF] = f;
        gates[gate + atG] = g;
        gates[gate + atO] = o;
        cells[next + j] = c;
        states[next + j] = o * Math.tanh(c);
      }
    }
  }

  protected cellBackward(t: number, dState: Float32Array): void {
    const { gates } = this;
    const { batch, hiddenSize } = this.sizes;
    const cells = this.#cells;
    const dCell = this.#dCell;
    for (let b = 0; b < batch; b++) {
      const row = b * hiddenSize;
      const gate = (t * batch + b) * 4 * hiddenSize;
      const previous = (t * batch + b) * hiddenSize;
      const next = previous + batch * hiddenSize;
      for (let j = 0; j < hiddenSize; j++) {
        const atF = j + hiddenSize;
        const atG = atF + hiddenSize;
        const atO = atG + hiddenSize;
        const i = gates[gate + j];
        const f = gates[gate + atF];
        const g = gates[gate + atG];
        const o = gates[gate + atO];
        const squashed = Math.tanh(cells[next + j]);
        const dh = dState[row + j];
        const dc = dCell[row + j] + dh * o * (1 - squashed * squashed);
        gates[gate + j] = dc * g * i * (1 - i);
        gates[gate + atF] = dc * cells[previous + j] * f * (1 - f);
        gates[gate + atG] = dc * i * (1 - g * g);
        gates[gate + atO] = dh * squashed * o * (1 - o);
        dCell[row + j] = dc * f;
        dState[row + j] = 0;
      }
    }
  }

  protected override startBackward(): void {
    this.#dCell.fill(0);
  }

  protected override keepState(): void {
    this.#cells.copyWithin(0, this.sizes.hiddenSize);
  }
}
