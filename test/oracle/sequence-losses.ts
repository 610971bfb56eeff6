/** Losses of sequences and of numbers in float64, as their papers write them, with gradients where they are not obvious. */

import { logSoftmax } from "./losses.ts";
import type { Vector } from "./vector.ts";

/** log Σ exp of any numbers; −∞ when all are. */
export function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** A path's labels: repetitions merged, then blanks left out. */
export function collapse(path: readonly number[], blank: number): number[] {
  return path.filter((label, t) => label !== blank && label !== path[t - 1]);
}

/** Every way to choose one of `classes` at each of `steps`. */
export function everyPath(steps: number, classes: number): number[][] {
  let paths: number[][] = [[]];
  for (let t = 0; t < steps; t += 1) {
    paths = paths.flatMap((path) => Array.from({ length: classes }, (_, label) => [...path, label]));
  }
  return paths;
}

/** The log-probability of every labelling that [T, C] log-probabilities can spell, by trying all C^T paths. */
export function everyLabelling(rows: readonly Vector[], blank: number): Map<string, number> {
  const found = new Map<string, number[]>();
  for (const path of everyPath(rows.length, rows[0]?.length ?? 1)) {
    const name = collapse(path, blank).join(" ");
    const logProbability = path.reduce((sum, label, t) => sum + rows[t][label], 0);
    found.set(name, [...(found.get(name) ?? []), logProbability]);
  }
  return new Map([...found].map(([name, all]) => [name, logSum(all)]));
}

/**
 * Graves et al. 2006: the loss of one sequence and its gradient with respect to its log-probabilities, as sums over states
 * of forward and backward variables (equations 6, 7, 10 and 15, without the rescaling).
 */
export function ctc(rows: readonly Vector[], target: readonly number[], blank: number) {
  const states = [blank, ...target.flatMap((label) => [label, blank])];
  const [steps, last] = [rows.length, states.length - 1];
  const skips = (s: number) => s >= 2 && states[s] !== blank && states[s] !== states[s - 2];
  const none = Number.NEGATIVE_INFINITY;
  const alpha = rows.map(() => states.map(() => none));
  const beta = rows.map(() => states.map(() => none));
  for (let t = 0; t < steps; t += 1) {
    for (const [s, label] of states.entries()) {
      if (t === 0) alpha[t][s] = s < 2 ? rows[t][label] : none;
      else {
        const from = [alpha[t - 1][s], s > 0 ? alpha[t - 1][s - 1] : none, skips(s) ? alpha[t - 1][s - 2] : none];
        alpha[t][s] = logSum(from) + rows[t][label];
      }
    }
  }
  for (let t = steps - 1; t >= 0; t -= 1) {
    for (const [s, label] of states.entries()) {
      if (t === steps - 1) beta[t][s] = s >= last - 1 ? rows[t][label] : none;
      else {
        const to = [
          beta[t + 1][s],
          s < last ? beta[t + 1][s + 1] : none,
          s + 2 <= last && skips(s + 2) ? beta[t + 1][s + 2] : none,
        ];
        beta[t][s] = logSum(to) + rows[t][label];
      }
    }
  }
  const loss = -logSum(alpha[steps - 1].slice(-2));
  const gradient = rows.map((row, t) => {
    const dRow = new Float64Array(row.length);
    for (const [s, label] of states.entries()) {
      dRow[label] -= Math.exp(alpha[t][s] + beta[t][s] - row[label] + loss);
    }
    return dRow;
  });
  return { loss, gradient };
}

/** −Σ_c q_c·w_c·log softmax(x)_c with q = (1 − ε)·one-hot(t) + ε/C. */
export function smoothedCrossEntropy(row: Vector, target: number, smoothing: number, weight?: Vector): number {
  const logs = logSoftmax(row);
  return logs.reduce((sum, log, c) => {
    const share = (c === target ? 1 - smoothing : 0) + smoothing / row.length;
    return sum - share * (weight?.[c] ?? 1) * log;
  }, 0);
}

/** −log Σ_k softmax(logits)_k·Π_d N(y_d; μ_kd, exp s_kd); means and logScales [K, D] row by row. */
export function mixtureDensity(logits: Vector, means: Vector, logScales: Vector, target: Vector): number {
  const d = target.length;
  const joint = Array.from(logSoftmax(logits), (prior, k) => {
    let log = prior;
    for (let j = 0; j < d; j += 1) {
      const scale = logScales[k * d + j];
      const z = (target[j] - means[k * d + j]) * Math.exp(-scale);
      log -= 0.5 * z * z + scale + 0.5 * Math.log(2 * Math.PI);
    }
    return log;
  });
  return -logSum(joint);
}

export interface Pair {
  value(x: number, t: number): number;
}

/** The losses of pairs, each as its definition. */
export const pairs = {
  absolute: { value: (x: number, t: number) => Math.abs(x - t) },
  huber: (delta: number): Pair => ({
    value(x, t) {
      const e = Math.abs(x - t);
      return e <= delta ? (e * e) / 2 : delta * (e - delta / 2);
    },
  }),
  binaryEntropy: (positive: number): Pair => ({
    value: (x, t) => positive * t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x)),
  }),
  divergence: { value: (x: number, t: number) => t * (Math.log(t) - x) },
  divergenceOfLogs: { value: (x: number, t: number) => Math.exp(t) * (t - x) },
} satisfies Record<string, Pair | ((number: number) => Pair)>;
