import { requireKnown } from "../../runtime/options.ts";
import { Generator } from "../../runtime/random.ts";
import { nameOf } from "../compare/row.ts";
import { estimate } from "../compare/statistics.ts";
import { randomSource } from "../tasks/random.ts";
import type { TrialExecutor } from "../trial.ts";
import { inProcessExecutor } from "../trials/executor.ts";
import { confirmed } from "./confirm.ts";
import { better, type Candidate, Evolution, type Judged } from "./evolution.ts";
import { logInMemory, type SearchLog } from "./log.ts";
import { type Generation, SearchResult, type SearchSettings } from "./result.ts";
import {
  CONFIRMATION,
  FIRST_FRESH,
  finalSteps,
  generationSteps,
  PLAY_OFF,
  RUNGS,
  SEEDS_APART,
  type SearchOptions,
  type SearchProgress,
  SIZE,
  settingsOf,
  stepsOf,
} from "./settings.ts";
import type { Tree } from "./tree.ts";
import { SearchTrials, Stopped, type Trained } from "./trials.ts";

const names = [
  ...["task", "cell", "budget", "seed", "trialSteps", "reference"],
  ...["executor", "log", "signal", "onProgress"],
];

/**
 * Searches for an activation with which a network learns a task better than with tanh, and says how surely it has found one.
 *
 * ```ts
 * const result = await searchActivation({
 *   task: { name: "adding", options: { steps: 5, hiddenSize: 8 } },
 *   budget: { steps: 3000 },
 *   seed: 1,
 *   trialSteps: 27,
 * });
 * result.best?.scores.length; // 10
 * console.log(String(result));
 * ```
 *
 * Candidates are trees of the unary and binary functions of Ramachandran, Zoph & Le 2017, with parameters that are learned
 * (`written` in search/tree.ts): at random at first, then offspring of the best of the youngest 72 (regularized evolution,
 * Real et al. 2019). Most end at filters before anything is trained: no finite values, flat, too large, too steep, gradients
 * that vanish or explode at initialisation by mean field theory, and functions that were there before. Of each generation of
 * 18, all are trained for a ninth of `trialSteps`, 6 for a third, 2 for all of it (successive halving, Jamieson & Talwalkar
 * 2016). The best 8 of all generations are then trained with 3 seeds, and the best 2 of these with 10 fresh ones, as is the
 * reference; only what these say counts (`Finalist`). A trial that diverges is a result, the worst one.
 *
 * The same options give the same search, whatever the executor: decisions wait for whole generations. How many generations
 * there are follows from `budget.steps`; of `budget.seconds` the machine makes more or fewer. With a `log` a search that was
 * ended, in whatever way, goes on where it was, and counts the time that it has had.
 *
 * Rejects, before anything is trained, with an {OptionError} when an option is unknown or out of range, or the budget is too
 * small for a generation and the confirmation; with a {DataError} when the log is of another search or cannot be read.
 */
export async function searchActivation(options: SearchOptions): Promise<SearchResult> {
  requireKnown("searchActivation", options, names);
  const settings = settingsOf(options);
  options.signal?.throwIfAborted();
  const log = options.log ?? logInMemory();
  const { task, cell, seed, trialSteps, reference } = settings;
  const before = log.open({ version: 1, task, cell, seed, trialSteps, reference });
  const executor = options.executor ?? inProcessExecutor();
  try {
    return await new Search(settings, executor, { log, before }, options).run();
  } finally {
    log.close();
    if (!options.executor) await executor.close();
  }
}

/** One search under way. */
class Search {
  readonly #settings: SearchSettings;
  readonly #trials: SearchTrials;
  readonly #evolution: Evolution;
  readonly #generations: Generation[] = [];
  #phase: SearchProgress["phase"] = "searching";
  #best: SearchProgress["best"] = null;
  #longest = 0;

  constructor(
    settings: SearchSettings,
    executor: TrialExecutor,
    log: { readonly log: SearchLog; readonly before: number },
    { signal, onProgress }: SearchOptions,
  ) {
    this.#settings = settings;
    this.#evolution = new Evolution(randomSource(new Generator(settings.seed)), settings.reference);
    this.#trials = new SearchTrials(settings, executor, log, signal, (spec, outcome) => {
      const generation = this.#generations.length + (this.#phase === "searching" ? 1 : 0);
      onProgress?.({ phase: this.#phase, generation, spec, outcome, best: this.#best, ...this.#trials.clock });
    });
  }

  async run(): Promise<SearchResult> {
    try {
      do await this.#generation();
      while (this.#generations.at(-1)?.size !== 0 && this.#hasRoom());
      return await this.#finish();
    } catch (error) {
      if (error instanceof Stopped) return this.#result([], null);
      throw error;
    }
  }

  #seed(own: number): number {
    return this.#settings.seed * SEEDS_APART + own;
  }

  /** Trains a generation, the better ones for longer. */
  async #generation(): Promise<void> {
    const { trialSteps } = this.#settings;
    const before = this.#trials.clock.seconds;
    const first = this.#evolution.generation(SIZE);
    const judged = new Map<Tree, Judged>();
    let left: readonly Candidate[] = first;
    for (const { parts, most } of RUNGS) {
      const steps = stepsOf(trialSteps, parts);
      left = left.slice(0, most);
      const contenders = left.map(({ contender }) => contender);
      const trained = await this.#trials.train(contenders, steps, [this.#seed(1)]);
      const order = left.map((candidate, i): Judged => ({ ...candidate, steps, score: (trained[i] as Trained).score }));
      for (const one of order) judged.set(one.tree, one);
      order.sort(better);
      // Who diverges is trained no further.
      left = order.filter(({ score }) => Number.isFinite(score));
      if (steps === trialSteps) this.#note(order[0]);
    }
    this.#evolution.judge(first.map(({ tree }) => judged.get(tree) as Judged));
    this.#generations.push({
      size: first.length,
      diverged: [...judged.values()].filter(({ score }) => !Number.isFinite(score)).length,
      best: this.#best?.score ?? null,
      steps: this.#trials.clock.steps,
    });
    this.#longest = Math.max(this.#longest, this.#trials.clock.seconds - before);
  }

  #note(best: Judged | undefined): void {
    if (best && Number.isFinite(best.score) && best.score < (this.#best?.score ?? Number.POSITIVE_INFINITY)) {
      this.#best = { name: nameOf(best.contender), score: best.score };
    }
  }

  /** Whether the budget allows another generation before the end. */
  #hasRoom(): boolean {
    const { budget, trialSteps } = this.#settings;
    const { steps, seconds } = this.#trials.clock;
    const final = finalSteps(trialSteps);
    if ("steps" in budget) return steps + generationSteps(trialSteps) + final <= budget.steps;
    const secondsPerStep = steps > 0 ? seconds / steps : 0;
    return seconds + this.#longest + final * secondsPerStep <= budget.seconds;
  }

  /** Chooses the best with more seeds, and confirms them with fresh ones. */
  async #finish(): Promise<SearchResult> {
    const { trialSteps, reference } = this.#settings;
    const seeds = (first: number, count: number) => Array.from({ length: count }, (_, i) => this.#seed(first + i));
    this.#phase = "playing off";
    const whole = this.#evolution.ranking.filter(({ steps, score }) => steps === trialSteps && Number.isFinite(score));
    const players = whole.slice(0, PLAY_OFF.most).map(({ contender }) => contender);
    const played = await this.#trials.train(players, trialSteps, seeds(1, PLAY_OFF.seeds));
    const chosen = played
      .filter(({ score }) => Number.isFinite(score))
      .sort((a, b) => a.score - b.score)
      .slice(0, CONFIRMATION.most)
      .map(({ contender }) => contender);
    this.#phase = "confirming";
    const trained = await this.#trials.train(
      [reference, ...chosen],
      trialSteps,
      seeds(FIRST_FRESH, CONFIRMATION.seeds),
    );
    return this.#result(trained.slice(1), trained[0] as Trained);
  }

  #result(finalists: readonly Trained[], reference: Trained | null): SearchResult {
    const scores = reference?.outcomes.map(({ score }) => score) ?? [];
    const shown = this.#evolution.ranking.map(({ contender, steps, score }) => ({
      ...contender,
      name: nameOf(contender),
      steps,
      score: Number.isFinite(score) ? score : null,
    }));
    const last = Number.POSITIVE_INFINITY;
    return new SearchResult({
      settings: this.#settings,
      complete: reference !== null,
      spent: this.#trials.clock,
      seen: this.#evolution.seen,
      kept: this.#evolution.kept,
      generations: this.#generations,
      ranking: shown,
      finalists: reference
        ? finalists
            .map((one) => confirmed(one, reference, finalists.length))
            .sort((a, b) => (a.difference?.mean ?? last) - (b.difference?.mean ?? last))
        : [],
      reference: reference && { scores, score: estimate(scores.filter((score) => score !== null)) },
    });
  }
}
