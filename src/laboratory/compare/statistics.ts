/** What a handful of runs says of all runs that there could have been. */

/** P(T ≤ t) of Student's distribution with ν degrees of freedom, t ≥ 0 (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4). */
function studentCdf(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  const between = odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return 0.5 + between / 2;
}

/**
 * The t below which a share of Student's distribution lies.
 * @param share from 0.5 to below 1.
 * @param degrees a whole number ≥ 1.
 */
export function studentQuantile(share: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (studentCdf(high, degrees) < share) [low, high] = [high, 2 * high];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (studentCdf(middle, degrees) < share) low = middle;
    else high = middle;
  }
}

/** The middle one of some numbers, the mean of the middle two of evenly many; null when there are none. Infinity is a number. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** A mean, and where that of all runs there could have been probably lies. */
export interface Estimate {
  readonly mean: number;
  /** The confidence interval of the mean by Student's t, of 95 % unless said; null of a single number, which tells nothing of others. */
  readonly interval: readonly [low: number, high: number] | null;
}

/** The mean of some numbers and its confidence interval by Student's t; null when there are none. */
export function estimate(values: readonly number[], confidence = 0.95): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, interval: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (n - 1);
  const reach = studentQuantile((1 + confidence) / 2, n - 1) * Math.sqrt(variance / n);
  return { mean, interval: [mean - reach, mean + reach] };
}
