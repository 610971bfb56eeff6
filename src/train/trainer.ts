import { inScope, noGrad } from "../autograd/noGrad.ts";
import type { Batch, Dataset } from "../data/dataset.ts";
import { Module } from "../nn/module.ts";
import { clipGradNorm, Optimizer } from "../optim/optimizer.ts";
import { engine } from "../runtime/engine.ts";
import { DataError, NumericError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { Generator } from "../runtime/random.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Stretch } from "./yield.ts";

export interface TrainerOptions {
  model: Module;
  /** From what the model says (of a recurrent layer, its output) and what it should say to a single number. */
  loss: (output: Tensor, target: Tensor) => Tensor;
  optimizer: Optimizer;
  /** Scale gradients to at most this norm before each step; default: do not. */
  clipNorm?: number;
  /** Of the order in which examples are shown; default 0. */
  seed?: number;
}

/** How far a training is. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Steps to do, as far as known. */
  readonly steps: number;
  /** Passes over the data begun, from 1. */
  readonly epoch: number;
  /** Loss of this step's batch, before the step. */
  readonly loss: number;
  /** Norm of the gradients before clipping; undefined without `clipNorm`. */
  readonly gradientNorm: number | undefined;
  /** Since `fit` was called. */
  readonly seconds: number;
  /** The latest validation, when this step had one. */
  readonly validation: number | undefined;
}

export interface FitOptions {
  /** Passes over the data; default 1, or as many as `steps` takes. */
  epochs?: number;
  /** Steps to do, whatever the number of passes. */
  steps?: number;
  /** Stop after this time. */
  seconds?: number;
  /** Examples a step; default 32. The last batch of a pass may be smaller. */
  batchSize?: number;
  /** A new random order each pass; default true. */
  shuffle?: boolean;
  /** Data to measure on, never learned from. */
  validation?: Dataset;
  /** Steps between validations; default once a pass. */
  validationEvery?: number;
  /** Stops the training after the step that runs. */
  signal?: AbortSignal;
  /** Called after every step; awaited when it returns a promise. */
  onProgress?: (progress: Progress) => void | Promise<void>;
}

/** What a training did. */
export interface History {
  /** Steps done. */
  readonly steps: number;
  /** Loss of each step's batch. */
  readonly loss: readonly number[];
  readonly validation: readonly { readonly step: number; readonly loss: number }[];
  readonly seconds: number;
  /** All was done, the signal came, or the time was over. */
  readonly stopped: "done" | "aborted" | "time";
}

const fitOptions = [
  "epochs",
  "steps",
  "seconds",
  "batchSize",
  "shuffle",
  "validation",
  "validationEvery",
  "signal",
  "onProgress",
];

/** Where one `fit` is. */
interface Run {
  readonly steps: number;
  readonly perEpoch: number;
  readonly batchSize: number;
  readonly loss: number[];
  readonly validation: { step: number; loss: number }[];
  readonly started: number;
}

/**
 * Trains a model: shuffled seeded batches, loss, backward, clipping, step. Runs on the calling thread and pauses often
 * enough that a page stays live. Each step's memory is forgotten at its end.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const history = await new Trainer({ model, loss: mseLoss, optimizer }).fit(data, { epochs: 200, batchSize: 4 });
 * history.steps; // 200
 * (history.loss.at(-1) ?? 1) < 0.01; // true
 * ```
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly #loss: TrainerOptions["loss"];
  readonly #clipNorm: number | undefined;
  readonly #generator: Generator;

  /** @throws {OptionError} when an option is unknown, missing or out of range. */
  constructor(options: TrainerOptions) {
    requireKnown("Trainer", options, ["model", "loss", "optimizer", "clipNorm", "seed"]);
    if (!(options.model instanceof Module)) {
      throw new OptionError(`Trainer model: expected a Module, got ${typeof options.model}`);
    }
    if (!(options.optimizer instanceof Optimizer)) {
      throw new OptionError(`Trainer optimizer: expected an Optimizer, got ${typeof options.optimizer}`);
    }
    if (typeof options.loss !== "function") {
      throw new OptionError(`Trainer loss: expected a function, got ${typeof options.loss}`);
    }
    if (options.clipNorm !== undefined && !(options.clipNorm > 0)) {
      throw new OptionError(`Trainer clipNorm: expected a number > 0, got ${options.clipNorm}`);
    }
    this.model = options.model;
    this.optimizer = options.optimizer;
    this.#loss = options.loss;
    this.#clipNorm = options.clipNorm;
    this.#generator = new Generator(options.seed ?? 0);
  }

  /**
   * Learns from data, and leaves the model ready to be used (in eval mode), however it ends.
   * @throws {DataError} when there is none; {OptionError} when an option is out of range; {NumericError} when a loss or
   *   gradient is not finite: the step that met it has changed nothing.
   */
  async fit(data: Dataset, options: FitOptions = {}): Promise<History> {
    requireKnown("fit", options, fitOptions);
    const run = this.#plan(data, options);
    this.model.train();
    try {
      const stopped = await this.#run(run, data, options);
      const { loss, validation } = run;
      return { steps: loss.length, loss, validation, seconds: secondsSince(run), stopped };
    } finally {
      this.model.eval();
    }
  }

  /** Takes step after step until all are done, or the signal or the time says otherwise. */
  async #run(run: Run, data: Dataset, options: FitOptions): Promise<History["stopped"]> {
    const stretch = new Stretch();
    let order: Int32Array = new Int32Array(0);
    for (let step = 0; step < run.steps; step++) {
      if (options.signal?.aborted) return "aborted";
      if (secondsSince(run) >= (options.seconds ?? Number.POSITIVE_INFINITY)) return "time";
      const at = step % run.perEpoch;
      if (at === 0) order = this.#order(data.length, options.shuffle ?? true);
      const indices = order.subarray(at * run.batchSize, (at + 1) * run.batchSize);
      await this.#advance(run, step, data, indices, options);
      await stretch.pauseIfDue();
    }
    return "done";
  }

  #plan(data: Dataset, options: FitOptions): Run {
    const batchSize = requireCount("fit batchSize", options.batchSize ?? 32);
    requireData("fit", data);
    if (options.validation) requireData("fit validation", options.validation);
    if (options.validationEvery !== undefined) requireCount("fit validationEvery", options.validationEvery);
    if (options.seconds !== undefined && !(options.seconds > 0)) {
      throw new OptionError(`fit seconds: expected a number > 0, got ${options.seconds}`);
    }
    const perEpoch = Math.ceil(data.length / batchSize);
    const steps =
      options.steps === undefined
        ? requireCount("fit epochs", options.epochs ?? 1) * perEpoch
        : requireCount("fit steps", options.steps);
    return { steps, perEpoch, batchSize, loss: [], validation: [], started: performance.now() };
  }

  #order(length: number, shuffle: boolean): Int32Array {
    return shuffle ? this.#generator.permutation(length) : Int32Array.from({ length }, (_, i) => i);
  }

  async #advance(run: Run, step: number, data: Dataset, indices: Int32Array, options: FitOptions): Promise<void> {
    const { loss, gradientNorm } = this.#step(step, () => data.batch(indices));
    run.loss.push(loss);
    const done = step + 1;
    const due = done % (options.validationEvery ?? run.perEpoch) === 0 || done === run.steps;
    const validation =
      options.validation && due
        ? (await this.evaluate(options.validation, { batchSize: run.batchSize })).loss
        : undefined;
    if (validation !== undefined) {
      run.validation.push({ step: done, loss: validation });
      this.model.train();
    }
    const epoch = Math.floor(step / run.perEpoch) + 1;
    const seconds = secondsSince(run);
    await options.onProgress?.({ step: done, steps: run.steps, epoch, loss, gradientNorm, seconds, validation });
  }

  /** The batch is fetched inside the step, so that what a dataset computes for it is forgotten with the step. */
  #step(step: number, fetch: () => Batch): { loss: number; gradientNorm: number | undefined } {
    return inScope(() => {
      const loss = this.#lossOf(fetch());
      const value = loss.item();
      if (!Number.isFinite(value)) {
        throw new NumericError(
          `fit step ${step + 1}: expected a finite loss, got ${value}; a smaller learning rate may help`,
        );
      }
      this.optimizer.zeroGrad();
      loss.backward();
      requireFiniteGradients(step, this.optimizer.parameters);
      const gradientNorm =
        this.#clipNorm === undefined ? undefined : clipGradNorm(this.optimizer.parameters, this.#clipNorm);
      this.optimizer.step();
      return { loss: value, gradientNorm };
    });
  }

  #lossOf({ input, target }: Batch): Tensor {
    return this.#loss(outputOf(this.model.forward(input)), target);
  }

  /**
   * The mean loss over data, without learning.
   * @param options `batchSize` examples at a time, default 32; `signal` gives up.
   * @throws {DataError} when there is none; {OptionError} when an option is unknown or out of range; the signal's reason
   *   when it comes.
   */
  async evaluate(
    data: Dataset,
    options: { batchSize?: number; signal?: AbortSignal } = {},
  ): Promise<{ loss: number; count: number }> {
    requireKnown("evaluate", options, ["batchSize", "signal"]);
    const { batchSize = 32, signal } = options;
    requireData("evaluate", data);
    requireCount("evaluate batchSize", batchSize);
    const stretch = new Stretch();
    const training = this.model.training;
    this.model.eval();
    let total = 0;
    try {
      for (let start = 0; start < data.length; start += batchSize) {
        signal?.throwIfAborted();
        const length = Math.min(batchSize, data.length - start);
        const indices = Int32Array.from({ length }, (_, i) => start + i);
        total += length * noGrad(() => this.#lossOf(data.batch(indices)).item());
        await stretch.pauseIfDue();
      }
    } finally {
      this.model.train(training);
    }
    return { loss: total / data.length, count: data.length };
  }

  /** What the model says to an input, without learning; the result lives as long as it is held. */
  predict(input: Tensor): Tensor {
    const training = this.model.training;
    this.model.eval();
    try {
      return noGrad(() => outputOf(this.model.forward(input)));
    } finally {
      this.model.train(training);
    }
  }
}

function secondsSince({ started }: Run): number {
  return (performance.now() - started) / 1000;
}

function requireFiniteGradients(step: number, parameters: readonly Parameter[]): void {
  const { kernels } = engine();
  const spoilt = (p: Parameter): boolean => p.hasGradient() && kernels.allFinite(p.gradientAddress, p.size) === 0;
  if (!parameters.some(spoilt)) return;
  throw new NumericError(`fit step ${step + 1}: expected finite gradients, got one that is NaN or infinite`);
}

function requireData(what: string, data: Dataset): void {
  if (!(data.length > 0)) throw new DataError(`${what}: expected at least one example, got ${data.length}`);
}

/** A model may return a tensor, or an object with an `output` as recurrent layers do. */
function outputOf(result: unknown): Tensor {
  if (result instanceof Tensor) return result;
  const output = (result as { output?: unknown } | null)?.output;
  if (output instanceof Tensor) return output;
  throw new OptionError("Trainer model: expected forward() to return a tensor, or an object with a tensor `output`");
}
