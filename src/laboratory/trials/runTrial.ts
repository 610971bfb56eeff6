/** A trial, from its first weights to its result. */
import { noGrad } from "../../autograd/noGrad.ts";
import type { Batch } from "../../data/dataset.ts";
import { Adam } from "../../optim/adam.ts";
import { NumericError } from "../../runtime/errors.ts";
import { Generator, generator, seed } from "../../runtime/random.ts";
import { Learner } from "../../train/learner.ts";
import { pauseIfDue } from "../../train/yield.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import { randomSource } from "../tasks/random.ts";
import type { TrialResult, TrialSpec } from "../trial.ts";
import { TrialNetwork } from "./network.ts";
import { type SettledTrial, settleTrial } from "./spec.ts";

/** Rows and columns that a heat map of gradients has at most, and training steps between two rows at least. */
const ROWS = 24;
const COLUMNS = 64;
const BETWEEN_ROWS = 40;

/** Where the batches of a seed come from: not the numbers that its weights come from. */
const batchSeed = (own: number): number => (own < 2 ** 52 ? own + 2 ** 52 : own - 2 ** 52);

/** What every validation is drawn from, whatever the seed. */
const VALIDATION_SEED = 2 ** 53 - 1;

/** The middle one of some times; 0 when there are none. */
function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** At most `most` places from 0 to `count` − 1, evenly spread, both ends among them. */
function places(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

/** A network in the middle of a trial. */
class Training {
  readonly #spec: TrialSpec;
  readonly #trial: SettledTrial;
  readonly #network: TrialNetwork;
  readonly #learner: Learner;
  readonly #validation: Batch;
  readonly #random: () => number;
  readonly #betweenRows: number;
  readonly #seconds: number[] = [];
  readonly #curve = { steps: [] as number[], losses: [] as number[], scores: [] as number[] };
  readonly #map = { steps: [] as number[], times: [] as number[], norms: [] as (number | null)[][] };
  /** Of the training steps since the last look at the validation: the sum of losses, and how many. */
  #losses = 0;
  #since = 0;
  #stepsToTarget: number | null = null;
  #reason = "";
  steps = 0;

  constructor(spec: TrialSpec) {
    this.#spec = spec;
    this.#trial = settleTrial(spec);
    const { problem, options, activation } = this.#trial;
    seed(spec.seed);
    this.#network = new TrialNetwork({ cell: spec.cell, activation, hiddenSize: options.hiddenSize, problem });
    const optimizer = new Adam(this.#network.parameters(), { learningRate: options.learningRate });
    this.#learner = new Learner(this.#network, problem.loss, optimizer, options.clipNorm);
    this.#random = randomSource(new Generator(batchSeed(spec.seed)));
    const judge = problem.validation ?? problem.batch;
    this.#validation = judge(options.validationSize, randomSource(new Generator(VALIDATION_SEED)));
    this.#betweenRows = Math.max(Math.ceil(spec.budget / ROWS), BETWEEN_ROWS);
  }

  /** Whether there is nothing left to do. */
  get ended(): boolean {
    const { budget, stopAtTarget = false } = this.#spec;
    return this.#reason !== "" || this.steps >= budget || (stopAtTarget && this.#stepsToTarget !== null);
  }

  /** One training step, with the looks that are due at gradients before it and at the validation after it. */
  step(): void {
    try {
      const { problem, options } = this.#trial;
      const batch = problem.batch(options.batchSize, this.#random);
      if (this.steps % this.#betweenRows === 0) this.#lookAtGradients(batch);
      const started = performance.now();
      const part = { share: 1, fetch: () => batch };
      const { loss } = this.#learner.step(
        this.steps + 1,
        { parts: [part], last: false },
        { carries: false, state: undefined },
      );
      this.#seconds.push((performance.now() - started) / 1000);
      this.steps++;
      this.#losses += loss;
      this.#since++;
      if (this.steps % options.every === 0 || this.steps === this.#spec.budget) this.#lookAtValidation();
    } catch (error) {
      if (!(error instanceof NumericError)) throw error;
      // Who noticed it first does not matter, the step does.
      this.#reason = `step ${this.steps + 1}: ${error.message.replace(/^(diagnose|fit step \d+|clipGradNorm): /, "")}`;
    }
  }

  #lookAtGradients(batch: Batch): void {
    const { layers } = diagnose(this.#network, batch, {
      loss: this.#trial.problem.loss,
      exponents: 0,
      largestSpectrum: 0,
    });
    const norms = layers[0]?.gradient.norms ?? [];
    if (this.#map.times.length === 0) this.#map.times.push(...places(norms.length, COLUMNS));
    this.#map.steps.push(this.steps);
    this.#map.norms.push(
      this.#map.times.map((t) => {
        const norm = norms[t] ?? Number.NaN;
        return Number.isFinite(norm) ? norm : null;
      }),
    );
  }

  #lookAtValidation(): void {
    const { problem, options } = this.#trial;
    const { input, target } = this.#validation;
    this.#network.eval();
    let score = Number.NaN;
    // What is judged dies with the step it is judged in.
    noGrad(() => {
      score = problem.score(this.#network.forward(input), target);
    });
    this.#network.train();
    if (!Number.isFinite(score)) {
      throw new NumericError(`expected a finite score of the validation, got ${score}`);
    }
    this.#curve.steps.push(this.steps);
    this.#curve.losses.push(this.#losses / this.#since);
    this.#curve.scores.push(score);
    [this.#losses, this.#since] = [0, 0];
    if (score <= options.target) this.#stepsToTarget ??= this.steps;
  }

  get result(): TrialResult {
    const diverged = this.#reason !== "";
    const reached = (this.#spec.stopAtTarget ?? false) && this.#stepsToTarget !== null;
    return {
      outcome: diverged ? "diverged" : reached ? "reached" : "finished",
      steps: this.steps,
      stepsToTarget: this.#stepsToTarget,
      score: diverged ? null : (this.#curve.scores.at(-1) as number),
      curve: this.#curve,
      gradientNorms: this.#map,
      learned: this.#network.learned(),
      reason: this.#reason,
      secondsPerStep: median(this.#seconds),
    };
  }
}

/**
 * Trains what a spec says and tells what came of it. Pauses often enough that a page stays live. The generator behind
 * `seed` is afterwards, and in every pause, where it was before.
 *
 * ```ts
 * const spec = { activation: "tanh", cell: "gru", task: { name: "adding", options: { steps: 8 } }, seed: 1, budget: 60 } as const;
 * const { outcome, curve, gradientNorms } = await runTrial(spec);
 * outcome; // "finished"
 * curve.steps; // [25, 50, 60]
 * gradientNorms.norms.length; // 2
 * ```
 *
 * The same spec gives the same bits on every host whose engine runs the same build (`configure({ deterministic: true })`),
 * but for `secondsPerStep`. Adam at a constant rate and gradients clipped to a norm, both the task's, the same for every
 * activation: options of the task change them.
 *
 * Rejects with an {OptionError} or {DataError} when something in the spec is unknown or will not do, and with the signal's
 * reason when it comes.
 */
export async function runTrial(spec: TrialSpec, options: { signal?: AbortSignal } = {}): Promise<TrialResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const training = withOwnDraws(generator.standing, () => new Training(spec));
  let { drawn } = training;
  while (!training.made.ended) {
    ({ drawn } = withOwnDraws(drawn, () => training.made.step()));
    await pauseIfDue();
    signal?.throwIfAborted();
  }
  return training.made.result;
}

/** Does something with the shared generator standing where the trial left it, and puts it back. */
function withOwnDraws<Result>(standing: Generator["standing"], work: () => Result) {
  const before = generator.standing;
  generator.standing = standing;
  try {
    return { made: work(), drawn: generator.standing };
  } finally {
    generator.standing = before;
  }
}
