/** What a training tells of itself. */

/** What a validation has found. */
export interface Validation {
  /** Steps done before it. */
  readonly step: number;
  readonly loss: number;
  /** What the metrics have found, by their names. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** How far a training is. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  /** Steps to do, as far as known; infinity when a source does not say how many batches it has. */
  readonly steps: number;
  /** Passes over the data begun, from 1. */
  readonly epoch: number;
  /** Loss of this step's batch, before the step. */
  readonly loss: number;
  /** Norm of the gradients before clipping; undefined without `clipNorm`. */
  readonly gradientNorm: number | undefined;
  /** The rate of this step. */
  readonly learningRate: number;
  /** Since `fit` was called, and before the checkpoint it resumed from. */
  readonly seconds: number;
  /** The loss of the latest validation, when this step had one. */
  readonly validation: number | undefined;
  /** What the metrics have found in it. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
}

/** What a training has done so far. */
export interface HistorySoFar {
  /** Steps done. */
  readonly steps: number;
  /** Loss of each step's batch, or of the latest (see `keepLosses`). */
  readonly loss: readonly number[];
  readonly validation: readonly Validation[];
  readonly seconds: number;
}

/** All was done, a callback asked for it, the signal came, or the time was over. */
export type Stopped = "done" | "callback" | "aborted" | "time";

/** What a training did. */
export interface History extends HistorySoFar {
  readonly stopped: Stopped;
}
