import type { Batch, Dataset } from "../data/dataset.ts";
import type { BatchSource } from "../data/source.ts";
import type { Schedule } from "../optim/schedule/schedule.ts";
import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Callback } from "./callback.ts";
import type { Progress } from "./history.ts";

/** A figure of how well a model does on a batch of validation data, from what it says and what it should have said. */
export type Metric = (output: Tensor, target: Tensor, batch: Batch) => number;

export interface FitOptions {
  /** Passes over the data; default 1, or as many as `steps` takes. */
  epochs?: number;
  /** Steps to do, whatever the number of passes. */
  steps?: number;
  /** Stop after this time. */
  seconds?: number;
  /** Examples a batch, where the data is not a source of batches; default 32. The last batch of a pass may be smaller. */
  batchSize?: number;
  /**
   * Batches a step; default 1. Their gradients are added up before the step, so that n batches of b examples learn as one
   * of n·b, in the memory of b. The last step of a pass may have fewer.
   */
  accumulate?: number;
  /** A new random order each pass, where the data is not a source of batches; default true. */
  shuffle?: boolean;
  /** The learning rate of each step; default: the optimizer's own, throughout. */
  schedule?: Schedule;
  /** Data to measure on, never learned from. */
  validation?: Dataset | BatchSource;
  /** Steps between validations; default once a pass. */
  validationEvery?: number;
  /** What validations measure besides the loss, by name: the mean over batches, weighted as the loss is. */
  metrics?: Readonly<Record<string, Metric>>;
  /**
   * Of a training without an end: the history holds at least this many of the latest losses, and at most twice as many, so
   * that memory stays where it is; default: all of them.
   */
  keepLosses?: number;
  /** Who is told of the training, in order. */
  callbacks?: readonly Callback[];
  /**
   * A training that `save` has written: it goes on where it was, to the same bits. The other options, the data, and the
   * model, optimizer, schedule and callbacks must be made as they were; `steps` and `epochs` count from its beginning.
   */
  resume?: Uint8Array;
  /** Stops the training after the step that runs. */
  signal?: AbortSignal;
  /** Called after every step; awaited when it returns a promise. */
  onProgress?: (progress: Progress) => void | Promise<void>;
}

const fitOptions = [
  "epochs",
  "steps",
  "seconds",
  "batchSize",
  "accumulate",
  "shuffle",
  "schedule",
  "validation",
  "validationEvery",
  "metrics",
  "keepLosses",
  "callbacks",
  "resume",
  "signal",
  "onProgress",
];

/** What one `fit` is to do. */
export interface Plan {
  readonly data: Dataset | BatchSource;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly shuffle: boolean;
  /** Steps of a pass, where that is known. */
  readonly perEpoch: number | undefined;
  /** Steps to do, as far as known. */
  readonly steps: number;
  readonly epochs: number;
  readonly options: FitOptions;
}

/** @throws {OptionError} when an option is unknown or out of range; {DataError} when there is no data. */
export function planOf(data: Dataset | BatchSource, options: FitOptions): Plan {
  requireKnown("fit", options, fitOptions);
  const batchSize = requireCount("fit batchSize", options.batchSize ?? 32);
  const accumulate = requireCount("fit accumulate", options.accumulate ?? 1);
  requireData("fit", data);
  if (options.validation) requireData("fit validation", options.validation);
  for (const name of ["validationEvery", "keepLosses"] as const) requireCount(`fit ${name}`, options[name] ?? 1);
  if (options.seconds !== undefined && !(options.seconds > 0)) {
    throw new OptionError(`fit seconds: expected a number > 0, got ${options.seconds}`);
  }
  requireParts(options);
  const batches = isSource(data) ? data.stepsPerEpoch : Math.ceil(data.length / batchSize);
  const perEpoch = batches === undefined ? undefined : Math.ceil(batches / accumulate);
  const byEpochs = options.steps === undefined;
  const epochs = byEpochs ? requireCount("fit epochs", options.epochs ?? 1) : Number.POSITIVE_INFINITY;
  const steps = byEpochs
    ? epochs * (perEpoch ?? Number.POSITIVE_INFINITY)
    : requireCount("fit steps", options.steps as number);
  return { data, batchSize, accumulate, shuffle: options.shuffle ?? true, perEpoch, steps, epochs, options };
}

function requireParts({ metrics = {}, callbacks = [], schedule, resume }: FitOptions): void {
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "function") {
      throw new OptionError(`fit metrics ${name}: expected a function, got ${typeof metric}`);
    }
  }
  if (!Array.isArray(callbacks) || callbacks.some((callback) => typeof callback !== "object" || callback === null)) {
    throw new OptionError("fit callbacks: expected an array of objects, got something else");
  }
  if (schedule !== undefined && typeof schedule?.rateAt !== "function") {
    throw new OptionError("fit schedule: expected an object with a method rateAt, got none");
  }
  if (resume !== undefined && !(resume instanceof Uint8Array)) {
    throw new OptionError(`fit resume: expected the bytes of a checkpoint, got ${typeof resume}`);
  }
}

/** Whether data is walked rather than fetched by number. */
export function isSource(data: Dataset | BatchSource): data is BatchSource {
  return typeof (data as Partial<BatchSource>).batches === "function";
}

/** @throws {DataError} when there is none, or a source says a number of batches that is none. */
export function requireData(what: string, data: Dataset | BatchSource): void {
  if (isSource(data)) {
    const { stepsPerEpoch } = data;
    if (stepsPerEpoch === undefined || (Number.isSafeInteger(stepsPerEpoch) && stepsPerEpoch >= 1)) return;
    throw new DataError(`${what} stepsPerEpoch: expected a whole number ≥ 1, got ${stepsPerEpoch}`);
  }
  if (!(data.length > 0)) throw new DataError(`${what}: expected at least one example, got ${data.length}`);
}
