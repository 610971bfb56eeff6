/**
 * The two networks of the article. Each reads a name letter by letter: beside the letter it is given what it remembers
 * of the letters before (`hidden`), and it answers with a guess (`output`) and with what it will remember (`hidden`).
 */
import { activations, concat, Linear, logSoftmax, Module, type Tensor, zeros } from "unrolled";

/** What a network answers to one letter. */
export interface Answer {
  /** [1, C]: the logarithm of each language's probability. */
  readonly output: Tensor;
  /** [1, H]: what it remembers. */
  readonly hidden: Tensor;
}

/** How large a network is: the alphabet I, the memory H and the languages C. */
export interface NetworkSizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
}

/** Either of the two. */
export type NameNetwork = LinearNetwork | SigmoidNetwork;

/** hidden' = W_h·[input, hidden] + b_h;  output = log softmax(W_o·[input, hidden] + b_o). */
export class LinearNetwork extends Module {
  readonly i2h: Linear;
  readonly i2o: Linear;
  readonly #hiddenSize: number;

  constructor({ inputSize, hiddenSize, outputSize }: NetworkSizes) {
    super();
    this.#hiddenSize = hiddenSize;
    this.i2h = new Linear({ inputSize: inputSize + hiddenSize, outputSize: hiddenSize });
    this.i2o = new Linear({ inputSize: inputSize + hiddenSize, outputSize });
  }

  /** One letter [1, I] and the memory [1, H] in, the guess and the new memory out. */
  override forward(input: Tensor, hidden: Tensor): Answer {
    const combined = concat([input, hidden], 1);
    return { hidden: this.i2h.forward(combined), output: logSoftmax(this.i2o.forward(combined)) };
  }

  /** The memory before the first letter. */
  initHidden(): Tensor {
    return zeros([1, this.#hiddenSize]);
  }
}

/** hidden' = σ(W_h·[input, hidden] + b_h), and everything else as before: the memory stays between 0 and 1. */
export class SigmoidNetwork extends Module {
  readonly i2h: Linear;
  readonly i2o: Linear;
  readonly #hiddenSize: number;

  constructor({ inputSize, hiddenSize, outputSize }: NetworkSizes) {
    super();
    this.#hiddenSize = hiddenSize;
    this.i2h = new Linear({ inputSize: inputSize + hiddenSize, outputSize: hiddenSize });
    this.i2o = new Linear({ inputSize: inputSize + hiddenSize, outputSize });
  }

  /** One letter [1, I] and the memory [1, H] in, the guess and the new memory out. */
  override forward(input: Tensor, hidden: Tensor): Answer {
    const combined = concat([input, hidden], 1);
    return {
      hidden: activations.sigmoid(this.i2h.forward(combined)),
      output: logSoftmax(this.i2o.forward(combined)),
    };
  }

  /** The memory before the first letter. */
  initHidden(): Tensor {
    return zeros([1, this.#hiddenSize]);
  }
}
