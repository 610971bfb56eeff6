/**
 * Mixture density (Bishop 1994): minus the log-density of y in a mixture of K diagonal Gaussians, row by row.
 *   z_kd = (y_d − μ_kd)·exp(−s_kd)
 *   j_k = logit_k − log Σ exp logit − Σ_d (z_kd²/2 + s_kd + log(2π)/2)
 *   loss = −log Σ_k exp j_k
 * With γ_k = exp(j_k + loss), the responsibilities, and g the gradient of the loss:
 *   dlogit_k = g·(softmax(logit)_k − γ_k)   dμ_kd = −g·γ_k·z_kd·exp(−s_kd)
 *   ds_kd = g·γ_k·(1 − z_kd²)               dy_d = g·Σ_k γ_k·z_kd·exp(−s_kd)
 * logits: [rows, K]; means, logScales: [rows, K, D]; target: [rows, D]. Arithmetic in float64, results rounded once.
 */

import { exponential, logarithm } from "../base/wide";

/** log(2π)/2 */
const NORMALISER: f64 = 0.9189385332046727;

/** log Σ exp x[i] of float32 numbers; NaN when one is NaN or ∞, or all are −∞. */
function logSum32(x: usize, count: i32): f64 {
  let most: f64 = -Infinity;
  for (let i = 0; i < count; i++) most = max(most, <f64>load<f32>(x + (<usize>i << 2)));
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += exponential(<f64>load<f32>(x + (<usize>i << 2)) - most);
  return most + logarithm(sum);
}

/** log Σ exp x[i] of float64 numbers; −∞ when all are. */
function logSum64(x: usize, count: i32): f64 {
  let most: f64 = -Infinity;
  for (let i = 0; i < count; i++) most = max(most, load<f64>(x + (<usize>i << 3)));
  if (most == -Infinity) return most;
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += exponential(load<f64>(x + (<usize>i << 3)) - most);
  return most + logarithm(sum);
}

/** joint[k] := j_k of one row; returns log Σ exp logit. */
function joint(logits: usize, means: usize, logScales: usize, target: usize, k: i32, d: i32, joints: usize): f64 {
  const total = logSum32(logits, k);
  for (let i = 0; i < k; i++) {
    let distance: f64 = 0;
    for (let j = 0; j < d; j++) {
      const at = <usize>j << 2;
      const s = <f64>load<f32>(logScales + at);
      const z = (<f64>load<f32>(target + at) - <f64>load<f32>(means + at)) * exponential(-s);
      distance += 0.5 * z * z + s + NORMALISER;
    }
    store<f64>(joints + (<usize>i << 3), <f64>load<f32>(logits + (<usize>i << 2)) - total - distance);
    means += <usize>d << 2;
    logScales += <usize>d << 2;
  }
  return total;
}

/** losses[r] := loss. workspace: 2·K numbers, at a multiple of 8 bytes. */
export function mixtureDensity(
  logits: usize,
  means: usize,
  logScales: usize,
  target: usize,
  losses: usize,
  rows: i32,
  k: i32,
  d: i32,
  workspace: usize,
): void {
  for (; rows > 0; rows--) {
    joint(logits, means, logScales, target, k, d, workspace);
    store<f32>(losses, <f32>-logSum64(workspace, k));
    logits += <usize>k << 2;
    means += <usize>(k * d) << 2;
    logScales += <usize>(k * d) << 2;
    target += <usize>d << 2;
    losses += 4;
  }
}

/** The gradients of one Gaussian, dTarget[:] += its part, in float64. */
// @ts-ignore: decorator
@inline
function component(
  means: usize,
  logScales: usize,
  target: usize,
  share: f64,
  d: i32,
  dMeans: usize,
  dLogScales: usize,
  dTarget: usize,
): void {
  for (let j = 0; j < d; j++) {
    const at = <usize>j << 2;
    const precision = exponential(-<f64>load<f32>(logScales + at));
    const z = (<f64>load<f32>(target + at) - <f64>load<f32>(means + at)) * precision;
    const pull = share * z * precision;
    store<f32>(dMeans + at, <f32>-pull);
    store<f32>(dLogScales + at, <f32>(share * (1 - z * z)));
    const slot = dTarget + (<usize>j << 3);
    store<f64>(slot, load<f64>(slot) + pull);
  }
}

/**
 * All four gradients; dLosses: [rows]. Assigns. The loss is computed anew, so nothing has to be kept of the way there.
 * workspace: 2·(K + D) numbers, at a multiple of 8 bytes.
 */
export function mixtureDensityBackward(
  logits: usize,
  means: usize,
  logScales: usize,
  target: usize,
  dLosses: usize,
  dLogits: usize,
  dMeans: usize,
  dLogScales: usize,
  dTarget: usize,
  rows: i32,
  k: i32,
  d: i32,
  workspace: usize,
): void {
  const sums = workspace + (<usize>k << 3);
  const rowBytes = <usize>d << 2;
  for (; rows > 0; rows--) {
    const total = joint(logits, means, logScales, target, k, d, workspace);
    const loss = -logSum64(workspace, k);
    const g = <f64>load<f32>(dLosses);
    for (let j = 0; j < d; j++) store<f64>(sums + (<usize>j << 3), 0);
    for (let i = 0; i < k; i++) {
      const responsibility = exponential(load<f64>(workspace + (<usize>i << 3)) + loss);
      const prior = exponential(<f64>load<f32>(logits) - total);
      store<f32>(dLogits, <f32>(g * (prior - responsibility)));
      component(means, logScales, target, g * responsibility, d, dMeans, dLogScales, sums);
      logits += 4;
      dLogits += 4;
      means += rowBytes;
      logScales += rowBytes;
      dMeans += rowBytes;
      dLogScales += rowBytes;
    }
    for (let j = 0; j < d; j++) store<f32>(dTarget + (<usize>j << 2), <f32>load<f64>(sums + (<usize>j << 3)));
    target += rowBytes;
    dTarget += rowBytes;
    dLosses += 4;
  }
}
