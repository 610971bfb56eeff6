import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { taskNamed } from "../tasks/registry.ts";
import type { CellName, TaskSpec, TrialExecutor, TrialResult, TrialSpec } from "../trial.ts";
import { inProcessExecutor } from "../trials/executor.ts";
import { requireCell, requireSeed, settleTrial } from "../trials/spec.ts";
import { Comparison, type ComparisonGroup, groupOf } from "./comparison.ts";
import { bestRate, type Combination, type Contender, nameOf, ranked, type SeedResult, summarise } from "./row.ts";

/** A trial of a comparison is over. */
export interface CompareProgress {
  /** How many are, of how many. */
  readonly done: number;
  readonly total: number;
  readonly spec: TrialSpec;
  readonly result: TrialResult;
}

export interface CompareOptions {
  /** Tasks by name, or with options: `{ name: "adding", options: { steps: 100 } }`. */
  tasks: readonly (string | TaskSpec)[];
  /** Default ["rnn"]. */
  cells?: readonly CellName[];
  /** Names, expressions in x, or either with `parameters`. */
  activations: readonly (string | Contender)[];
  /** How many, from 1; or which. Default 5. */
  seeds?: number | readonly number[];
  /** Training steps of each trial; default 1500. */
  budget?: number;
  /** Rates to train with; of several, each combination's best counts. Default: the task's, the same for all. */
  learningRates?: readonly number[];
  /** Who computes the trials; default: an executor in this thread. One that is given is left open. */
  executor?: TrialExecutor;
  /** Called after each trial. */
  onProgress?: (progress: CompareProgress) => void;
  /** Stops it: what is over by then is what comes out. */
  signal?: AbortSignal;
}

const names = ["tasks", "cells", "activations", "seeds", "budget", "learningRates", "executor", "onProgress", "signal"];

/** How long a trial is when nothing else is said. */
const BUDGET = 1500;

/** A trial that is to be computed, and of what. */
interface Planned {
  readonly combination: Combination;
  readonly spec: TrialSpec;
}

/**
 * Trains every activation in every cell on every task, once a seed, and tells which learn best, and how surely.
 *
 * ```ts
 * const comparison = await compareActivations({
 *   tasks: [{ name: "adding", options: { steps: 8 } }],
 *   activations: ["tanh", "relu"],
 *   seeds: 2,
 *   budget: 50,
 * });
 * const [group] = comparison.groups;
 * group?.scoreName; // "mean squared error"
 * group?.rows.length; // 2
 * console.log(String(comparison));
 * ```
 *
 * A row has the mean of the last scores over seeds with its 95 % confidence interval by Student's t, the median of steps to
 * the task's target (a seed that never reached it counts as later than all others), how many diverged, and what a step costs.
 * Ranks are honest about what so few seeds can tell: rows whose intervals overlap share their places, [best, worst], and so do rows of fewer than three scores. An
 * activation with which half of the trainings diverge stands behind all with which none does.
 *
 * Weights and batches follow from the seed alone, so all activations see the same. Learning rate, clipping and size of the
 * network are the task's, the same for all; an activation that wants another rate than most is helped by `learningRates`,
 * among which each combination's best is chosen by the same scores (which flatters all alike).
 *
 * Rejects, before anything is trained, with an {OptionError} when an option is unknown or out of range, or with nearest
 * names when there is no such task, cell or activation, and with a {DataError} when a task's data will not do; with the
 * signal's reason when it comes before the first trial is over.
 */
export async function compareActivations(options: CompareOptions): Promise<Comparison> {
  requireKnown("compareActivations", options, names);
  const plan = planOf(options);
  options.signal?.throwIfAborted();
  const executor = options.executor ?? inProcessExecutor();
  let found: Map<Planned, TrialResult>;
  try {
    found = await computeAll(plan.trials, executor, options);
  } finally {
    if (!options.executor) await executor.close();
  }
  if (found.size === 0) options.signal?.throwIfAborted();
  const groups = groupsOf(plan, found).filter(({ rows }) => rows.length > 0);
  return new Comparison({ seeds: plan.seeds, budget: plan.budget }, groups, found.size === plan.trials.length);
}

interface Plan {
  readonly seeds: readonly number[];
  readonly budget: number;
  /** The combinations of each task and cell, those that differ in nothing but the learning rate together. */
  readonly groups: readonly {
    readonly task: TaskSpec;
    readonly cell: CellName;
    readonly contenders: Combination[][];
  }[];
  /** All with one seed before the next one, so that what is over at any time can be compared. */
  readonly trials: readonly Planned[];
}

function planOf(options: CompareOptions): Plan {
  const { budget = BUDGET, cells = ["rnn"] } = options;
  requireCount("compareActivations budget", budget);
  const seeds = seedsOf(options.seeds ?? 5);
  const tasks = listOf("tasks", options.tasks).map((task) => (typeof task === "string" ? { name: task } : task));
  const contenders = listOf("activations", options.activations).map((one) =>
    typeof one === "string" ? { activation: one } : one,
  );
  requireDistinct(
    "tasks",
    tasks.map((task) => JSON.stringify(task)),
  );
  requireDistinct("cells", listOf("cells", cells).map(requireCell));
  requireDistinct("activations", contenders.map(nameOf));
  const rates = options.learningRates === undefined ? null : listOf("learningRates", options.learningRates);
  const groups = tasks.flatMap((task) => {
    const own = task.options?.learningRate ?? taskNamed(task.name).defaults.learningRate;
    const tried = (rates ?? [own]) as readonly number[];
    return cells.map((cell) => ({
      task,
      cell,
      contenders: contenders.map((contender) =>
        tried.map((learningRate): Combination => ({ ...contender, task, cell, learningRate })),
      ),
    }));
  });
  const combinations = groups.flatMap((group) => group.contenders.flat());
  const trials = seeds.flatMap((seed) =>
    combinations.map((combination) => ({ combination, spec: specOf(combination, seed, budget, rates !== null) })),
  );
  for (const { spec } of trials.slice(0, combinations.length)) settleTrial(spec);
  return { seeds, budget, groups, trials };
}

function specOf({ task, learningRate, ...rest }: Combination, seed: number, budget: number, tries: boolean): TrialSpec {
  return { ...rest, task: tries ? { ...task, options: { ...task.options, learningRate } } : task, seed, budget };
}

function listOf<Entry>(what: string, list: readonly Entry[]): readonly Entry[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw new OptionError(`compareActivations ${what}: expected a list of at least one, got ${JSON.stringify(list)}`);
  }
  return list;
}

function requireDistinct(what: string, keys: readonly string[]): void {
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) throw new OptionError(`compareActivations ${what}: expected each once, got ${twice} twice`);
}

function seedsOf(given: number | readonly number[]): readonly number[] {
  if (typeof given === "number") {
    return Array.from({ length: requireCount("compareActivations seeds", given) }, (_, i) => i + 1);
  }
  const seeds = listOf("seeds", given).map((seed) => requireSeed("compareActivations seeds", seed));
  requireDistinct("seeds", seeds.map(String));
  return seeds;
}

/** Computes trials in their order, as many at a time as the executor works on, until all are or the signal comes. */
async function computeAll(
  trials: readonly Planned[],
  executor: TrialExecutor,
  { signal, onProgress }: CompareOptions,
): Promise<Map<Planned, TrialResult>> {
  const found = new Map<Planned, TrialResult>();
  const queue = [...trials];
  const stopped = new Promise<null>((resolve) =>
    signal?.addEventListener("abort", () => resolve(null), { once: true }),
  );
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && !signal?.aborted; next = queue.shift()) {
      const { spec } = next;
      const submitted = executor.submit(spec);
      // Who has stopped waiting is not told when the executor is closed.
      submitted.catch(() => undefined);
      const result = await Promise.race([submitted, stopped]);
      if (result === null) return;
      found.set(next, result);
      onProgress?.({ done: found.size, total: trials.length, spec, result });
    }
  };
  try {
    await Promise.all(Array.from({ length: executor.width }, work));
  } finally {
    queue.length = 0;
  }
  return found;
}

function groupsOf({ groups, trials }: Plan, found: ReadonlyMap<Planned, TrialResult>): ComparisonGroup[] {
  const results = new Map<Combination, SeedResult[]>();
  for (const planned of trials) {
    const result = found.get(planned);
    if (!result) continue;
    const list = results.get(planned.combination) ?? [];
    list.push({ seed: planned.spec.seed, result });
    results.set(planned.combination, list);
  }
  return groups.map(({ task, cell, contenders }) => {
    const rows = contenders.flatMap((rates) => {
      const tried = rates.flatMap((one) => (results.has(one) ? [summarise(one, results.get(one) ?? [])] : []));
      return tried.length > 0 ? [bestRate(tried)] : [];
    });
    return groupOf(task, cell, ranked(rows));
  });
}
