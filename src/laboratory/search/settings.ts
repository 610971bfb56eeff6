/** What a search is asked, and what it costs. */
import { OptionError } from "../../runtime/errors.ts";
import { requireCount } from "../../runtime/options.ts";
import type { Contender } from "../compare/row.ts";
import type { CellName, TaskSpec, TrialExecutor, TrialSpec } from "../trial.ts";
import { requireCell, requireSeed, settleTrial } from "../trials/spec.ts";
import type { SearchLog, TrialOutcome } from "./log.ts";
import type { SearchSettings } from "./result.ts";
import type { SearchClock } from "./trials.ts";

/** A trial of a search is over. */
export interface SearchProgress extends SearchClock {
  readonly phase: "searching" | "playing off" | "confirming";
  /** From 1. */
  readonly generation: number;
  readonly spec: TrialSpec;
  readonly outcome: TrialOutcome;
  /** The best score of a trial of full length so far, and whose. */
  readonly best: { readonly name: string; readonly score: number } | null;
}

export interface SearchOptions {
  /** A task by name, or with options: `{ name: "characters", options: { hiddenSize: 64 } }`. */
  task: string | TaskSpec;
  /** Default "rnn". */
  cell?: CellName;
  /** What all trials together may take: training steps, or seconds. */
  budget: { readonly steps: number } | { readonly seconds: number };
  /** What the search follows from: a whole number ≥ 0. */
  seed: number;
  /** Steps of a training of full length; default 600. */
  trialSteps?: number;
  /** What the best is compared with; default "tanh". */
  reference?: string | Contender;
  /** Who computes the trials; default: an executor in this thread. One that is given is left open. */
  executor?: TrialExecutor;
  /** Where trials are kept; default: nowhere. */
  log?: SearchLog;
  /** Stops it; what it has found by then is what comes out. */
  signal?: AbortSignal;
  /** Called after each trial that is computed. */
  onProgress?: (progress: SearchProgress) => void;
}

/** Functions of a generation. */
export const SIZE = 18;
/** Which part of the full length a generation is trained for at first and later, and how many of it. */
export const RUNGS = [
  { parts: 9, most: SIZE },
  { parts: 3, most: 6 },
  { parts: 1, most: 2 },
] as const;
/** How many of the best are trained again, with how many seeds, before some are chosen. */
export const PLAY_OFF = { most: 8, seeds: 3 };
/** How many of those are confirmed, with how many fresh seeds. */
export const CONFIRMATION = { most: 2, seeds: 10 };
/** How far apart the seeds of two searches are. */
export const SEEDS_APART = 1000;
export const FIRST_FRESH = 101;
const LARGEST_SEED = 1e9;

/** @throws {OptionError} when an option is out of range, or the budget too small. */
export function settingsOf(options: SearchOptions): SearchSettings {
  const { cell = "rnn", seed, trialSteps = 600 } = options;
  const task = typeof options.task === "string" ? { name: options.task } : options.task;
  const reference =
    typeof options.reference === "object" ? options.reference : { activation: options.reference ?? "tanh" };
  requireCell(cell);
  requireSeed("searchActivation seed", seed);
  if (seed > LARGEST_SEED) throw new OptionError(`searchActivation seed: expected at most 10^9, got ${seed}`);
  requireCount("searchActivation trialSteps", trialSteps);
  settleTrial({ ...reference, cell, task, seed: 1, budget: trialSteps });
  const settings = { task, cell, budget: options.budget, seed, trialSteps, reference };
  requireBudget(settings);
  return settings;
}

function requireBudget({ budget, trialSteps }: SearchSettings): void {
  const [[kind, value] = [], second] = typeof budget === "object" && budget !== null ? Object.entries(budget) : [];
  if (second || !(kind === "steps" || kind === "seconds")) {
    const got = JSON.stringify(budget) ?? budget;
    throw new OptionError(`searchActivation budget: expected { steps } or { seconds }, got ${got}`);
  }
  if (!(typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new OptionError(`searchActivation budget ${kind}: expected a finite number > 0, got ${value}`);
  }
  const least = generationSteps(trialSteps) + finalSteps(trialSteps);
  if (kind === "steps" && value < least) {
    throw new OptionError(
      `searchActivation budget steps: expected at least ${least}, which one generation and the confirmation take, got ${value}`,
    );
  }
}

/** Steps of a rung. */
export const stepsOf = (trialSteps: number, parts: number): number => Math.max(1, Math.round(trialSteps / parts));

/** Steps that a generation takes at most. */
export function generationSteps(trialSteps: number): number {
  return RUNGS.reduce((sum, { parts, most }) => sum + most * stepsOf(trialSteps, parts), 0);
}

/** Steps that play-off and confirmation take at most. */
export function finalSteps(trialSteps: number): number {
  const { most, seeds } = PLAY_OFF;
  return trialSteps * (most * seeds + (CONFIRMATION.most + 1) * CONFIRMATION.seeds);
}
