import { noGrad } from "../autograd/noGrad.ts";
import type { Dataset } from "../data/dataset.ts";
import type { BatchSource } from "../data/source.ts";
import { Module } from "../nn/module.ts";
import { Optimizer } from "../optim/optimizer.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { Generator } from "../runtime/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Evaluation, type EvaluationOptions, evaluateOn } from "./evaluation.ts";
import type { History } from "./history.ts";
import { Learner, type Loss, outputOf } from "./learner.ts";
import { type FitOptions, planOf, requireData } from "./plan.ts";
import { Run, type Standings } from "./run.ts";

export interface TrainerOptions {
  model: Module;
  /**
   * From what the model says (of a recurrent layer, its output) and what it should say to a single number. Told the
   * `lengths` of a batch that has them, when there is a target for every time step.
   */
  loss: Loss;
  optimizer: Optimizer;
  /** Scale gradients to at most this norm before each step; default: do not. */
  clipNorm?: number;
  /** Of the order in which examples are shown; default 0. */
  seed?: number;
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
 *
 * A model is asked `forward(input)`; of a batch with `lengths`, or where batches continue each other,
 * `forward(input, state, { lengths })`, as the recurrent layers take it, and then returns `{ output, state }`.
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly #learner: Learner;
  readonly #standings: Standings;
  /** The latest training. */
  #run: Run | null = null;

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
    this.#learner = new Learner(options.model, options.loss, options.optimizer, options.clipNorm);
    const seed = options.seed ?? 0;
    this.#standings = { generator: new Generator(seed), seed, passes: 0 };
  }

  /**
   * Learns from data, and leaves the model ready to be used (in eval mode), however it ends.
   * @param data examples by number, or a source of batches.
   * @throws {DataError} when there is none; {OptionError} when an option is out of range; {NumericError} when a loss or
   *   gradient is not finite, with where it began: the step that met it has changed nothing; {WeightsError} when
   *   `resume` is damaged, or a training of another model, optimizer or other data: nothing has then been changed.
   */
  async fit(data: Dataset | BatchSource, options: FitOptions = {}): Promise<History> {
    const plan = planOf(data, options);
    const run = new Run(this.#learner, plan, this.#standings);
    if (options.resume) run.resume(options.resume);
    this.#run = run;
    this.model.train();
    try {
      return await run.toTheEnd();
    } finally {
      run.end();
      this.model.eval();
    }
  }

  /**
   * The latest training as the bytes of a safetensors file: weights, optimizer, schedule, generators, position in the
   * data, history, and the state of callbacks, as they are after the last whole step. `fit` with these bytes as `resume`
   * goes on to the same bits. Random numbers from generators of one's own are not in it.
   * @param metadata texts to keep with it.
   * @throws {OptionError} when nothing has been trained yet; {WeightsError} when a text is called `format`, `version` or
   *   `training`.
   */
  save(metadata?: Record<string, string>): Uint8Array<ArrayBuffer> {
    if (!this.#run) throw new OptionError("save: expected a trainer that has trained, got one that has not");
    return this.#run.save(metadata);
  }

  /**
   * The mean loss over data, and what metrics find, without learning.
   * @throws {DataError} when there is none; {OptionError} when an option is unknown or out of range; the signal's reason
   *   when it comes.
   */
  async evaluate(data: Dataset | BatchSource, options: EvaluationOptions = {}): Promise<Evaluation> {
    requireKnown("evaluate", options, ["batchSize", "metrics", "signal"]);
    requireData("evaluate", data);
    requireCount("evaluate batchSize", options.batchSize ?? 32);
    const training = this.model.training;
    this.model.eval();
    try {
      return await evaluateOn(this.#learner, data, options, this.#standings.seed);
    } finally {
      this.model.train(training);
    }
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
