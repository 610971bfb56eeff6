/** Classifying whole sequences, of any lengths, by a bidirectional or plain recurrent layer. */
import {
  AdamW,
  clipGradNorm,
  concat,
  crossEntropy,
  div,
  dropout,
  GRU,
  Linear,
  noGrad,
  reshape,
  seed,
  slice,
  sum,
  type Tensor,
  tensor,
} from "unrolled";
import { randomSource } from "../random.ts";
import type { Outcome } from "./task.ts";

/** A sequence [T, I], row-major, and its class. */
export interface Example {
  readonly values: Float32Array;
  readonly steps: number;
  readonly label: number;
}

export interface Setting {
  readonly inputSize: number;
  readonly classes: number;
  readonly hiddenSize: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Before the layer, and behind it. */
  readonly inputDropout: number;
  readonly dropout: number;
}

/** The examples of some numbers as a padded batch. */
function batchOf(examples: readonly Example[], size: number) {
  const steps = Math.max(...examples.map((example) => example.steps));
  const count = examples.length;
  const input = new Float32Array(steps * count * size);
  examples.forEach(({ values, steps: own }, b) => {
    for (let t = 0; t < own; t++) input.set(values.subarray(t * size, (t + 1) * size), (t * count + b) * size);
  });
  return {
    input: tensor(input, [steps, count, size]),
    lengths: examples.map((example) => example.steps),
    target: tensor(
      Int32Array.from(examples, ({ label }) => label),
      [count],
    ),
  };
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Learns, and gives the share of test examples that it names rightly in the end. */
export function classify(
  train: readonly Example[],
  test: readonly Example[],
  setting: Setting,
  number: number,
): Outcome {
  const started = performance.now();
  const { inputSize, classes, hiddenSize, epochs, batch, learningRate } = setting;
  seed(number);
  const random = randomSource(3000 + number);
  const layer = new GRU({ inputSize, hiddenSize, bidirectional: true });
  const head = new Linear({ inputSize: 4 * hiddenSize, outputSize: classes });
  const parameters = [...layer.parameters(), ...head.parameters()];
  const optimizer = new AdamW(parameters, { learningRate, weightDecay: 0.05 });
  const logits = (of: ReturnType<typeof batchOf>, training: boolean): Tensor => {
    // The mean over a sequence's own steps (outputs beyond them are zeros), and where both directions end.
    const input = dropout(of.input, setting.inputDropout, training);
    const { output, state } = layer.forward(input, undefined, { lengths: of.lengths });
    const counts = tensor(of.lengths.map((length) => [length]));
    const ends = [0, 1].map((d) => reshape(slice(state, 0, d, d + 1), [of.lengths.length, hiddenSize]));
    const features = concat([div(sum(output, 0), counts), ...ends], 1);
    return head.forward(dropout(features, setting.dropout, training));
  };
  let steps = 0;
  const perEpoch = Math.ceil(train.length / batch);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(train.length, random);
    for (let i = 0; i < train.length; i += batch) {
      const of = batchOf(
        order.slice(i, i + batch).map((index) => train[index] as Example),
        inputSize,
      );
      optimizer.learningRate = learningRate * 0.5 * (1 + Math.cos((Math.PI * steps) / (epochs * perEpoch)));
      optimizer.zeroGrad();
      crossEntropy(logits(of, true), of.target).backward();
      clipGradNorm(parameters, 1);
      optimizer.step();
      steps++;
    }
  }
  const all = batchOf(test, inputSize);
  const scores = noGrad(() => logits(all, false)).toArray();
  const right = test.filter(({ label }, b) => {
    const own = scores.subarray(b * classes, (b + 1) * classes);
    return own.indexOf(Math.max(...own)) === label;
  });
  return { score: right.length / test.length, steps, seconds: (performance.now() - started) / 1000 };
}
