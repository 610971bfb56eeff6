import type { Batch } from "../../data/dataset.ts";
import { crossEntropy } from "../../ops/loss/classification.ts";
import { requireCount } from "../../runtime/options.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { RandomSource, Task } from "./task.ts";
import { errorRate } from "./wrong.ts";

/** What the sequences of a copy task are like. */
export interface CopyOptions {
  /** How many different symbols there are. */
  symbols: number;
  /** How many are to be remembered. */
  length: number;
  /** For how many time steps. */
  pause: number;
  /** Sequences in the batch. */
  count: number;
}

/**
 * Sequences of the copy task: `length` symbols, a pause of `pause` time steps, the last of which brings a sign, and then
 * they are to be said again. Input and target are int32 [T, B] with T = pause + 2·length; symbols are 0 … symbols − 1, the
 * blank is `symbols`, the sign `symbols + 1`.
 *
 * ```ts
 * const { input, target } = copyBatch({ symbols: 8, length: 2, pause: 3, count: 1 }, () => 0.5);
 * input.toArray(); // [4, 4, 8, 8, 9, 8, 8]
 * target.toArray(); // [8, 8, 8, 8, 8, 4, 4]
 * ```
 *
 * @param random gives numbers evenly spread over [0, 1).
 * @throws {OptionError} when an option is not a whole number ≥ 1.
 * Sources: Hochreiter & Schmidhuber 1997; as in Arjovsky, Shah & Bengio 2016, "Unitary evolution recurrent neural networks".
 */
export function copyBatch({ symbols, length, pause, count }: CopyOptions, random: RandomSource): Batch {
  for (const [name, value] of Object.entries({ symbols, length, pause, count }))
    requireCount(`copyBatch ${name}`, value);
  const steps = pause + 2 * length;
  const [blank, sign] = [symbols, symbols + 1];
  const input = new Int32Array(steps * count).fill(blank);
  const target = new Int32Array(steps * count).fill(blank);
  for (let b = 0; b < count; b++) {
    for (let i = 0; i < length; i++) {
      const symbol = Math.floor(random() * symbols);
      input[i * count + b] = symbol;
      target[(length + pause + i) * count + b] = symbol;
    }
    input[(length + pause - 1) * count + b] = sign;
  }
  return { input: Tensor.fromArray(input, [steps, count]), target: Tensor.fromArray(target, [steps, count]) };
}

/** The copy task. */
export const copying: Task = {
  description: "say a row of symbols again after a pause (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016)",
  score: "share of symbols wrong",
  defaults: {
    pause: 8,
    length: 4,
    symbols: 8,
    hiddenSize: 48,
    batchSize: 32,
    learningRate: 5e-3,
    clipNorm: 1,
    target: 0.05,
    every: 25,
    validationSize: 128,
  },
  prepare: (options) => {
    const [pause, length, symbols] = (["pause", "length", "symbols"] as const).map((name) =>
      requireCount(`copy ${name}`, options[name] as number),
    ) as [number, number, number];
    return {
      input: { tokens: symbols + 2 },
      outputSize: symbols + 1,
      speaks: "every",
      memory: pause + 2 * length,
      batch: (count, random) => copyBatch({ pause, length, symbols, count }, random),
      loss: (output, target) => crossEntropy(output, target),
      score: (output, target) => errorRate(output, target, (length + pause) * (target.shape[1] as number)),
    };
  },
};
