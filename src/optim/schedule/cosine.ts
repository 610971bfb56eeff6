import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { requireRange } from "../group.ts";
import { requireRate, type Schedule, schedule } from "./schedule.ts";

/** Terms of the series of the sine; more change nothing for arguments up to π/2. */
const TERMS = 12;

/**
 * From 1 to 0 along half a wave: (1 + cos πx)/2 = 1 − sin²(πx/2), 0 ≤ x ≤ 1. By the sine's own series, since the cosine of
 * JavaScript engines is not the same to the last bit everywhere.
 */
function fall(x: number): number {
  if (x >= 1) return 0;
  const angle = (x * Math.PI) / 2;
  let sine = 0;
  for (let n = TERMS; n > 0; n--) sine = 1 - (angle * angle * sine) / (2 * n * (2 * n + 1));
  sine *= angle;
  return 1 - sine * sine;
}

export interface CosineScheduleOptions {
  learningRate: number;
  /** How many steps the rate takes to come down, the first time. */
  steps: number;
  /** Where it comes down to; default 0. */
  minimum?: number;
  /** Begin anew whenever it has come down, instead of staying there; default false. */
  restarts?: boolean;
  /** How many times longer each time takes than the one before, a whole number; default 1. Only with `restarts`. */
  factor?: number;
}

/**
 * minimum + (learningRate − minimum)·(1 + cos(π·t/T))/2, with t of T steps done: once, then `minimum` for good, or with
 * `restarts` again and again, T = steps·factorⁱ the i-th time.
 *
 * ```ts
 * const schedule = cosineSchedule({ learningRate: 0.1, steps: 1000, restarts: true, factor: 2 });
 * [0, 500, 1000, 2000, 3000].map((step) => schedule.rateAt(step)); // [0.1, 0.05, 0.1, 0.05, 0.1]
 * ```
 *
 * @throws {OptionError} when an option is out of range.
 * Source: Loshchilov & Hutter 2016, "SGDR: stochastic gradient descent with warm restarts", arXiv:1608.03983, equation 5; as
 * `torch.optim.lr_scheduler.CosineAnnealingLR` and `CosineAnnealingWarmRestarts`.
 */
export function cosineSchedule(options: CosineScheduleOptions): Schedule {
  requireKnown("cosineSchedule", options, ["learningRate", "steps", "minimum", "restarts", "factor"]);
  const rate = requireRate("cosineSchedule learningRate", options.learningRate);
  const steps = requireCount("cosineSchedule steps", options.steps);
  const minimum = requireRange("cosineSchedule minimum", options.minimum ?? 0, 0, rate);
  const factor = requireCount("cosineSchedule factor", options.factor ?? 1);
  if (factor > 1 && !options.restarts) throw new OptionError("cosineSchedule factor: expected restarts beside it");
  return schedule((step) => {
    const part = options.restarts ? partOfPeriod(step, steps, factor) : Math.min(1, step / steps);
    return minimum + (rate - minimum) * fall(part);
  });
}

/** How much of its period is done at a step, when periods grow by a factor. */
function partOfPeriod(step: number, first: number, factor: number): number {
  if (factor === 1) return (step % first) / first;
  let [left, period] = [step, first];
  while (left >= period) {
    left -= period;
    period *= factor;
  }
  return left / period;
}

export interface OneCycleScheduleOptions {
  /** The largest rate. */
  learningRate: number;
  /** All steps of the training. */
  steps: number;
  /** The part of them in which the rate rises, from 0 to 1; default 0.3. */
  warmUpPart?: number;
  /** It begins at learningRate / divisor; default 25. */
  divisor?: number;
  /** It ends at learningRate / divisor / finalDivisor; default 10000. */
  finalDivisor?: number;
  /** Along half a cosine or a line; default "cosine". */
  anneal?: "cosine" | "linear";
  /** Come down to where it began as fast as it rose, and only then to the end; default false. */
  threePhases?: boolean;
}

/** A stretch of a cycle: until step `end`, from one rate to another. */
interface Phase {
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * One cycle: up from learningRate/divisor to learningRate, and down to learningRate/divisor/finalDivisor at the last step, where
 * it stays.
 *
 * ```ts
 * const schedule = oneCycleSchedule({ learningRate: 0.1, steps: 1000 });
 * [0, 299, 999].map((step) => schedule.rateAt(step)); // [0.004, 0.1, 4e-7]
 * ```
 *
 * @throws {OptionError} when an option is out of range.
 * Source: Smith & Topin 2017, "Super-convergence", arXiv:1708.07120, as `torch.optim.lr_scheduler.OneCycleLR` without its cycle
 * of the momentum.
 */
export function oneCycleSchedule(options: OneCycleScheduleOptions): Schedule {
  const name = "oneCycleSchedule";
  const known = ["learningRate", "steps", "warmUpPart", "divisor", "finalDivisor", "anneal", "threePhases"];
  requireKnown(name, options, known);
  const { anneal = "cosine" } = options;
  const rate = requireRate(`${name} learningRate`, options.learningRate);
  const steps = requireCount(`${name} steps`, options.steps);
  const part = requireRange(`${name} warmUpPart`, options.warmUpPart ?? 0.3, 0, options.threePhases ? 0.5 : 1);
  const first = rate / requireRange(`${name} divisor`, options.divisor ?? 25, 1, Number.MAX_VALUE);
  const last = first / requireRange(`${name} finalDivisor`, options.finalDivisor ?? 1e4, 1, Number.MAX_VALUE);
  if (anneal !== "cosine" && anneal !== "linear") {
    throw new OptionError(`${name} anneal: expected "cosine" or "linear", got ${JSON.stringify(anneal)}`);
  }
  const up: Phase = { end: part * steps - 1, from: first, to: rate };
  const down: readonly Phase[] = options.threePhases
    ? [
        { end: 2 * part * steps - 2, from: rate, to: first },
        { end: steps - 1, from: first, to: last },
      ]
    : [{ end: steps - 1, from: rate, to: last }];
  const form = anneal === "cosine" ? fall : (x: number) => 1 - x;
  return schedule((step) => rateOfCycle(step, [up, ...down], form));
}

function rateOfCycle(step: number, phases: readonly Phase[], form: (x: number) => number): number {
  let start = 0;
  for (const { end, from, to } of phases) {
    // Of a phase that is shorter than a step nothing is seen.
    if (end > start && step <= end) return to + (from - to) * form((step - start) / (end - start));
    start = Math.max(start, end);
  }
  return (phases.at(-1) as Phase).to;
}
