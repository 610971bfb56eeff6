import { CharacterVocabulary } from "../../data/characters.ts";
import type { Batch } from "../../data/dataset.ts";
import { crossEntropy } from "../../ops/loss/classification.ts";
import { DataError } from "../../runtime/errors.ts";
import { requireCount } from "../../runtime/options.ts";
import { Generator } from "../../runtime/random.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { randomSource } from "./random.ts";
import { sentences } from "./sentences.ts";
import type { RandomSource, Task } from "./task.ts";

/** Characters of the text that is there when none is given. */
const BUILT_IN = 100_000;

/** The share of a text, from its end, that networks are judged by. */
const HELD_OUT = 0.1;

let builtIn: string | null = null;

/** The same on every host: sentences of a grammar, drawn from one seed. */
function builtInText(): string {
  builtIn ??= sentences(BUILT_IN, randomSource(new Generator(1851)));
  return builtIn;
}

/** Windows of the text as input and, one character later, target: int32 [T, B]. */
function windows(tokens: Int32Array, starts: readonly number[], steps: number): Batch {
  const count = starts.length;
  const [input, target] = [new Int32Array(steps * count), new Int32Array(steps * count)];
  starts.forEach((start, b) => {
    for (let t = 0; t < steps; t++) {
      input[t * count + b] = tokens[start + t] as number;
      target[t * count + b] = tokens[start + t + 1] as number;
    }
  });
  return { input: Tensor.fromArray(input, [steps, count]), target: Tensor.fromArray(target, [steps, count]) };
}

/** Reading a text. */
export const characters: Task = {
  description: "foretell the next character of a text: one of your own, or sentences of a small grammar",
  score: "bits per character",
  defaults: {
    window: 32,
    hiddenSize: 48,
    batchSize: 32,
    learningRate: 5e-3,
    clipNorm: 1,
    target: 0.8,
    every: 25,
    validationSize: 64,
  },
  prepare: (options, data) => {
    const steps = requireCount("characters window", options.window as number);
    const text = data ?? builtInText();
    const vocabulary = new CharacterVocabulary(text);
    const tokens = vocabulary.encode(text);
    const boundary = tokens.length - Math.floor(tokens.length * HELD_OUT);
    const [learned, held] = [tokens.subarray(0, boundary), tokens.subarray(boundary)];
    if (held.length <= steps) {
      throw new DataError(
        `characters: expected a text whose last tenth is longer than a window of ${steps}, got ${tokens.length} characters`,
      );
    }
    return {
      input: { tokens: vocabulary.size },
      outputSize: vocabulary.size,
      speaks: "every",
      memory: steps,
      batch: (count, random: RandomSource) => {
        const starts = Array.from({ length: count }, () => Math.floor(random() * (learned.length - steps)));
        return windows(learned, starts, steps);
      },
      // Side by side over the held-out part, or as near to that as its length lets them.
      validation: (count) => {
        const apart = (held.length - steps - 1) / Math.max(1, count - 1);
        return windows(
          held,
          Array.from({ length: count }, (_, i) => Math.floor(i * apart)),
          steps,
        );
      },
      loss: (output, target) => crossEntropy(output, target),
      score: (output, target) => crossEntropy(output, target).item() / Math.LN2,
    };
  },
};
