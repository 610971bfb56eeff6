/** Walks over data, step by step. */
import type { Batch, Dataset } from "../data/dataset.ts";
import type { BatchSource } from "../data/source.ts";
import { DataError } from "../runtime/errors.ts";
import type { Generator } from "../runtime/random.ts";
import { isSource, type Plan } from "./plan.ts";

/** A batch that is yet to be made. */
export interface Part {
  /** Its share of the step's loss. */
  readonly share: number;
  readonly fetch: () => Batch;
}

/** What one step learns from. */
export interface Portion {
  /** One batch, or several whose gradients are added up. */
  readonly parts: readonly Part[];
  /** Whether the pass ends with it. */
  readonly last: boolean;
}

/** Which pass is walked, and from where on. */
export interface Pass {
  /** From 0. */
  readonly epoch: number;
  readonly seed: number;
  /** Steps to leave out at its beginning. */
  readonly skip: number;
  /** Of the order of a dataset; as it stood before the pass. */
  readonly generator: Generator;
}

/** One pass over the data. @throws {DataError} when a source has no batches, or not as many as it says. */
export function walk(plan: Plan, pass: Pass): AsyncIterable<Portion> | Iterable<Portion> {
  return isSource(plan.data) ? walkSource(plan.data, plan.accumulate, pass) : walkDataset(plan.data, plan, pass);
}

function* walkDataset(data: Dataset, plan: Plan, { skip, generator }: Pass): Iterable<Portion> {
  const { batchSize, accumulate, shuffle } = plan;
  const order = shuffle ? generator.permutation(data.length) : Int32Array.from({ length: data.length }, (_, i) => i);
  const each = batchSize * accumulate;
  for (let start = skip * each; start < order.length; start += each) {
    const indices = order.subarray(start, start + each);
    const parts: Part[] = [];
    for (let at = 0; at < indices.length; at += batchSize) {
      const own = indices.subarray(at, at + batchSize);
      parts.push({ share: own.length / indices.length, fetch: () => data.batch(own) });
    }
    yield { parts, last: start + each >= order.length };
  }
}

async function* walkSource(source: BatchSource, accumulate: number, pass: Pass): AsyncGenerator<Portion> {
  const { epoch, seed, skip } = pass;
  const { stepsPerEpoch } = source;
  let count = 0;
  let gathered: Batch[] = [];
  // One step is held back, so that it is known of each whether it is the last.
  let held: Batch[] | null = null;
  for await (const batch of source.batches({ epoch, seed })) {
    if (++count > (stepsPerEpoch ?? Number.POSITIVE_INFINITY)) throw otherCount(epoch, stepsPerEpoch, "more");
    if (count <= skip * accumulate) continue;
    gathered.push(batch);
    if (gathered.length < accumulate) continue;
    if (held) yield portionOf(held, false);
    held = gathered;
    gathered = [];
  }
  if (count === 0) throw new DataError(`data, pass ${epoch + 1}: expected at least one batch, got none`);
  if (count < (stepsPerEpoch ?? 0)) throw otherCount(epoch, stepsPerEpoch, count);
  if (gathered.length > 0) {
    if (held) yield portionOf(held, false);
    held = gathered;
  }
  if (held) yield portionOf(held, true);
}

function otherCount(epoch: number, wanted: number | undefined, got: number | "more"): DataError {
  return new DataError(`data, pass ${epoch + 1}: expected ${wanted} batches, as its stepsPerEpoch says, got ${got}`);
}

function portionOf(batches: readonly Batch[], last: boolean): Portion {
  return { parts: batches.map((batch) => ({ share: 1 / batches.length, fetch: () => batch })), last };
}
