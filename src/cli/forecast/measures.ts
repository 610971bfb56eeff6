/** How far forecasts are from the truth. */
export interface Errors {
  /** Mean absolute error, in the unit of the series. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /**
   * MAE as a share of that of the seasonal naive forecast within the part that is learned from: below 1 is better. Null where
   * that forecast never errs, as in a series that repeats itself to the number.
   * Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy".
   */
  readonly mase: number | null;
}

/** Errors of a way to forecast: over all steps ahead, and for each. */
export interface Score {
  readonly name: string;
  readonly all: Errors;
  /** [step − 1] */
  readonly steps: readonly Errors[];
}

/** A forecast of the `horizon` rows from row `start` on. */
export interface Forecast {
  readonly start: number;
  readonly values: ArrayLike<number>;
}

/** The value before, for all steps ahead. */
export function naive(series: ArrayLike<number>, starts: readonly number[], horizon: number): Forecast[] {
  return starts.map((start) => ({ start, values: new Float64Array(horizon).fill(series[start - 1] as number) }));
}

/** The value of the latest season that is known, at the same place in it. */
export function seasonalNaive(
  series: ArrayLike<number>,
  starts: readonly number[],
  horizon: number,
  season: number,
): Forecast[] {
  return starts.map((start) => ({
    start,
    values: Float64Array.from({ length: horizon }, (_, h) => series[start - season + (h % season)] as number),
  }));
}

/** MAE of the seasonal naive forecast, one step ahead in each of the first `rows` rows; what MASE is measured by. */
export function naiveScale(series: ArrayLike<number>, rows: number, season: number): number {
  let sum = 0;
  for (let i = season; i < rows; i++) sum += Math.abs((series[i] as number) - (series[i - season] as number));
  return sum / Math.max(1, rows - season);
}

/** @param scale see `naiveScale`. */
export function scoreOf(name: string, forecasts: readonly Forecast[], series: ArrayLike<number>, scale: number): Score {
  const horizon = forecasts[0]?.values.length ?? 0;
  const absolute = new Float64Array(horizon);
  const squared = new Float64Array(horizon);
  for (const { start, values } of forecasts) {
    for (let h = 0; h < horizon; h++) {
      const error = (series[start + h] as number) - (values[h] as number);
      absolute[h] = (absolute[h] as number) + Math.abs(error);
      squared[h] = (squared[h] as number) + error * error;
    }
  }
  const errors = (sum: number, squares: number, count: number): Errors => ({
    mae: sum / count,
    rmse: Math.sqrt(squares / count),
    mase: scale === 0 ? null : sum / count / scale,
  });
  const total = (sums: Float64Array): number => sums.reduce((a, b) => a + b, 0);
  return {
    name,
    all: errors(total(absolute), total(squared), forecasts.length * horizon),
    steps: Array.from(absolute, (sum, h) => errors(sum, squared[h] as number, forecasts.length)),
  };
}
