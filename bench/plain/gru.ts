import { PlainRecurrent, type RecurrentSizes } from "./recurrent.ts";

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}, n = tanh(x's share + r ⊙ h's share): PyTorch's form, the reset gate after the product.
 * Gates in the order r z n.
 */
export class PlainGRU extends PlainRecurrent {
  /** [T, B, G]: first h's share of n (in n's place), then the gradient of h's share of the gates. */
  readonly #shares: Float32Array;

  constructor(sizes: RecurrentSizes) {
    super(sizes, 3);
    this.#shares = new Float32Array(this.gates.length);
  }

  protected override hiddenGradient(): Float32Array {
    return this.#shares;
  }

  protected cellForward(t: number): void {
    const { gates, hidden, states } = this;
    const { batch, hiddenSize } = this.sizes;
    const shares = this.#shares;
    for (let b = 0; b < batch; b++) {
      const share = b * 3 * hiddenSize;
      const gate = (t * batch + b) * 3 * hiddenSize;
      const previous = (t * batch + b) * hiddenSize;
      const next = previous + batch * hiddenSize;
      for (let j = 0; j < hiddenSize; j++) {
        const atZ = j + hiddenSize;
        const atN = atZ + hiddenSize;
        const r = sigmoid(gates[gate + j] + hidden[share + j]);
        const z = sigmoid(gates[gate + atZ] + hidden[share + atZ]);
        const n = Math.tanh(gates[gate + atN] + r * hidden[share + atN]);
        gates[gate + j] = r;
        gates[gate + atZ] = z;
        gates[gate + atN] = n;
        shares[gate + atN] = hidden[share + atN];
        states[next + j] = n + z * (states[previous + j] - n);
      }
    }
  }

  protected cellBackward(t: number, dState: Float32Array): void {
    const { gates, states } = this;
    const { batch, hiddenSize } = this.sizes;
    const shares = this.#shares;
    for (let b = 0; b < batch; b++) {
      const row = b * hiddenSize;
      const gate = (t * batch + b) * 3 * hiddenSize;
      const previous = (t * batch + b) * hiddenSize;
      for (let j = 0; j < hiddenSize; j++) {
        const atZ = j + hiddenSize;
        const atN = atZ + hiddenSize;
        const r = gates[gate + j];
        const z = gates[gate + atZ];
        const n = gates[gate + atN];
        const dh = dState[row + j];
        const dN = dh * (1 - z) * (1 - n * n);
        const dR = dN * shares[gate + atN] * r * (1 - r);
        const dZ = dh * (states[previous + j] - n) * z * (1 - z);
        gates[gate + j] = dR;
        gates[gate + atZ] = dZ;
        gates[gate + atN] = dN;
        shares[gate + j] = dR;
        shares[gate + atZ] = dZ;
        shares[gate + atN] = dN * r;
        dState[row + j] = dh * z;
      }
    }
  }
}
