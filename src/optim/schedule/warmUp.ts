import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { requireRange } from "../group.ts";
import { requireStep, type Schedule } from "./schedule.ts";

export interface WarmUpOptions {
  /** How many steps it takes. */
  steps: number;
  /** What the rate is multiplied by at the first step, from 0 to 1; default 1 / steps, so that no step is lost. */
  startFactor?: number;
  /** What comes after it; its first step is number `steps`. */
  schedule: Schedule;
}

/**
 * A rise in a straight line from startFactor·r to r, the rate that another schedule begins with, before that schedule:
 * r·(startFactor + (1 − startFactor)·step/steps), as `LinearLR` before it in `torch.optim.lr_scheduler.SequentialLR`.
 *
 * ```ts
 * const schedule = warmUpSchedule({ steps: 4, schedule: constantSchedule({ learningRate: 0.8 }) });
 * [0, 2, 4, 5].map((step) => schedule.rateAt(step)); // [0.2, 0.5, 0.8, 0.8]
 * ```
 *
 * It observes and keeps state where the other one does.
 *
 * @throws {OptionError} when an option is out of range.
 */
export function warmUpSchedule(options: WarmUpOptions): Schedule {
  requireKnown("warmUpSchedule", options, ["steps", "startFactor", "schedule"]);
  const { schedule } = options;
  const steps = requireCount("warmUpSchedule steps", options.steps);
  const start = requireRange("warmUpSchedule startFactor", options.startFactor ?? 1 / steps, 0, 1);
  if (typeof schedule?.rateAt !== "function") {
    throw new OptionError(`warmUpSchedule schedule: expected one, got ${typeof schedule}`);
  }
  const risen: Schedule = {
    rateAt(step) {
      if (requireStep(step) >= steps) return schedule.rateAt(step - steps);
      return schedule.rateAt(0) * (start + ((1 - start) * step) / steps);
    },
  };
  if (schedule.observe) risen.observe = (value) => schedule.observe?.(value);
  if (schedule.stateDict) risen.stateDict = () => schedule.stateDict?.() ?? {};
  if (schedule.loadStateDict) risen.loadStateDict = (state) => schedule.loadStateDict?.(state);
  return risen;
}
