/** Medians: what a few odd numbers cannot pull away. */

/** The middle one of some numbers, of an even count the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[] | Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Points of a fit; with more, as many are taken evenly. */
const MOST_POINTS = 400;

/**
 * The slope of a line through points (i, values[i]): the median of the slopes through all pairs, which up to 29 % of the
 * points may miss by any distance. What is not finite is left out; NaN with fewer than two points.
 * Source: Theil 1950, "A rank-invariant method of linear and polynomial regression analysis"; Sen 1968.
 */
export function slopeOf(values: readonly number[]): number {
  const stride = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const points = values.flatMap((y, x) => (x % stride === 0 && Number.isFinite(y) ? [[x, y] as const] : []));
  const slopes: number[] = [];
  points.forEach(([x, y], i) => {
    for (const [otherX, otherY] of points.slice(i + 1)) slopes.push((otherY - y) / (otherX - x));
  });
  return median(slopes);
}
