import {
  Adam,
  CharacterVocabulary,
  clipGradNorm,
  configure,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  Linear,
  LSTM,
  runtimeInfo,
  Sequential,
  seed,
  textWindows,
} from "unrolled";

const TEXT = "the rain in spain stays mainly in the plain, and then again it may remain in the main. ".repeat(12);
const STEPS = 20;

export interface Outcome {
  build: string;
  losses: number[];
  /** SHA-256 of all weights, in the order of their names. */
  digest: string;
}

/** Twenty steps with dropout and clipping in the deterministic build, from a fixed seed. */
export async function trainDeterministically(): Promise<Outcome> {
  configure({ deterministic: true });
  seed(42);
  const vocabulary = new CharacterVocabulary(TEXT);
  const data = textWindows(vocabulary.encode(TEXT), { window: 19 });
  const model = new Sequential(
    new Embedding({ count: vocabulary.size, size: 13 }),
    new LSTM({ inputSize: 13, hiddenSize: 21, layers: 2, dropout: 0.2 }),
    new GRU({ inputSize: 21, hiddenSize: 17 }),
    new Dropout({ probability: 0.1 }),
    new Linear({ inputSize: 17, outputSize: vocabulary.size }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const losses: number[] = [];
  const batch = 5;
  for (let step = 0; step < STEPS; step++) {
    const indices = Int32Array.from({ length: batch }, (_, b) => (step * batch + b) % data.length);
    const { input, target } = data.batch(indices);
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    clipGradNorm(model.parameters(), 0.5);
    losses.push(loss.item());
    optimizer.step();
  }
  return { build: runtimeInfo().build, losses, digest: await digestOf(model.save()) };
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
