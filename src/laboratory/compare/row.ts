import type { ExpressionParameters } from "../../ops/activation/expression/expression.ts";
import type { CellName, TaskSpec, TrialResult } from "../trial.ts";
import { type Estimate, estimate, medianOf } from "./statistics.ts";

/** An activation that takes part in a comparison. */
export interface Contender {
  /** A name, or an expression in x. */
  readonly activation: string;
  /** Values of its parameters, and those that learned ones start from. */
  readonly parameters?: ExpressionParameters;
}

/** An activation in words. */
export function nameOf({ activation, parameters }: Contender): string {
  const values = Object.entries(parameters ?? {}).map(([name, value]) =>
    typeof value === "number" ? `${name} ${value}` : `${name} learned from ${value.learn}`,
  );
  return values.length > 0 ? `${activation} (${values.join(", ")})` : activation;
}

/** What is compared with others of the same task and cell. */
export interface Combination extends Contender {
  readonly task: TaskSpec;
  readonly cell: CellName;
  readonly learningRate: number;
}

/** A trial of a combination. */
export interface SeedResult {
  readonly seed: number;
  readonly result: TrialResult;
}

/** What became of a combination. */
export interface ComparisonRow extends Combination {
  /** The activation in words: `x * sigmoid(beta * x) (beta 1)`. */
  readonly name: string;
  /** Every trial, by seed. */
  readonly trials: readonly SeedResult[];
  /** The last score, over those that did not diverge: lower is better. Null when all diverged. */
  readonly score: Estimate | null;
  /** The median over all seeds of the training steps to the target; null when half of them or more never reached it. */
  readonly stepsToTarget: number | null;
  /** How many reached it. */
  readonly reached: number;
  /** How many were counted: all but those that failed. */
  readonly of: number;
  /** How many diverged. */
  readonly diverged: number;
  /** How many failed: whoever computed them died. Nothing is concluded from those. */
  readonly failed: number;
  /** The median over seeds, of training alone. */
  readonly secondsPerStep: number;
  /**
   * The best and the worst place, from 1, that it can have among those of its task and cell: all whose intervals overlap with
   * its own may be better or worse, and all of fewer than three scores.
   */
  readonly rank: readonly [best: number, worst: number];
  /** What other learning rates gave, where several were tried: the best one is above. */
  readonly otherRates: readonly {
    readonly learningRate: number;
    readonly score: Estimate | null;
    readonly diverged: number;
  }[];
}

/** A row before it is known where it stands among others. */
export type Unranked = Omit<ComparisonRow, "rank">;

/** What some trials say of a combination. */
export function summarise(combination: Combination, trials: readonly SeedResult[]): Unranked {
  const counted = trials.filter(({ result }) => result.outcome !== "failed").map(({ result }) => result);
  const scores = counted.flatMap(({ score }) => (score === null ? [] : [score]));
  const steps = medianOf(counted.map(({ stepsToTarget }) => stepsToTarget ?? Number.POSITIVE_INFINITY));
  return {
    ...combination,
    name: nameOf(combination),
    trials,
    score: estimate(scores),
    stepsToTarget: steps === Number.POSITIVE_INFINITY ? null : steps,
    reached: counted.filter(({ stepsToTarget }) => stepsToTarget !== null).length,
    of: counted.length,
    diverged: counted.length - scores.length,
    failed: trials.length - counted.length,
    secondsPerStep: medianOf(counted.map(({ secondsPerStep }) => secondsPerStep)) ?? 0,
    otherRates: [],
  };
}

/** Two scores may be the same by chance, as shares of errors often are, and their interval then has no width. */
const FEWEST = 3;

/** Whether half of the trials or more came to no score. */
const mostlyDiverges = ({ diverged, of }: Unranked): boolean => 2 * diverged >= of;

/** The order in which rows are told: those that mostly diverge last, then by the mean score. */
export function byScore(a: Unranked, b: Unranked): number {
  const [first, second] = [a, b].map((row) => (mostlyDiverges(row) || !row.score ? 1 : 0)) as [number, number];
  if (first !== second) return first - second;
  const mean = (row: Unranked): number => row.score?.mean ?? Number.MAX_VALUE;
  return mean(a) - mean(b) || a.diverged - b.diverged;
}

/**
 * Whether one is better beyond doubt: of three scores at least, its interval lies wholly below, and it diverges no more often; or it never diverges
 * and the other one mostly does.
 */
export function clearlyBetter(a: Unranked, b: Unranked): boolean {
  if (a.of === 0 || b.of === 0) return false;
  if (a.diverged === 0 && mostlyDiverges(b)) return true;
  if (Math.min(a.of - a.diverged, b.of - b.diverged) < FEWEST || a.diverged > b.diverged) return false;
  const [own, other] = [a.score?.interval, b.score?.interval];
  return own != null && other != null && own[1] < other[0];
}

/** Rows of one task and cell in their order, each with the places it can have. */
export function ranked(rows: readonly Unranked[]): ComparisonRow[] {
  return rows.toSorted(byScore).map((row) => {
    const others = rows.filter((other) => other !== row);
    const better = others.filter((other) => clearlyBetter(other, row)).length;
    const worse = others.filter((other) => clearlyBetter(row, other)).length;
    return { ...row, rank: [1 + better, rows.length - worse] };
  });
}

/** The best of the learning rates that a combination was tried with, which knows of the others. */
export function bestRate(rows: readonly Unranked[]): Unranked {
  const [best, ...others] = rows.toSorted(byScore) as [Unranked, ...Unranked[]];
  const otherRates = others
    .toSorted((a, b) => a.learningRate - b.learningRate)
    .map(({ learningRate, score, diverged }) => ({ learningRate, score, diverged }));
  return { ...best, otherRates };
}
