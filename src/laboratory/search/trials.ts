/** The trials of a search: computed, or known from its log. */

import type { Contender } from "../compare/row.ts";
import { estimate } from "../compare/statistics.ts";
import { type CellName, type TaskSpec, type TrialExecutor, type TrialSpec, trialHash } from "../trial.ts";
import type { LoggedTrial, SearchLog, TrialOutcome } from "./log.ts";

/** That a search was told to stop. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Where trials are trained. */
export interface Setting {
  readonly task: TaskSpec;
  readonly cell: CellName;
}

/** Several trials of one contender. */
export interface Trained {
  readonly contender: Contender;
  readonly outcomes: readonly TrialOutcome[];
  /** The mean of the scores; infinite when a trial has none. */
  readonly score: number;
}

/** How far a search is. */
export interface SearchClock {
  readonly trials: number;
  readonly steps: number;
  readonly seconds: number;
}

/** Trains contenders, and counts what that takes. */
export class SearchTrials {
  readonly #setting: Setting;
  readonly #executor: TrialExecutor;
  readonly #log: SearchLog;
  readonly #signal: AbortSignal | undefined;
  readonly #onTrial: (spec: TrialSpec, outcome: TrialOutcome) => void;
  readonly #stopped: Promise<never>;
  readonly #begin = performance.now();
  /** Seconds before this run. */
  readonly #before: number;
  #trials = 0;
  #steps = 0;
  #seconds = 0;

  constructor(
    setting: Setting,
    executor: TrialExecutor,
    log: { readonly log: SearchLog; readonly before: number },
    signal: AbortSignal | undefined,
    onTrial: (spec: TrialSpec, outcome: TrialOutcome) => void,
  ) {
    this.#setting = setting;
    this.#executor = executor;
    this.#log = log.log;
    this.#before = log.before;
    this.#signal = signal;
    this.#onTrial = onTrial;
    this.#stopped = new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(new Stopped()), { once: true });
    });
    this.#stopped.catch(() => undefined);
  }

  /**
   * What has been spent on the trials so far: where trials come from the log, as it was when they were
   * computed, so that a search that goes on decides as the one before it did.
   */
  get clock(): SearchClock {
    return { trials: this.#trials, steps: this.#steps, seconds: this.#seconds };
  }

  /** Trains each contender once a seed. The order of the results is that of the contenders, whoever is ready first. */
  async train(contenders: readonly Contender[], budget: number, seeds: readonly number[]): Promise<Trained[]> {
    const { task, cell } = this.#setting;
    const specs = contenders.map((contender) =>
      seeds.map((seed): TrialSpec => ({ ...contender, task, cell, seed, budget })),
    );
    const waiting = specs.flat();
    const found = new Map<TrialSpec, LoggedTrial>();
    const work = async (): Promise<void> => {
      for (let spec = waiting.shift(); spec; spec = waiting.shift()) found.set(spec, await this.#trialOf(spec));
    };
    await Promise.all(Array.from({ length: this.#executor.width }, work));
    return specs.map((own, i) => {
      const outcomes = own.map((spec) => (found.get(spec) as LoggedTrial).outcome);
      return { contender: contenders[i] as Contender, outcomes, score: scoreOf(outcomes) };
    });
  }

  async #trialOf(spec: TrialSpec): Promise<LoggedTrial> {
    const hash = await trialHash(spec);
    const known = this.#log.get(hash);
    if (known) return this.#count(known);
    if (this.#signal?.aborted) throw new Stopped();
    const submitted = this.#executor.submit(spec);
    // Who has stopped waiting is not told when the executor is closed.
    submitted.catch(() => undefined);
    const { outcome, steps, score, reason, learned } = await Promise.race([submitted, this.#stopped]);
    const at = this.#before + (performance.now() - this.#begin) / 1000;
    const trial = { outcome: { outcome, steps, score, reason, learned }, at };
    // One that failed says nothing of the spec.
    if (outcome !== "failed") this.#log.add(hash, trial, spec);
    this.#count(trial);
    this.#onTrial(spec, trial.outcome);
    return trial;
  }

  #count(trial: LoggedTrial): LoggedTrial {
    this.#trials++;
    this.#steps += trial.outcome.steps;
    this.#seconds = Math.max(this.#seconds, trial.at);
    return trial;
  }
}

function scoreOf(outcomes: readonly TrialOutcome[]): number {
  const scores = outcomes.map(({ score }) => score ?? Number.POSITIVE_INFINITY);
  return estimate(scores)?.mean ?? Number.POSITIVE_INFINITY;
}
