import type { Dataset } from "../data/dataset.ts";
import type { BatchSource } from "../data/source.ts";
import type { FitOptions } from "../train/plan.ts";
import type { Trainer } from "../train/trainer.ts";

/** What can be asked of a worker, by name: while it trains, between two steps, and before and after. */
export type Questions = Readonly<Record<string, (argument: never) => unknown>>;

/** What a worker trains, and how. */
export interface ServedWork<Asked extends Questions = Questions> {
  readonly trainer: Trainer;
  readonly data: Dataset | BatchSource;
  /** How to learn from it; `resume` is the page's. */
  readonly fit?: Omit<FitOptions, "resume">;
  /** What the page may `ask`. */
  readonly questions?: Asked;
}

/** The way back to the page, for whoever makes the work. */
export interface ServedPage {
  /** Sends a value, which the page's `onTold` is given: whatever can be cloned. */
  tell(value: unknown): void;
}
