/** A season that shows: how alike rows are that lie so far apart, 0 to 1. */
const SHOWS = 0.25;

/** Rows that a season may have at most. */
const LONGEST = 400;

/**
 * After how many rows a series is like itself again: the calendar's season where it shows, or else the distance at which the
 * autocorrelation, its trend taken off, has its highest peak; the calendar's, or 1, where no peak shows.
 * Source: Box & Jenkins 1970, r_k = Σ (x_t − x̄)(x_{t+k} − x̄) / Σ (x_t − x̄)².
 * @param values the part that is learned from.
 */
export function guessSeason(values: ArrayLike<number>, calendar: number | null): number {
  const likeness = autocorrelation(withoutTrend(values), Math.min(LONGEST, Math.floor(values.length / 3)));
  const at = (lag: number): number => likeness[lag] ?? 0;
  const isPeak = (lag: number): boolean => at(lag) > at(lag - 1) && at(lag) >= at(lag + 1) && at(lag) > SHOWS;
  if (calendar !== null && isPeak(calendar)) return calendar;
  // What is near is alike in any smooth series: peaks count from the first valley on.
  let valley = 1;
  while (valley + 1 < likeness.length && at(valley + 1) <= at(valley)) valley++;
  let best = 0;
  for (let lag = valley + 1; lag + 1 < likeness.length; lag++)
    if (isPeak(lag) && at(lag) > at(best === 0 ? -1 : best)) best = lag;
  return best || (calendar ?? 1);
}

/** What is left of values when the straight line that fits them best is taken off. */
function withoutTrend(values: ArrayLike<number>): Float64Array {
  const { length } = values;
  const middle = (length - 1) / 2;
  let [sum, product, squares] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    sum += values[i] as number;
    product += (i - middle) * (values[i] as number);
    squares += (i - middle) ** 2;
  }
  const slope = squares > 0 ? product / squares : 0;
  return Float64Array.from(values, (value, i) => value - sum / length - slope * (i - middle));
}

/** r_0 … r_most of values whose mean is 0. */
function autocorrelation(values: Float64Array, most: number): number[] {
  const whole = values.reduce((sum, value) => sum + value * value, 0);
  return Array.from({ length: most + 1 }, (_, lag) => {
    let sum = 0;
    for (let i = lag; i < values.length; i++) sum += (values[i] as number) * (values[i - lag] as number);
    return whole > 0 ? sum / whole : 0;
  });
}
