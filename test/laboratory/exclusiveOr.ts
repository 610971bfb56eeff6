import { mseLoss, tensor } from "../../src/index.ts";
import { defineTask } from "../../src/laboratory/index.ts";

/** Makes the task known whether two bits, read one after the other, differ: no linear network comes below an error of 1/4. */
export function exclusiveOr(hiddenSize: number): void {
  defineTask("exclusive or", {
    description: "say whether two bits differ",
    score: "mean squared error",
    defaults: {
      ...{ hiddenSize, batchSize: 16, learningRate: 0.02, clipNorm: 1, target: 0.05, every: 20, validationSize: 200 },
    },
    prepare: () => ({
      input: { numbers: 1 },
      outputSize: 1,
      speaks: "last",
      memory: 2,
      batch: (count, random) => {
        const bits = Float32Array.from({ length: 2 * count }, () => Math.floor(random() * 2));
        const answers = Float32Array.from({ length: count }, (_, b) => Math.abs(bits[b]! - bits[count + b]!));
        return { input: tensor(bits, [2, count, 1]), target: tensor(answers, [count, 1]) };
      },
      loss: (output, target) => mseLoss(output, target),
      score: (output, target) => mseLoss(output, target).item(),
    }),
  });
}
