import { DataError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./dataset.ts";
import type { BatchSource } from "./source.ts";

export interface LanguageModelOptions {
  /** Pieces of the text that are read side by side. */
  batchSize: number;
  /** Tokens of each piece a batch: how far gradients go back. */
  steps: number;
}

/**
 * A text as a language model reads it from beginning to end: cut into `batchSize` pieces of equal length that lie side by side,
 * `steps` tokens of each a batch. Input and target are int32 [T, B], the target one token later; each batch continues the
 * one before, so state is carried. The last batch of a pass may have fewer steps; up to `batchSize` tokens at the end of
 * the text are left over. Epoch and seed change nothing.
 *
 * ```ts
 * const source = languageModelBatches(new CharacterVocabulary("hello").encode("hello hello".replace(" ", "")), {
 *   batchSize: 3,
 *   steps: 2,
 * });
 * source.stepsPerEpoch; // 2
 * ```
 *
 * @throws {OptionError} when batchSize or steps is not a whole number ≥ 1; {DataError} when there are too few tokens.
 * Source: Zaremba, Sutskever & Vinyals 2014, "Recurrent neural network regularization", section 4.1.
 */
export function languageModelBatches(tokens: Int32Array, options: LanguageModelOptions): BatchSource {
  requireKnown("languageModelBatches", options, ["batchSize", "steps"]);
  const batchSize = requireCount("languageModelBatches batchSize", options.batchSize);
  const steps = requireCount("languageModelBatches steps", options.steps);
  if (!(tokens instanceof Int32Array)) {
    throw new DataError(`languageModelBatches: expected tokens as an Int32Array, got ${typeof tokens}`);
  }
  // The token after a piece's last one is its last target.
  const length = Math.floor((tokens.length - 1) / batchSize);
  if (length < 1) {
    throw new DataError(`languageModelBatches: expected more than ${batchSize} tokens, got ${tokens.length}`);
  }
  return {
    carriesState: true,
    stepsPerEpoch: Math.ceil(length / steps),
    *batches() {
      for (let start = 0; start < length; start += steps) {
        const count = Math.min(steps, length - start);
        yield besideEachOther(batchSize, count, (b) =>
          tokens.subarray(b * length + start, b * length + start + count + 1),
        );
      }
    },
  };
}

/**
 * One batch of pieces of text: input and target [T, B] from `steps` + 1 tokens of each.
 *
 * ```ts
 * const text = [1, 2, 3, 4, 5, 6];
 * const { input, target } = besideEachOther(2, 2, (b) => text.slice(3 * b, 3 * b + 3));
 * input; // [[1, 4], [2, 5]]
 * target; // [[2, 5], [3, 6]]
 * ```
 *
 * @param piece the tokens of piece b.
 */
export function besideEachOther(batchSize: number, steps: number, piece: (b: number) => ArrayLike<number>): Batch {
  const input = new Int32Array(steps * batchSize);
  const target = new Int32Array(steps * batchSize);
  for (let b = 0; b < batchSize; b++) {
    const tokens = piece(b);
    for (let t = 0; t < steps; t++) {
      input[t * batchSize + b] = tokens[t] as number;
      target[t * batchSize + b] = tokens[t + 1] as number;
    }
  }
  return { input: Tensor.fromArray(input, [steps, batchSize]), target: Tensor.fromArray(target, [steps, batchSize]) };
}
