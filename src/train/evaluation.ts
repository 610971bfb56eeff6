/** Measuring a model on data it does not learn from. */
import { noGrad } from "../autograd/noGrad.ts";
import type { Batch, Dataset } from "../data/dataset.ts";
import type { BatchSource } from "../data/source.ts";
import { DataError } from "../runtime/errors.ts";
import { requireLengths } from "../tensor/lengths.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isOverTime, type Learner } from "./learner.ts";
import { isSource, type Metric } from "./plan.ts";
import { pauseIfDue } from "./yield.ts";

export interface EvaluationOptions {
  /** Examples at a time, where the data is not a source of batches; default 32. */
  batchSize?: number;
  /** What to measure besides the loss, by name: the mean over batches, weighted as the loss is. */
  metrics?: Readonly<Record<string, Metric>>;
  /** Gives up. */
  signal?: AbortSignal;
}

/** What was measured. */
export interface Evaluation {
  /** The mean over examples; over batches by their numbers of targets, where the data is a source of batches. */
  readonly loss: number;
  /** Examples, or batches of a source. */
  readonly count: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What one batch counts, and the batch. */
interface Weighed {
  readonly weight: number;
  readonly fetch: () => Batch;
}

/** The mean loss and metrics over data. @throws {DataError} when a source has no batches; the signal's reason when it comes. */
export async function evaluateOn(
  learner: Learner,
  data: Dataset | BatchSource,
  { batchSize = 32, metrics = {}, signal }: EvaluationOptions,
  seed: number,
): Promise<Evaluation> {
  const carries = isSource(data) && data.carriesState === true;
  const sums = Object.keys(metrics).map((name): [string, number] => [name, 0]);
  let [total, weights, batches] = [0, 0, 0];
  let state: unknown;
  for await (const { weight, fetch } of isSource(data) ? weighSource(data, seed) : weighDataset(data, batchSize)) {
    signal?.throwIfAborted();
    state = noGrad(() => {
      const batch = fetch();
      const { output, loss, state: next } = learner.pass(batch, { carries, state });
      total += weight * loss.item();
      for (const sum of sums) sum[1] += weight * (metrics[sum[0]] as Metric)(output, batch.target, batch);
      return carries ? next : undefined;
    });
    weights += weight;
    batches++;
    await pauseIfDue();
  }
  if (batches === 0) throw new DataError("evaluate: expected at least one batch, got none");
  const means = sums.map(([name, sum]) => [name, sum / weights] as const);
  return { loss: total / weights, count: isSource(data) ? batches : data.length, metrics: Object.fromEntries(means) };
}

function* weighDataset(data: Dataset, batchSize: number): Iterable<Weighed> {
  for (let start = 0; start < data.length; start += batchSize) {
    const length = Math.min(batchSize, data.length - start);
    const indices = Int32Array.from({ length }, (_, i) => start + i);
    yield { weight: length, fetch: () => data.batch(indices) };
  }
}

async function* weighSource(source: BatchSource, seed: number): AsyncGenerator<Weighed> {
  for await (const batch of source.batches({ epoch: 0, seed })) yield { weight: targetsOf(batch), fetch: () => batch };
}

/** How many targets a batch has, those of padding left out. */
function targetsOf({ input, target, lengths }: Batch): number {
  const [steps, batch] = target.shape;
  if (!lengths || !isOverTime(input, target)) return target.size;
  const there = requireLengths("evaluate lengths", lengths, batch as number, steps as number);
  return there.reduce((sum, length) => sum + length, 0) * sizeOf(target.shape.slice(2));
}
