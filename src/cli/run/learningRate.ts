import { join } from "node:path";
import {
  type Batch,
  type BatchSource,
  type Dataset,
  findLearningRate,
  Generator,
  learningRateChart,
  type Module,
  type Optimizer,
  Tensor,
} from "../../index.ts";
import { replaceFile } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import type { Display } from "./display.ts";

/** The picture of the search, in the folder of the run. */
export const learningRateFile = "learning-rate.svg";

/** Rates that are tried, a step each. */
const STEPS = 100;

/** Settings whose learning rate is settled. */
export type Settled<Settings> = Settings & { readonly learningRate: number };

/** Settings with the learning rate that they give, or else the one that is found. */
export async function settleLearningRate<Settings extends { readonly learningRate: number | "auto" }>(
  settings: Settings,
  search: () => Promise<number>,
): Promise<Settled<Settings>> {
  const { learningRate } = settings;
  return { ...settings, learningRate: learningRate === "auto" ? await search() : learningRate };
}

/** A model that is about to learn, and what from. */
export interface Search {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly loss: (output: Tensor, target: Tensor) => Tensor;
  readonly clipNorm: number;
  readonly data: Dataset | BatchSource;
  readonly batchSize: number;
  readonly seed: number;
  /** The folder of the run. */
  readonly out: string;
  readonly display: Display;
  readonly signal: AbortSignal;
}

/**
 * The learning rate that a sweep over growing ones suggests, with its picture left in the folder. The model, the optimizer and
 * what is drawn at random are afterwards what they were.
 * @throws {Failure} when the loss falls at none of them, or Ctrl-C comes first.
 */
export async function searchLearningRate(search: Search): Promise<number> {
  const { model, optimizer, clipNorm, out, display, signal } = search;
  display.say(`looking for a learning rate: ${STEPS} steps at growing rates`);
  const batches = await batchesOf(search);
  if (signal.aborted) throw interrupted();
  const curve = await findLearningRate({
    model,
    optimizer,
    clipNorm,
    signal,
    steps: STEPS,
    loss: (step) => {
      const { input, target, lengths } = batches(step);
      const result = lengths ? model.forward(input, undefined, { lengths }) : model.forward(input);
      const output = result instanceof Tensor ? result : (result as { output: Tensor }).output;
      return search.loss(output, target);
    },
  }).catch((error) => {
    throw signal.aborted ? interrupted() : error;
  });
  replaceFile(join(out, learningRateFile), learningRateChart(curve));
  if (curve.suggestion === null) {
    throw new Failure(
      `--learning-rate auto: expected a rate at which the loss falls, got none; see ${join(out, learningRateFile)}`,
    );
  }
  // As many digits as it is worth, so that it can be given again.
  const found = Number(curve.suggestion.toPrecision(2));
  display.say(`learning rate ${found}; the sweep is drawn in ${join(out, learningRateFile)}`);
  return found;
}

const interrupted = (): Failure => new Failure("interrupted before anything was learned");

/** Batches by number, the same for the same seed. */
async function batchesOf({ data, batchSize, seed }: Search): Promise<(step: number) => Batch> {
  if ("length" in data) {
    const generator = new Generator(seed);
    const size = Math.min(batchSize, data.length);
    return () => data.batch(Int32Array.from({ length: size }, () => generator.below(data.length)));
  }
  const batches: Batch[] = [];
  for (let epoch = 0; batches.length < STEPS; epoch++) {
    const before = batches.length;
    for await (const batch of data.batches({ epoch, seed })) {
      if (batches.push(batch) === STEPS) break;
    }
    if (batches.length === before) break;
  }
  return (step) => batches[step % batches.length] as Batch;
}
