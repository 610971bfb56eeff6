import { PlainGRU } from "./gru.ts";
import { PlainLSTM } from "./lstm.ts";
import { addColumnSums, addMatmul, addProductTransposed, addTransposedProduct, fillRows } from "./matrix.ts";
import { type PlainParameter, plainParameter } from "./parameter.ts";
import type { PlainRecurrent } from "./recurrent.ts";
import { PlainRNN } from "./rnn.ts";

export const plainCells = { RNN: PlainRNN, LSTM: PlainLSTM, GRU: PlainGRU };
export type CellName = keyof typeof plainCells;

export interface CharacterModelSizes {
  steps: number;
  batch: number;
  characters: number;
  embeddingSize: number;
  hiddenSize: number;
}

/** Embedding, one recurrent layer, a linear head and the mean cross-entropy, forward and back in one call. */
export class PlainCharacterModel {
  readonly parameters: PlainParameter[];
  readonly layer: PlainRecurrent;
  readonly #sizes: CharacterModelSizes;
  readonly #embedding: PlainParameter; // [C, E]
  readonly #headWeight: PlainParameter; // [C, H]
  readonly #headBias: PlainParameter; // [C]
  readonly #embedded: Float32Array; // [T, B, E]
  readonly #logits: Float32Array; // [T, B, C]
  readonly #dHidden: Float32Array; // [T, B, H]

  constructor(cell: CellName, sizes: CharacterModelSizes) {
    const { steps, batch, characters, embeddingSize, hiddenSize } = sizes;
    const rows = steps * batch;
    this.#sizes = sizes;
    this.layer = new plainCells[cell]({ steps, batch, inputSize: embeddingSize, hiddenSize });
    this.#embedding = plainParameter("embedding.weight", characters * embeddingSize);
    this.#headWeight = plainParameter("head.weight", characters * hiddenSize);
    this.#headBias = plainParameter("head.bias", characters);
    this.parameters = [this.#embedding, ...this.layer.parameters, this.#headWeight, this.#headBias];
    this.#embedded = new Float32Array(rows * embeddingSize);
    this.#logits = new Float32Array(rows * characters);
    this.#dHidden = new Float32Array(rows * hiddenSize);
  }

  /** Tokens and targets [T, B] → mean loss; every parameter's gradient grows by d loss / d parameter. */
  lossAndGradients(tokens: Int32Array, targets: Int32Array): number {
    const { steps, batch, characters, embeddingSize, hiddenSize } = this.#sizes;
    const rows = steps * batch;
    const embedded = this.#embedded;
    for (let r = 0; r < rows; r++) {
      const from = tokens[r] * embeddingSize;
      embedded.set(this.#embedding.value.subarray(from, from + embeddingSize), r * embeddingSize);
    }
    const output = this.layer.forward(embedded);
    const logits = this.#logits;
    fillRows(logits, this.#headBias.value, rows);
    addProductTransposed(output, this.#headWeight.value, logits, rows, hiddenSize, characters);

    const loss = crossEntropyInPlace(logits, targets, rows, characters);

    addTransposedProduct(logits, output, this.#headWeight.gradient, rows, characters, hiddenSize);
    addColumnSums(logits, this.#headBias.gradient, rows);
    const dHidden = this.#dHidden.fill(0);
    addMatmul(logits, this.#headWeight.value, dHidden, rows, characters, hiddenSize);
    const dEmbedded = this.layer.backward(dHidden);
    const dEmbedding = this.#embedding.gradient;
    for (let r = 0; r < rows; r++) {
      const to = tokens[r] * embeddingSize;
      const from = r * embeddingSize;
      for (let i = 0; i < embeddingSize; i++) dEmbedding[to + i] += dEmbedded[from + i];
    }
    return loss;
  }
}

/** Mean of -log softmax(logits)[target]; leaves the gradient of that mean in `logits`. */
function crossEntropyInPlace(logits: Float32Array, targets: Int32Array, rows: number, classes: number): number {
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const start = r * classes;
    let largest = logits[start];
    for (let c = 1; c < classes; c++) if (logits[start + c] > largest) largest = logits[start + c];
    let sum = 0;
    const target = logits[start + targets[r]] - largest;
    for (let c = 0; c < classes; c++) {
      const e = Math.exp(logits[start + c] - largest);
      logits[start + c] = e;
      sum += e;
    }
    total += Math.log(sum) - target;
    const scale = 1 / (sum * rows);
    for (let c = 0; c < classes; c++) logits[start + c] *= scale;
    logits[start + targets[r]] -= 1 / rows;
  }
  return total / rows;
}
