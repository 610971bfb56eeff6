/** A training that a page has done in a worker, and a test on its own thread: characters of a text that repeats. */
import {
  Adam,
  CharacterVocabulary,
  configure,
  crossEntropy,
  Dropout,
  Embedding,
  Linear,
  LSTM,
  Sequential,
  seed,
  Trainer,
  textWindows,
} from "unrolled";

const TEXT = "she sells sea shells by the sea shore, and the shells she sells are sea shells. ".repeat(30);

export interface Setup {
  readonly hiddenSize: number;
  readonly steps: number;
  /** Default 1. */
  readonly threads?: number;
  /** A step after which something is thrown that nobody catches; 0 for none. */
  readonly throwAt?: number;
}

export function makeTraining({ hiddenSize, steps, throwAt = 0 }: Setup) {
  configure({ deterministic: true });
  seed(11);
  const vocabulary = new CharacterVocabulary(TEXT);
  const { size } = vocabulary;
  const model = new Sequential(
    new Embedding({ count: size, size: 16 }),
    new LSTM({ inputSize: 16, hiddenSize }),
    new Dropout({ probability: 0.1 }),
    new Linear({ inputSize: hiddenSize, outputSize: size }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.005 });
  const trainer = new Trainer({ model, loss: crossEntropy, optimizer, clipNorm: 1 });
  const data = textWindows(vocabulary.encode(TEXT), { window: 32 });
  const callback = {
    onStepEnd: ({ step }: { step: number }) => {
      if (step !== throwAt) return;
      setTimeout(() => {
        throw new RangeError("nobody caught this");
      });
    },
  };
  return { trainer, data, fit: { steps, batchSize: 16, callbacks: [callback] } };
}
