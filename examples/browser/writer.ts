import {
  Adam,
  CharacterVocabulary,
  crossEntropy,
  Embedding,
  Linear,
  LSTM,
  Sequential,
  Trainer,
  textWindows,
} from "unrolled";

export const WINDOW = 64;
export const BATCH = 32;

/** A character model with all that belongs to it: the alphabet of its text, the windows it reads, its trainer. */
export class Writer {
  readonly vocabulary: CharacterVocabulary;
  readonly trainer: Trainer;
  readonly windows: ReturnType<typeof textWindows>;
  readonly #model: Sequential;

  constructor(text: string, hiddenSize: number) {
    this.vocabulary = new CharacterVocabulary(text);
    const { size } = this.vocabulary;
    this.windows = textWindows(this.vocabulary.encode(text), { window: WINDOW });
    this.#model = new Sequential(
      new Embedding({ count: size, size: 32 }),
      new LSTM({ inputSize: 32, hiddenSize }),
      new Linear({ inputSize: hiddenSize, outputSize: size }),
    );
    const optimizer = new Adam(this.#model.parameters(), { learningRate: 4e-3 });
    this.trainer = new Trainer({ model: this.#model, loss: crossEntropy, optimizer, clipNorm: 1 });
  }

  /** Goes on from `prompt` for `length` characters; a low temperature is careful, a high one bold. */
  write(prompt: string, length: number, temperature: number): string {
    const stream = this.#model.stream();
    const tokens = [...this.vocabulary.encode(prompt)];
    for (const token of tokens.slice(0, -1)) stream.push(token);
    const written: number[] = [];
    let token = tokens.at(-1) ?? 0;
    for (let i = 0; i < length; i++) {
      token = sample(stream.push(token), temperature);
      written.push(token);
    }
    return this.vocabulary.decode(Int32Array.from(written));
  }
}

/** Draws a class from softmax(logits / temperature). */
function sample(logits: Float32Array, temperature: number): number {
  const largest = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = Math.random() * weights.reduce((total, weight) => total + weight, 0);
  const index = weights.findIndex((weight) => {
    left -= weight;
    return left <= 0;
  });
  return Math.max(index, 0);
}
