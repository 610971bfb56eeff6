import type { Batch } from "../../data/dataset.ts";
import { mseLoss } from "../../ops/loss/regression.ts";
import { requireCount } from "../../runtime/options.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { RandomSource, Task } from "./task.ts";

/**
 * Sequences of the adding problem: of `steps` random numbers from [0, 1) two are marked, one in each half, and their sum is
 * the target. Input [T, B, 2] (numbers and marks), target [B, 1]. Always saying 1 has a mean squared error of 1/6.
 *
 * ```ts
 * const { input, target } = addingBatch({ steps: 10, count: 3 }, () => 0.25);
 * input.shape; // [10, 3, 2]
 * target; // [[0.5], [0.5], [0.5]]
 * ```
 *
 * @param random gives numbers evenly spread over [0, 1).
 * @throws {OptionError} when `steps` or `count` is not a whole number ≥ 1.
 * Sources: Hochreiter & Schmidhuber 1997, "Long short-term memory", section 5.4; as in Le, Jaitly & Hinton 2015.
 */
export function addingBatch({ steps, count }: { steps: number; count: number }, random: RandomSource): Batch {
  requireCount("addingBatch steps", steps);
  requireCount("addingBatch count", count);
  const input = new Float32Array(steps * count * 2);
  const target = new Float32Array(count);
  for (let b = 0; b < count; b++) {
    for (let t = 0; t < steps; t++) input[(t * count + b) * 2] = random();
    const first = Math.floor((random() * steps) / 2);
    const second = Math.floor(steps / 2 + (random() * steps) / 2);
    for (const t of [first, second]) {
      const at = (t * count + b) * 2;
      input[at + 1] = 1;
      target[b] = (target[b] as number) + (input[at] as number);
    }
  }
  return { input: Tensor.fromArray(input, [steps, count, 2]), target: Tensor.fromArray(target, [count, 1]) };
}

/** The adding problem. */
export const adding: Task = {
  description: "say the sum of the two marked ones of many random numbers (Hochreiter & Schmidhuber 1997)",
  score: "mean squared error",
  defaults: {
    steps: 30,
    hiddenSize: 32,
    batchSize: 32,
    learningRate: 3e-3,
    clipNorm: 1,
    target: 0.01,
    every: 25,
    validationSize: 256,
  },
  prepare: (options) => {
    const steps = requireCount("adding steps", options.steps as number);
    return {
      input: { numbers: 2 },
      outputSize: 1,
      speaks: "last",
      memory: steps,
      batch: (count, random) => addingBatch({ steps, count }, random),
      loss: (output, target) => mseLoss(output, target),
      score: (output, target) => mseLoss(output, target).item(),
    };
  },
};
