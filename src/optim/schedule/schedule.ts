import { OptionError } from "../../runtime/errors.ts";
import { requireRange } from "../group.ts";

/**
 * The learning rate over the steps of a training. A step is one change of the parameters, not an epoch.
 *
 * ```ts
 * const optimizer = new SGD([new Parameter([1])], { learningRate: 0.1 });
 * const schedule: Schedule = stepSchedule({ learningRate: 0.1, stepSize: 10 });
 * for (let step = 0; step < 25; step++) {
 *   optimizer.learningRate = schedule.rateAt(step);
 *   optimizer.step();
 * }
 * optimizer.learningRate; // 0.001
 * ```
 */
export interface Schedule {
  /**
   * The rate before step `step`, from 0: of the step alone, unless the schedule observes.
   * @throws {OptionError} when the step is not a whole number ≥ 0.
   */
  rateAt(step: number): number;
  /** Shows it the value of a validation. */
  observe?(value: number): void;
  /** What it carries from step to step. */
  stateDict?(): Record<string, number>;
  /** Takes up where another one was. @throws {WeightsError} when the state is none of its kind; nothing is changed then. */
  loadStateDict?(state: Record<string, number>): void;
}

/** Makes a schedule of a function of the step. */
export function schedule(rateAt: (step: number) => number): Schedule {
  return { rateAt: (step) => rateAt(requireStep(step)) };
}

export function requireStep(step: number): number {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new OptionError(`rateAt: expected a whole number ≥ 0, got ${step}`);
  }
  return step;
}

/** @throws {OptionError} unless a rate is finite and ≥ 0. */
export function requireRate(what: string, value: number): number {
  return requireRange(what, value, 0, Number.MAX_VALUE);
}
