/** What a step needs in memory, as the README states it. */

export type CellName = "LSTM" | "GRU" | "RNN";

/** Embedding [V, E] → layers of H units → Linear [V, H] → cross-entropy, on T time steps of B sequences. */
export interface ModelSizes {
  readonly cell: CellName;
  /** V. */
  readonly vocabulary: number;
  /** E. */
  readonly embedding: number;
  /** H. */
  readonly hidden: number;
  readonly layers: number;
}

/** Numbers a unit of a recurrent layer keeps at each position: its gates, h, and an LSTM's c or a GRU's candidate. */
const KEPT: Readonly<Record<CellName, number>> = { LSTM: 6, GRU: 5, RNN: 2 };

/**
 * Numbers, of four bytes each, that a training step holds for each of its T·B positions when T·B > V: what every layer
 * keeps and the gradient of its output, the embedded input, logits with their gradient, and token, class and loss.
 */
export function trainingNumbers({ cell, vocabulary, embedding, hidden, layers }: ModelSizes): number {
  return layers * (KEPT[cell] + 1) * hidden + embedding + 2 * vocabulary + 3;
}

/** The same for inference inside `noGrad`: no gradients, no classes, no loss. */
export function inferenceNumbers({ cell, vocabulary, embedding, hidden, layers }: ModelSizes): number {
  return layers * KEPT[cell] * hidden + embedding + vocabulary + 1;
}

/** Numbers that live as long as the model does: each weight, its gradient, and Adam's two moments. */
export function modelNumbers({ cell, vocabulary, embedding, hidden, layers }: ModelSizes): number {
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[cell] * hidden;
  let weights = vocabulary * embedding + vocabulary * (hidden + 1);
  for (let layer = 0; layer < layers; layer++) {
    weights += gates * ((layer === 0 ? embedding : hidden) + hidden + 2);
  }
  return 4 * weights;
}
