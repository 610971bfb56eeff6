/** Softmax and the losses in float64, with their gradients. A row is one sample's classes. */

import { dot, map, type Vector } from "./vector.ts";

/** exp(x_c - max x) / Σ_k exp(x_k - max x) */
export function softmax(row: Vector): Vector {
  const most = Math.max(...row);
  const powers = map(row, (value) => Math.exp(value - most));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return map(powers, (value) => value / total);
}

/** x_c - max x - log Σ_k exp(x_k - max x) */
export function logSoftmax(row: Vector): Vector {
  const most = Math.max(...row);
  const logTotal = Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return map(row, (value) => value - most - logTotal);
}

/** dx = y ⊙ (dy - dy·y) */
export function softmaxBackward(row: Vector, dy: Vector): Vector {
  const y = softmax(row);
  const shared = dot(dy, y);
  return y.map((value, index) => value * (dy[index] - shared));
}

/** dx = dy - softmax(x) Σ dy */
export function logSoftmaxBackward(row: Vector, dy: Vector): Vector {
  const total = dy.reduce((sum, value) => sum + value, 0);
  return softmax(row).map((value, index) => dy[index] - value * total);
}

export interface ClassLossOptions {
  /** One weight a class; ones when absent. */
  weight?: Vector;
  /** Rows with this target add nothing. */
  ignoreIndex?: number;
  reduction: "mean" | "sum" | "none";
}

/**
 * ℓ_n = -w_{t_n} · logProbability_n[t_n]; "mean" is Σ ℓ_n / Σ w_{t_n} over the rows that count.
 * @returns the losses (one number unless reduction is "none") and d(Σ cotangent · loss) / d(rows).
 */
export function nllLoss(rows: Vector[], targets: ArrayLike<number>, options: ClassLossOptions, cotangent: Vector) {
  const weights = rows.map((_, n) => (targets[n] === options.ignoreIndex ? 0 : (options.weight?.[targets[n]] ?? 1)));
  const losses = rows.map((row, n) => (weights[n] === 0 ? 0 : -weights[n] * row[targets[n]]));
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const divisor = options.reduction === "mean" ? sum(weights) : 1;
  const gradient = rows.map((row, n) => {
    const dRow = new Float64Array(row.length);
    const scale = options.reduction === "none" ? cotangent[n] : cotangent[0] / divisor;
    if (weights[n] !== 0) dRow[targets[n]] = -weights[n] * scale;
    return dRow;
  });
  const loss = options.reduction === "none" ? losses : [sum(losses) / divisor];
  return { loss: Float64Array.from(loss), gradient };
}

/** nllLoss(logSoftmax(logits), targets) */
export function crossEntropy(rows: Vector[], targets: ArrayLike<number>, options: ClassLossOptions, cotangent: Vector) {
  const { loss, gradient } = nllLoss(rows.map(logSoftmax), targets, options, cotangent);
  return { loss, gradient: rows.map((row, n) => logSoftmaxBackward(row, gradient[n])) };
}
