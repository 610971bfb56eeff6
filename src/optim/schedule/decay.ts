import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { requireRange } from "../group.ts";
import { power, realPower } from "../power.ts";
import { requireRate, type Schedule, schedule } from "./schedule.ts";

/** @throws {OptionError} unless a factor of decay is a number from 0 to 1. */
function requireGamma(what: string, value: number): number {
  return requireRange(`${what} gamma`, value, 0, 1);
}

/**
 * The same rate at every step.
 *
 * ```ts
 * constantSchedule({ learningRate: 0.1 }).rateAt(1000); // 0.1
 * ```
 *
 * @throws {OptionError} when it is negative or not finite.
 */
export function constantSchedule(options: { learningRate: number }): Schedule {
  requireKnown("constantSchedule", options, ["learningRate"]);
  const rate = requireRate("constantSchedule learningRate", options.learningRate);
  return schedule(() => rate);
}

/**
 * learningRate·γ^⌊step / stepSize⌋, as `torch.optim.lr_scheduler.StepLR`; γ is 0.1 by default.
 *
 * ```ts
 * stepSchedule({ learningRate: 0.1, stepSize: 1000, gamma: 0.5 }).rateAt(2500); // 0.025
 * ```
 *
 * @throws {OptionError} when an option is out of range.
 */
export function stepSchedule(options: { learningRate: number; stepSize: number; gamma?: number }): Schedule {
  requireKnown("stepSchedule", options, ["learningRate", "stepSize", "gamma"]);
  const rate = requireRate("stepSchedule learningRate", options.learningRate);
  const size = requireCount("stepSchedule stepSize", options.stepSize);
  const gamma = requireGamma("stepSchedule", options.gamma ?? 0.1);
  return schedule((step) => rate * power(gamma, Math.floor(step / size)));
}

/**
 * learningRate·γⁿ with n the number of milestones ≤ step, as `torch.optim.lr_scheduler.MultiStepLR`; γ is 0.1 by default.
 *
 * ```ts
 * multiStepSchedule({ learningRate: 0.1, milestones: [1000, 1500] }).rateAt(1500); // 0.001
 * ```
 *
 * @throws {OptionError} when an option is out of range, or milestones do not ascend.
 */
export function multiStepSchedule(options: {
  learningRate: number;
  milestones: readonly number[];
  gamma?: number;
}): Schedule {
  requireKnown("multiStepSchedule", options, ["learningRate", "milestones", "gamma"]);
  const rate = requireRate("multiStepSchedule learningRate", options.learningRate);
  const gamma = requireGamma("multiStepSchedule", options.gamma ?? 0.1);
  if (!Array.isArray(options.milestones)) {
    throw new OptionError(`multiStepSchedule milestones: expected steps, got ${typeof options.milestones}`);
  }
  const milestones = options.milestones.map((step) => requireCount("multiStepSchedule milestones", step));
  if (milestones.some((step, i) => step < (milestones[i - 1] ?? 0))) {
    throw new OptionError(`multiStepSchedule milestones: expected steps that ascend, got ${milestones.join(", ")}`);
  }
  return schedule((step) => rate * power(gamma, milestones.filter((milestone) => milestone <= step).length));
}

/**
 * learningRate·γ^step, as `torch.optim.lr_scheduler.ExponentialLR`.
 *
 * ```ts
 * exponentialSchedule({ learningRate: 0.1, gamma: 0.5 }).rateAt(3); // 0.0125
 * ```
 *
 * @throws {OptionError} when an option is out of range.
 */
export function exponentialSchedule(options: { learningRate: number; gamma: number }): Schedule {
  requireKnown("exponentialSchedule", options, ["learningRate", "gamma"]);
  const rate = requireRate("exponentialSchedule learningRate", options.learningRate);
  const gamma = requireGamma("exponentialSchedule", options.gamma);
  return schedule((step) => rate * power(gamma, step));
}

export interface PolynomialScheduleOptions {
  learningRate: number;
  /** After how many steps the rate has come down. */
  steps: number;
  /** Above 0; default 1: a straight line. */
  power?: number;
  /** Where it comes down to, and stays; default 0. */
  minimum?: number;
}

/**
 * minimum + (learningRate − minimum)·(1 − step/steps)^power, and `minimum` from then on, as
 * `torch.optim.lr_scheduler.PolynomialLR`.
 *
 * ```ts
 * polynomialSchedule({ learningRate: 0.1, steps: 1000, power: 2 }).rateAt(500); // 0.025
 * ```
 *
 * @throws {OptionError} when an option is out of range.
 */
export function polynomialSchedule(options: PolynomialScheduleOptions): Schedule {
  requireKnown("polynomialSchedule", options, ["learningRate", "steps", "power", "minimum"]);
  const rate = requireRate("polynomialSchedule learningRate", options.learningRate);
  const steps = requireCount("polynomialSchedule steps", options.steps);
  const exponent = requireRange("polynomialSchedule power", options.power ?? 1, Number.MIN_VALUE, Number.MAX_VALUE);
  const minimum = requireRange("polynomialSchedule minimum", options.minimum ?? 0, 0, rate);
  return schedule((step) => minimum + (rate - minimum) * realPower(1 - Math.min(step, steps) / steps, exponent));
}
