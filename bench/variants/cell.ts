import { activations, add, chunk, Linear, Module, mul, type Tensor } from "unrolled";

/** An LSTM as a user writes it: two products and nine operations a step. */
export class WrittenLstm extends Module {
  readonly input: Linear;
  readonly recurrent: Linear;
  readonly stateSizes: { h: number; c: number };

  constructor({ inputSize, hiddenSize }: { inputSize: number; hiddenSize: number }) {
    super();
    this.input = new Linear({ inputSize, outputSize: 4 * hiddenSize });
    this.recurrent = new Linear({ inputSize: hiddenSize, outputSize: 4 * hiddenSize });
    this.stateSizes = { h: hiddenSize, c: hiddenSize };
  }

  step(x: Tensor, { h, c }: { h: Tensor; c: Tensor }): { output: Tensor; state: { h: Tensor; c: Tensor } } {
    const z = add(this.input.forward(x), this.recurrent.forward(h));
    const [i, f, g, o] = chunk(z, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const cell = add(mul(activations.sigmoid(f), c), mul(activations.sigmoid(i), activations.tanh(g)));
    const next = mul(activations.sigmoid(o), activations.tanh(cell));
    return { output: next, state: { h: next, c: cell } };
  }

  override forward(): never {
    throw new Error("a cell has steps only");
  }
}
