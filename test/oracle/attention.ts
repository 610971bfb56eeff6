/** What attention is made of, in float64. */

import { draw, type Values } from "./differences.ts";

/** softmax of the scores a row sees; hidden ones get 0. */
export function softmaxOf(scores: readonly number[], sees: (position: number) => boolean): number[] {
  const most = Math.max(...scores.filter((_, s) => sees(s)));
  const powers = scores.map((score, s) => (sees(s) ? Math.exp(score - most) : 0));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** A mask of zeros and ones whose rows all see position 0. */
export function maskOf(next: () => number, shape: number[]): Values {
  const positions = shape.at(-1)!;
  return { shape, data: draw(next, shape).data.map((value, i) => (i % positions === 0 || value > -0.3 ? 1 : 0)) };
}

/** x·Wᵀ + b, rows of x. */
export function linearOf(x: Float64Array, weight: Float64Array, inputs: number, outputs: number, bias?: Float64Array) {
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < inputs; i++) sum += x[r * inputs + i]! * weight[o * inputs + i]!;
      y[r * outputs + o] = sum;
    }
  }
  return y;
}
