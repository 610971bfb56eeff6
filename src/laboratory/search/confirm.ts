/** What a search may say of its best: against the reference, with seeds that it has not seen. */
import type { Contender } from "../compare/row.ts";
import { type Estimate, estimate } from "../compare/statistics.ts";
import type { Trained } from "./trials.ts";

/** What the evidence says. */
export type Verdict = "better" | "worse" | "no difference shown";

/** One of the best, trained anew. */
export interface Finalist extends Contender {
  /** Its scores with each seed of the confirmation; null where it diverged. */
  readonly scores: readonly (number | null)[];
  /** The mean of those that it has, and where that of all seeds lies. */
  readonly score: Estimate | null;
  /** Score minus the reference's, seed by seed: the mean and its confidence interval; below 0 is better. */
  readonly difference: Estimate | null;
  readonly diverged: number;
  readonly verdict: Verdict;
  /** What its learned parameters have become with the first seed. */
  readonly learned: Readonly<Record<string, number>>;
}

/** Fewer pairs than these show nothing. */
const FEWEST = 3;

/** How sure all that is said of `finalists` functions together is. */
const CONFIDENCE = 0.95;

/**
 * Compares with the reference, seed by seed: both trained with the same weights and batches, which leaves less to chance
 * than the two means. Intervals are by Student's t and the wider the more functions are compared (Bonferroni), so that all
 * of them together hold with 95 % confidence. One that diverges more often than the reference is never better.
 */
export function confirmed(trained: Trained, reference: Trained, finalists: number): Finalist {
  const scores = trained.outcomes.map(({ score }) => score);
  const others = reference.outcomes.map(({ score }) => score);
  const pairs = scores.flatMap((score, i) => {
    const other = others[i] as number | null;
    return score === null || other === null ? [] : [score - other];
  });
  const own = scores.filter((score) => score !== null);
  const confidence = 1 - (1 - CONFIDENCE) / finalists;
  const difference = estimate(pairs, confidence);
  const diverged = scores.length - own.length;
  const more = diverged > others.filter((score) => score === null).length;
  return {
    ...trained.contender,
    scores,
    score: estimate(own),
    difference,
    diverged,
    verdict: verdictOf(pairs.length < FEWEST ? null : difference, more),
    learned: trained.outcomes[0]?.learned ?? {},
  };
}

function verdictOf(difference: Estimate | null, divergesMore: boolean): Verdict {
  if (!difference?.interval) return "no difference shown";
  const [low, high] = difference.interval;
  if (low > 0) return "worse";
  return high < 0 && !divergesMore ? "better" : "no difference shown";
}
