/** The training step that Node and a page are compared on: embedding 65×64 → 128 units → 65, B = 32, T = 64, Adam. */
import {
  Adam,
  configure,
  crossEntropy,
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  runtimeInfo,
  Sequential,
  seed,
  tensor,
} from "unrolled";

const layers = { LSTM, GRU, RNN } as const;
export type LayerName = keyof typeof layers;
export const layerNames = Object.keys(layers) as LayerName[];

const [CHARACTERS, TIME, BATCH] = [65, 64, 32];

export interface Measured {
  readonly build: string;
  /** Milliseconds of each step. */
  readonly times: number[];
  readonly loss: number;
}

/** Times steps of a training in the build that every host has. */
export function measure(name: LayerName, steps: number): Measured {
  configure({ deterministic: true });
  seed(1);
  const model = new Sequential(
    new Embedding({ count: CHARACTERS, size: 64 }),
    new layers[name]({ inputSize: 64, hiddenSize: 128 }),
    new Linear({ inputSize: 128, outputSize: CHARACTERS }),
  );
  const optimizer = new Adam(model.parameters());
  const tokens = Int32Array.from({ length: TIME * BATCH }, (_, i) => (i * 31 + (i >> 5)) % CHARACTERS);
  const [input, target] = [tensor(tokens, [TIME, BATCH]), tensor(tokens.toReversed(), [TIME, BATCH])];
  const times: number[] = [];
  let last = 0;
  for (let step = 0; step < steps; step++) {
    const started = performance.now();
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(input), target);
    loss.backward();
    last = loss.item();
    optimizer.step();
    times.push(performance.now() - started);
  }
  return { build: runtimeInfo().build, times, loss: last };
}
