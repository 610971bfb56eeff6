import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";
import { cutsOf } from "./fractions.ts";
import { type RowRange, requireColumns, requireFinite, Scaler, type SeriesColumns } from "./scaler.ts";

export interface SeriesWindowOptions {
  /** Time steps shown. */
  window: number;
  /** Time steps to be foretold, right after those shown; default 1. */
  horizon?: number;
  /** From one window's start to the next; default 1. */
  stride?: number;
  /** Columns shown; default all. */
  inputs?: readonly number[];
  /** Columns to be foretold; default the first. */
  targets?: readonly number[];
  /** Where what is foretold lies: rows from `from` to before `to`. What is shown may lie before; default all rows. */
  targetRows?: RowRange;
}

/**
 * Windows of a time series: input [T, B, I] is `window` rows of the input columns, target [B, horizon · K] the `horizon` rows
 * after them of the K target columns, one step after the other.
 *
 * ```ts
 * const data = seriesWindows([[1, 2, 3, 4, 5, 6]], { window: 3, horizon: 2 });
 * data.length; // 2
 * data.batch(Int32Array.of(1)).target; // [[5, 6]]
 * ```
 *
 * @param columns one or more columns of equal length, in the order of time.
 * @throws {OptionError} when an option is unknown or out of range; {DataError} when no window fits, columns differ in length,
 *   or a number is not finite.
 */
export function seriesWindows(columns: SeriesColumns, options: SeriesWindowOptions): Dataset {
  const known = ["window", "horizon", "stride", "inputs", "targets", "targetRows"];
  requireKnown("seriesWindows", options, known);
  const rows = requireColumns("seriesWindows", columns);
  const window = requireCount("seriesWindows window", options.window);
  const horizon = requireCount("seriesWindows horizon", options.horizon ?? 1);
  const stride = requireCount("seriesWindows stride", options.stride ?? 1);
  const inputs = chosen("inputs", columns, options.inputs ?? columns.map((_, c) => c));
  const targets = chosen("targets", columns, options.targets ?? [0]);
  const { from = 0, to = rows } = options.targetRows ?? {};
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to > rows) {
    throw new OptionError(`seriesWindows targetRows: expected rows from 0 to ${rows}, got ${from} to ${to}`);
  }
  const first = Math.max(from, window);
  const length = Math.floor((to - first - horizon) / stride) + 1;
  if (length < 1) {
    throw new DataError(
      `seriesWindows: expected rows for a window of ${window} and a horizon of ${horizon}, got ${Math.max(0, to - Math.max(0, from - window))}`,
    );
  }
  for (const column of [...inputs, ...targets]) requireFinite("seriesWindows", column, first - window, to);
  return {
    length,
    batch: (indices) => {
      const batch = indices.length;
      const input = new Float32Array(window * batch * inputs.length);
      const target = new Float32Array(batch * horizon * targets.length);
      indices.forEach((index, b) => {
        const start = first + index * stride;
        inputs.forEach((column, c) => {
          for (let t = 0; t < window; t++) {
            input[(t * batch + b) * inputs.length + c] = column[start - window + t] as number;
          }
        });
        targets.forEach((column, k) => {
          for (let t = 0; t < horizon; t++) {
            target[(b * horizon + t) * targets.length + k] = column[start + t] as number;
          }
        });
      });
      return {
        input: Tensor.fromArray(input, [window, batch, inputs.length]),
        target: Tensor.fromArray(target, [batch, horizon * targets.length]),
      };
    },
  };
}

function chosen(name: string, columns: SeriesColumns, numbers: readonly number[]): ArrayLike<number>[] {
  const wrong = numbers.find((c) => !(c in columns));
  if (wrong !== undefined || numbers.length === 0) {
    throw new OptionError(
      `seriesWindows ${name}: expected columns from 0 to ${columns.length - 1}, got [${numbers.join(", ")}]`,
    );
  }
  return numbers.map((c) => columns[c] as ArrayLike<number>);
}

export interface ForecastOptions extends Omit<SeriesWindowOptions, "targetRows"> {
  /** How much of the series each part foretells, earliest first; default [0.8, 0.2]. */
  fractions?: readonly number[];
  /** "standard" (default), "minMax", or "none". */
  scaling?: "standard" | "minMax" | "none";
}

/** A series made ready to be learned from. */
export interface ForecastData {
  /** Windows of each part, in the order of `fractions`. */
  readonly parts: readonly Dataset[];
  /** Learnt from the rows of the first part alone. Predictions go back by `scaler.invert(values, targets)`. */
  readonly scaler: Scaler;
}

/**
 * A time series parted in time and scaled. What a part foretells lies in its own rows; what it shows may reach back into the
 * part before, as it would in use. Means and deviations come from the first part's rows, so that nothing of what is to be
 * foretold is known beforehand.
 *
 * ```ts
 * const series = Float32Array.from({ length: 100 }, (_, t) => t);
 * const { parts, scaler } = forecastData([series], { window: 12, horizon: 3, scaling: "minMax" });
 * const [train, test] = parts;
 * [train?.length, test?.length]; // [66, 18]
 * const { target } = test!.batch(Int32Array.of(0));
 * scaler.invert(target.toArray()).map(Math.round); // [80, 81, 82]
 * ```
 *
 * @throws as {@link seriesWindows} does, and {OptionError} when fractions are not numbers > 0 with sum 1.
 */
export function forecastData(columns: SeriesColumns, options: ForecastOptions): ForecastData {
  const known = ["window", "horizon", "stride", "inputs", "targets", "fractions", "scaling"];
  requireKnown("forecastData", options, known);
  const { fractions = [0.8, 0.2], scaling = "standard", ...windows } = options;
  const rows = requireColumns("forecastData", columns);
  if (!["standard", "minMax", "none"].includes(scaling)) {
    throw new OptionError(
      `forecastData scaling: expected "standard", "minMax" or "none", got ${JSON.stringify(scaling)}`,
    );
  }
  const cuts = cutsOf("forecastData", fractions, rows);
  const scaler =
    scaling === "none"
      ? new Scaler({ offset: columns.map(() => 0), scale: columns.map(() => 1) })
      : Scaler[scaling](columns, { to: cuts[1] as number });
  const scaled = scaler.transform(columns);
  const parts = fractions.map((_, p) =>
    seriesWindows(scaled, { ...windows, targetRows: { from: cuts[p] as number, to: cuts[p + 1] as number } }),
  );
  return { parts, scaler };
}
