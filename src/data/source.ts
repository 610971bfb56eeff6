import { OptionError } from "../runtime/errors.ts";
import { Generator } from "../runtime/random.ts";
import type { Batch } from "./dataset.ts";

/** One walk over data: what is random in it is drawn from these two numbers and nothing else. */
export interface Pass {
  /** Which walk it is, from 0. */
  readonly epoch: number;
  readonly seed: number;
}

/**
 * Batches to learn from, wherever they come from. They can be walked any number of times, and the same epoch and seed give
 * the same batches in the same order: to go on in the middle of a pass is to walk it again and skip what was done.
 */
export interface BatchSource {
  batches(pass: Pass): AsyncIterable<Batch> | Iterable<Batch>;
  /** How many batches a pass has, where that is known before it is walked. */
  readonly stepsPerEpoch?: number;
  /** Each batch continues the one before, row by row, so that the state of one is where the next begins. */
  readonly carriesState?: boolean;
}

const WORD = 2 ** 32;

/**
 * The generator of one walk. Its key is drawn from the generator of `seed` at the place that (epoch, stage) names, so that
 * walks, and what is drawn by several stages of one walk, have nothing to do with each other.
 *
 * ```ts
 * const first = passGenerator({ epoch: 0, seed: 7 }).permutation(100);
 * const again = passGenerator({ epoch: 0, seed: 7 }).permutation(100);
 * const second = passGenerator({ epoch: 1, seed: 7 }).permutation(100);
 * [String(first) === String(again), String(first) === String(second)]; // [true, false]
 * ```
 *
 * @param stage which of up to 2^16 consumers of one walk.
 * @throws {OptionError} when the epoch is not a whole number from 0 to 2^32 − 1, or the seed none from 0 to 2^53 − 1.
 */
export function passGenerator({ epoch, seed }: Pass, stage = 0): Generator {
  if (!Number.isSafeInteger(epoch) || epoch < 0 || epoch >= WORD) {
    throw new OptionError(`epoch: expected a whole number from 0 to 2^32 − 1, got ${epoch}`);
  }
  const keys = new Generator(seed);
  keys.standing = { seed, counter: epoch * 2 ** 16 + stage, words: null };
  const [low, high] = keys.bits(2) as unknown as [number, number];
  return new Generator((high % 2 ** 21) * WORD + low);
}
