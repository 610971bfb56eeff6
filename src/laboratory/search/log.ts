/** What a search remembers of its trials, so that one that was ended goes on where it was. */
import type { TrialResult, TrialSpec } from "../trial.ts";

/** What a search needs to know of a trial that is over. */
export type TrialOutcome = Pick<TrialResult, "outcome" | "steps" | "score" | "reason" | "learned">;

/** A trial that is over. */
export interface LoggedTrial {
  readonly outcome: TrialOutcome;
  /** Seconds since the search began, times when it was not running left out. */
  readonly at: number;
}

/** What everything in a search follows from: a log belongs to the search with these. */
export type SearchFingerprint = Readonly<Record<string, unknown>>;

/** Where a search keeps its trials, one behind the other; `searchLog` of unrolled/node is one in a file. */
export interface SearchLog {
  /**
   * Called once, before anything else.
   * @returns the `at` of the last trial in it, 0 when there is none.
   * @throws {DataError} when it belongs to another search, or cannot be read.
   */
  open(search: SearchFingerprint): number;
  /** The trial with a hash. */
  get(hash: string): LoggedTrial | undefined;
  /** Adds one. */
  add(hash: string, trial: LoggedTrial, spec: TrialSpec): void;
  /** Called once, when the search ends in whatever way. */
  close(): void;
}

/** A log that ends with the program. */
export function logInMemory(): SearchLog {
  const trials = new Map<string, LoggedTrial>();
  return {
    open: () => 0,
    get: (hash) => trials.get(hash),
    add: (hash, trial) => trials.set(hash, trial),
    close: () => undefined,
  };
}
