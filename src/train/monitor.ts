import { OptionError } from "../runtime/errors.ts";
import type { TrainingState } from "./callback.ts";

export interface MonitorOptions {
  /** What of a validation is looked at: "loss", or the name of a metric; default "loss". */
  monitor?: string;
  /** Whether less is better or more; default "min" for the loss, to be said for a metric. */
  mode?: "min" | "max";
}

/** Looks at one figure of validations. */
export interface Monitor {
  /** @throws {OptionError} when validations have no such figure. */
  valueOf(state: TrainingState): number;
  /** Whether a value is better than the best before, if there was one, by more than `by`. NaN never is. */
  isBetter(value: number, best: number | undefined, by: number): boolean;
}

/** @throws {OptionError} when the mode is none, or missing where it is needed. */
export function monitorOf(what: string, { monitor = "loss", mode }: MonitorOptions): Monitor {
  const direction = mode ?? (monitor === "loss" ? "min" : undefined);
  if (direction !== "min" && direction !== "max") {
    throw new OptionError(`${what} mode: expected "min" or "max" for ${monitor}, got ${JSON.stringify(mode)}`);
  }
  const sign = direction === "min" ? 1 : -1;
  return {
    valueOf: ({ progress }) => {
      const value = monitor === "loss" ? progress?.validation : progress?.metrics?.[monitor];
      if (value !== undefined) return value;
      const known = ["loss", ...Object.keys(progress?.metrics ?? {})].join(", ");
      throw new OptionError(`${what} monitor: expected one of ${known}, got ${monitor}`);
    },
    isBetter: (value, best, by) => (best === undefined ? !Number.isNaN(value) : sign * (best - value) > by),
  };
}
