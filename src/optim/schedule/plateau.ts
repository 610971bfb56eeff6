import { OptionError, WeightsError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { requireRange } from "../group.ts";
import { requireRate, requireStep, type Schedule } from "./schedule.ts";

export interface PlateauOptions {
  learningRate: number;
  /** What the rate is multiplied by, from 0 to below 1; default 0.1. */
  factor?: number;
  /** How many values in a row may be no better; default 10. */
  patience?: number;
  /** By how much a value must be better; default 0.0001. */
  threshold?: number;
  /** Whether the threshold is a part of the best value or a difference from it; default "relative". */
  thresholdMode?: "relative" | "absolute";
  /** How many values after a reduction do not count as bad; default 0. */
  cooldown?: number;
  /** The rate is never reduced below it; default 0. */
  minimum?: number;
  /** Whether less is better or more; default "min". */
  mode?: "min" | "max";
}

const known = ["learningRate", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minimum", "mode"];

/** A reduction smaller than this is not made, as in PyTorch. */
const LEAST_REDUCTION = 1e-8;

/**
 * Reduces the rate when a value, such as the loss of a validation, has got no better for a while: rate = max(rate·factor,
 * minimum) after more than `patience` values in a row that are none better than the best by `threshold`. A value that is not
 * finite is never better. As `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * ```ts
 * const schedule = reduceOnPlateauSchedule({ learningRate: 1, factor: 0.25, patience: 0 });
 * for (const loss of [3, 2, 2.5]) schedule.observe(loss);
 * schedule.rateAt(100); // 0.25
 * ```
 *
 * `rateAt` is the present rate, whatever the step.
 *
 * @throws {OptionError} when an option is out of range.
 */
export function reduceOnPlateauSchedule(options: PlateauOptions): Required<Schedule> {
  return new Plateau(options);
}

/** What it carries from value to value; all numbers are finite. */
interface Standing {
  readonly learningRate: number;
  readonly best: number;
  /** 1 when there is a best value, 0 before. */
  readonly hasBest: number;
  readonly bad: number;
  readonly cooldown: number;
}

class Plateau implements Required<Schedule> {
  readonly #options: Required<Omit<PlateauOptions, "learningRate">>;
  #standing: Standing;

  constructor(options: PlateauOptions) {
    const name = "reduceOnPlateauSchedule";
    requireKnown(name, options, known);
    const number = (what: string, value: number): number => requireRange(`${name} ${what}`, value, 0, Number.MAX_VALUE);
    const learningRate = requireRate(`${name} learningRate`, options.learningRate);
    this.#options = {
      factor: requireRange(`${name} factor`, options.factor ?? 0.1, 0, 1 - Number.EPSILON / 2),
      patience: requireWhole(`${name} patience`, options.patience ?? 10),
      threshold: number("threshold", options.threshold ?? 1e-4),
      thresholdMode: oneOf(`${name} thresholdMode`, options.thresholdMode ?? "relative", ["relative", "absolute"]),
      cooldown: requireWhole(`${name} cooldown`, options.cooldown ?? 0),
      minimum: number("minimum", options.minimum ?? 0),
      mode: oneOf(`${name} mode`, options.mode ?? "min", ["min", "max"]),
    };
    this.#standing = { learningRate, best: 0, hasBest: 0, bad: 0, cooldown: 0 };
  }

  rateAt(step: number): number {
    requireStep(step);
    return this.#standing.learningRate;
  }

  observe(value: number): void {
    if (typeof value !== "number") {
      throw new OptionError(`reduceOnPlateauSchedule observe: expected a number, got ${typeof value}`);
    }
    const { patience, cooldown } = this.#options;
    const before = this.#standing;
    const better = this.#isBetter(value);
    const rests = before.cooldown > 0;
    const bad = better || rests ? 0 : before.bad + 1;
    const best = better ? { best: value, hasBest: 1 } : {};
    const due = bad > patience;
    this.#standing = {
      ...before,
      ...best,
      bad: due ? 0 : bad,
      cooldown: due ? cooldown : before.cooldown - Number(rests),
      learningRate: due ? this.#reduced(before.learningRate) : before.learningRate,
    };
  }

  #isBetter(value: number): boolean {
    const { threshold, thresholdMode, mode } = this.#options;
    const { best, hasBest } = this.#standing;
    if (!Number.isFinite(value)) return false;
    if (!hasBest) return true;
    const sign = mode === "min" ? -1 : 1;
    const bound = thresholdMode === "relative" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? value < bound : value > bound;
  }

  #reduced(rate: number): number {
    const next = Math.max(rate * this.#options.factor, this.#options.minimum);
    return rate - next > LEAST_REDUCTION ? next : rate;
  }

  stateDict(): Record<string, number> {
    return { ...this.#standing };
  }

  loadStateDict(state: Record<string, number>): void {
    const names = Object.keys(this.#standing);
    const fault = names.find((name) => !Number.isFinite(state?.[name]));
    if (fault !== undefined) {
      const what = `reduceOnPlateauSchedule loadStateDict ${fault}`;
      throw new WeightsError(`${what}: expected a finite number, got ${state?.[fault]}`);
    }
    this.#standing = Object.fromEntries(names.map((name) => [name, state[name]])) as unknown as Standing;
  }
}

function requireWhole(what: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new OptionError(`${what}: expected a whole number ≥ 0, got ${value}`);
  }
  return value;
}

function oneOf<Name extends string>(what: string, value: Name, names: readonly Name[]): Name {
  if (!names.includes(value)) {
    throw new OptionError(`${what}: expected ${names.map((name) => `"${name}"`).join(" or ")}, got ${value}`);
  }
  return value;
}
