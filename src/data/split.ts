import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { Generator } from "../runtime/random.ts";
import { Examples, type Walkable } from "./examples.ts";
import { boundsOf, cutsOf } from "./fractions.ts";
import { passGenerator } from "./source.ts";

export interface SplitOptions {
  /** How much of the data each part gets: numbers > 0 whose sum is 1, such as [0.8, 0.1, 0.1]. */
  fractions: readonly number[];
  /** Of the choice; default 0. */
  seed?: number;
}

/**
 * Parts of the data chosen at random, each example in exactly one, the same for the same seed in every walk. Of an array
 * each part has its share to within one example. Where the number of examples is not known beforehand each one is drawn
 * by itself, so that nothing has to be held: shares are then right on average.
 *
 * ```ts
 * const [train, validation] = splitExamples([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { fractions: [0.9, 0.1], seed: 1 });
 * [train?.length, validation?.length]; // [9, 1]
 * ```
 *
 * Examples that belong together (takes of one speaker, windows of one series) want `splitByGroup` or `splitByTime`.
 * @throws {OptionError} when fractions are not numbers > 0 with sum 1, the seed is none, or the examples are shuffled: the
 *   parts would then be others in each walk. Split first, shuffle the part that is learned from.
 * @throws {DataError} when there are fewer examples than parts, where that is known.
 */
export function splitExamples<E>(source: Walkable<E>, options: SplitOptions): Examples<E>[] {
  requireKnown("splitExamples", options, ["fractions", "seed"]);
  const bounds = boundsOf("splitExamples", options.fractions);
  const { seed = 0 } = options;
  const examples = inOneOrder("splitExamples", source);
  const { length } = examples;
  if (length === undefined) {
    drawnPart(bounds, seed);
    return partsOf(examples, bounds.length, () => drawnPart(bounds, seed));
  }
  const parts = exactParts("splitExamples", length, bounds, seed);
  return partsOf(examples, bounds.length, () => (_, index) => parts[index] as number, lengthsOf(parts, bounds.length));
}

/**
 * Parts that share no group: all examples of a speaker, patient, machine or day are in the same one. Walks the data once
 * to count the groups, which it keeps (names and counts, not examples). Groups are taken in random order; each goes to the
 * part that lacks most of its share, and every part gets at least one.
 *
 * ```ts
 * const takes = ["ann", "bob", "ann", "eve", "bob", "eve"].map((speaker, take) => ({ speaker, take }));
 * const [train, test] = await splitByGroup(takes, ({ speaker }) => speaker, { fractions: [0.7, 0.3] });
 * [train?.length, test?.length]; // [4, 2]
 * ```
 *
 * @throws {OptionError} when fractions are not numbers > 0 with sum 1; {DataError} when there are fewer groups than parts.
 */
export async function splitByGroup<E>(
  source: Walkable<E>,
  groupOf: (example: E) => string | number,
  options: SplitOptions,
): Promise<Examples<E>[]> {
  requireKnown("splitByGroup", options, ["fractions", "seed"]);
  const bounds = boundsOf("splitByGroup", options.fractions);
  const examples = Examples.from(source);
  const counts = new Map<string | number, number>();
  let total = 0;
  for await (const chunk of examples.chunks()) {
    for (const example of chunk) {
      const group = groupOf(example);
      counts.set(group, (counts.get(group) ?? 0) + 1);
      total++;
    }
  }
  if (counts.size < bounds.length) {
    throw new DataError(`splitByGroup: expected at least ${bounds.length} groups, got ${counts.size}`);
  }
  const parts = groupParts(counts, total, options.fractions, new Generator(options.seed ?? 0));
  const partOf = (example: E): number => {
    const part = parts.get(groupOf(example));
    if (part === undefined)
      throw new DataError(`splitByGroup: group ${groupOf(example)} was not there when it was split`);
    return part;
  };
  const lengths = new Array<number>(bounds.length).fill(0);
  for (const [group, part] of parts) lengths[part] = (lengths[part] as number) + (counts.get(group) as number);
  return partsOf(examples, bounds.length, () => partOf, lengths);
}

export interface TimeSplitOptions {
  /** How much of the data each part gets, earliest first: numbers > 0 whose sum is 1. */
  fractions: readonly number[];
  /** Examples left out at each border, so that windows on both sides have no value in common; default 0. */
  gap?: number;
}

/**
 * Parts that follow each other in time: the data in the order they come, cut. Where their number is not known beforehand
 * the data are walked once to count them.
 * ```ts
 * const [before, after] = await splitByTime([1, 2, 3, 4, 5, 6], { fractions: [0.5, 0.5], gap: 1 });
 * const found = [await before?.toArray(), await after?.toArray()];
 * found; // [[1, 2, 3], [5, 6]]
 * ```
 *
 * @param at the time of an example, to have it checked that they come in its order.
 * @throws {OptionError} when fractions are not numbers > 0 with sum 1, or the gap is no whole number ≥ 0.
 * @throws {DataError} when a part would be empty, or, with `at`, an example is earlier than the one before.
 */
export async function splitByTime<E>(
  source: Walkable<E>,
  options: TimeSplitOptions,
  at?: (example: E) => number,
): Promise<Examples<E>[]> {
  requireKnown("splitByTime", options, ["fractions", "gap"]);
  const { fractions, gap = 0 } = options;
  if (!Number.isSafeInteger(gap) || gap < 0) {
    throw new OptionError(`splitByTime gap: expected a whole number ≥ 0, got ${gap}`);
  }
  boundsOf("splitByTime", fractions);
  const examples = inOneOrder("splitByTime", source);
  const total = examples.length !== undefined && !at ? examples.length : await countInOrder(examples, at);
  const cuts = cutsOf("splitByTime", fractions, total);
  return fractions.map((_, p) => {
    const start = (cuts[p] as number) + (p > 0 ? gap : 0);
    const count = (cuts[p + 1] as number) - start;
    if (count < 1)
      throw new DataError(`splitByTime: expected examples for each part, got ${total} for all, gap ${gap}`);
    return (start > 0 ? examples.skip(start) : examples).take(count);
  });
}

async function countInOrder<E>(examples: Examples<E>, at?: (example: E) => number): Promise<number> {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  for await (const chunk of examples.chunks()) {
    for (const example of chunk) {
      const time = at?.(example) ?? last;
      if (!(time >= last)) {
        throw new DataError(
          `splitByTime: expected examples in the order of time, got ${time} after ${last} at ${count}`,
        );
      }
      last = time;
      count++;
    }
  }
  return count;
}

/** @throws {OptionError} when the order changes with each pass: the parts would be others each time, and mix. */
function inOneOrder<E>(what: string, source: Walkable<E>): Examples<E> {
  const examples = Examples.from(source);
  if (examples.shuffled) {
    throw new OptionError(
      `${what}: expected examples in an order that stays, got shuffled ones; split first, then shuffle`,
    );
  }
  return examples;
}

function partsOf<E>(
  examples: Examples<E>,
  count: number,
  start: () => (example: E, index: number) => number,
  lengths?: readonly number[],
): Examples<E>[] {
  return Array.from({ length: count }, (_, p) =>
    Examples.fromChunks(async function* (pass) {
      const partOf = start();
      let index = 0;
      for await (const chunk of examples.chunks(pass)) {
        yield chunk.filter((example) => partOf(example, index++) === p);
      }
    }, lengths?.[p]),
  );
}

function lengthsOf(parts: Uint8Array, count: number): number[] {
  const lengths = new Array<number>(count).fill(0);
  for (const part of parts) lengths[part] = (lengths[part] as number) + 1;
  return lengths;
}

/** Which part each of `length` examples is in: a random order, cut. */
function exactParts(what: string, length: number, bounds: readonly number[], seed: number): Uint8Array {
  const order = new Generator(seed).permutation(length);
  const parts = new Uint8Array(length);
  let start = 0;
  bounds.forEach((bound, p) => {
    const end = Math.round(bound * length);
    if (end <= start) throw new DataError(`${what}: expected examples for each part, got ${length} for all`);
    for (const index of order.subarray(start, end)) parts[index] = p;
    start = end;
  });
  return parts;
}

/** Draws the part of one example after the other, from a sequence that starts over with each walk. */
function drawnPart(bounds: readonly number[], seed: number): () => number {
  const generator = passGenerator({ epoch: 0, seed });
  return () => {
    const drawn = generator.below(2 ** 32) / 2 ** 32;
    return bounds.findIndex((bound) => drawn < bound);
  };
}

function groupParts(
  counts: ReadonlyMap<string | number, number>,
  total: number,
  fractions: readonly number[],
  generator: Generator,
): Map<string | number, number> {
  const groups = [...counts.keys()].sort(byName);
  const lacking = fractions.map((fraction) => fraction * total);
  const empty = new Set(fractions.keys());
  const parts = new Map<string | number, number>();
  generator.permutation(groups.length).forEach((at, taken) => {
    const group = groups[at] as string | number;
    // When as many groups are left as parts are empty, each of those gets one.
    const open = groups.length - taken <= empty.size ? [...empty] : [...fractions.keys()];
    const part = open.reduce((best, p) => ((lacking[p] as number) > (lacking[best] as number) ? p : best));
    lacking[part] = (lacking[part] as number) - (counts.get(group) as number);
    empty.delete(part);
    parts.set(group, part);
  });
  return parts;
}

/** An order that does not depend on where in the data a group comes first. */
function byName(a: string | number, b: string | number): number {
  return String(a) < String(b) ? -1 : 1;
}
