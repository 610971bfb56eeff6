/** The vocabulary of the learning bench: a task is learned from scratch, once a seed, and gives one score. */

/** What became of one learning. */
export interface Outcome {
  readonly score: number;
  readonly steps: number;
  readonly seconds: number;
}

export interface Task {
  readonly name: string;
  /** What the score is, and what is promised of it. */
  readonly score: string;
  /** Whether a score keeps the promise, where there is one; `other` is the score of `against` with the same seed. */
  readonly solved?: (score: number, other: number) => boolean;
  /** The name of a task to compare with, which is learned too. */
  readonly against?: string;
  /** Data files it reads, below the data folder. */
  readonly files?: readonly string[];
  /** Learns with this seed. */
  readonly learn: (seed: number, data: string) => Outcome | Promise<Outcome>;
}

/** Runs `step` until it says that the task is solved, or `most` times. */
export function learnUntil(most: number, step: (index: number) => number | undefined): Outcome {
  const started = performance.now();
  let score = Number.NaN;
  let steps = 0;
  while (steps < most) {
    const measured = step(steps++);
    if (measured === undefined) continue;
    score = measured;
    break;
  }
  return { score, steps, seconds: (performance.now() - started) / 1000 };
}
