/**
 * Cross entropy of logits [rows, columns] against class numbers, row by row; the reduction is the caller's.
 *   loss_r = w[t]·(log Σ exp(x_r) − x_r[t]),  t = targets[r];  0 where t = ignoreIndex
 * targets: i32 [rows], each ignoreIndex or in [0, columns) (checked by the caller). weight: f32 [columns], or 0 for ones.
 */

import { loadLanes, storeLanes } from "../base/lanes";
import { addWide, logarithm, rowMaximum, rowSumOfExponentials, wideSum } from "../base/rows";
import { fill, scale } from "../elementwise/binary";

/** w[t], or 1 when there are no weights. */
// @ts-ignore: decorator
@inline
function classWeight(weight: usize, target: i32): f32 {
  return weight ? load<f32>(weight + (<usize>target << 2)) : 1;
}

/**
 * rowLoss[r] := loss_r, and unless `gradient` is 0, from the same exponentials,
 * gradient[r, :] := factor·w[t]·(softmax(x_r) − one-hot(t)), zeros in ignored rows: the gradient of factor·Σ loss_r.
 * Assigns; gradient may be logits, otherwise outputs are apart from inputs.
 * The loss is formed from max x − x[t], so that large logits do not cancel: error ≤ 3 ulp of the larger of max x − x[t] and log C.
 */
export function crossEntropy(
  logits: usize,
  targets: usize,
  weight: usize,
  rowLoss: usize,
  gradient: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
  factor: f32,
): void {
  const rowBytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) {
      store<f32>(rowLoss, 0);
      if (gradient) fill(gradient, columns, 0);
    } else {
      const slot = <usize>target << 2;
      const share = classWeight(weight, target);
      const maximum = rowMaximum(logits, columns);
      const distance = maximum - load<f32>(logits + slot);
      const sum = rowSumOfExponentials(logits, gradient, columns, maximum);
      store<f32>(rowLoss, share * (logarithm(sum) + distance));
      if (gradient) {
        scale(gradient, gradient, columns, (factor * share) / sum);
        store<f32>(gradient + slot, load<f32>(gradient + slot) - factor * share);
      }
    }
    logits += rowBytes;
    if (gradient) gradient += rowBytes;
    targets += 4;
    rowLoss += 4;
  }
}

/** Σ w[c]·(maximum − x[c]) in float64, the products rounded to float32; w = 1 where weight is 0. */
function weightedDistances(x: usize, weight: usize, columns: i32, maximum: f32): f64 {
  const most = f32x4.splat(maximum);
  let total = f64x2.splat(0);
  for (; columns > 0; ) {
    const four = columns >= 4;
    const bytes: usize = four ? 16 : 4;
    // Behind a tail of one, lanes hold max − 0: only the first counts.
    let distance = f32x4.sub(most, loadLanes(x, four));
    if (weight) {
      distance = f32x4.mul(distance, loadLanes(weight, four));
      weight += bytes;
    }
    if (four) total = addWide(total, distance);
    else total = f64x2.add(total, f64x2(<f64>f32x4.extract_lane(distance, 0), 0));
    x += bytes;
    columns -= <i32>(bytes >> 2);
  }
  return wideSum(total);
}

/** gradient[c] -= factor·w[c], w = 1 where weight is 0. */
function subtractWeights(gradient: usize, weight: usize, columns: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (; columns > 0; ) {
    const four = columns >= 4;
    const bytes: usize = four ? 16 : 4;
    let taken = factors;
    if (weight) {
      taken = f32x4.mul(factors, loadLanes(weight, four));
      weight += bytes;
    }
    storeLanes(gradient, f32x4.sub(loadLanes(gradient, four), taken), four);
    gradient += bytes;
    columns -= <i32>(bytes >> 2);
  }
}

/** Σ w[c] over all classes. */
function sumOfWeights(weight: usize, columns: i32): f64 {
  if (!weight) return columns;
  let total: f64 = 0;
  for (; columns > 0; columns--) {
    total += load<f32>(weight);
    weight += 4;
  }
  return total;
}

/**
 * The same with labels smoothed (Szegedy et al. 2016): of the target's weight a part ε goes to all C classes alike,
 *   loss_r = (1 − ε)·w[t]·(log Σ exp(x_r) − x_r[t]) + ε/C·Σ_c w[c]·(log Σ exp(x_r) − x_r[c]),  0 where t = ignoreIndex
 *   gradient[r, :] := factor·(((1 − ε)·w[t] + ε/C·Σ w)·softmax(x_r) − (1 − ε)·w[t]·one-hot(t) − ε/C·w)
 * Arguments and aliasing as above, except that gradient is apart from logits.
 */
export function smoothedCrossEntropy(
  logits: usize,
  targets: usize,
  weight: usize,
  rowLoss: usize,
  gradient: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
  factor: f32,
  smoothing: f32,
): void {
  const rowBytes = <usize>columns << 2;
  const spread = <f64>smoothing / columns;
  const spreadWeight = spread * sumOfWeights(weight, columns);
  for (; rows > 0; rows--) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) {
      store<f32>(rowLoss, 0);
      if (gradient) fill(gradient, columns, 0);
    } else {
      const slot = <usize>target << 2;
      const share = (1 - <f64>smoothing) * <f64>classWeight(weight, target);
      const maximum = rowMaximum(logits, columns);
      // Where nothing is smoothed or everything, 0 times a logit of −∞ would be NaN.
      let loss = share == 0 ? 0 : share * <f64>(maximum - load<f32>(logits + slot));
      if (smoothing != 0) loss += spread * weightedDistances(logits, weight, columns, maximum);
      const sum = rowSumOfExponentials(logits, gradient, columns, maximum);
      store<f32>(rowLoss, <f32>(loss + (share + spreadWeight) * <f64>logarithm(sum)));
      if (gradient) {
        scale(gradient, gradient, columns, <f32>((<f64>factor * (share + spreadWeight)) / sum));
        subtractWeights(gradient, weight, columns, <f32>(factor * spread));
        store<f32>(gradient + slot, load<f32>(gradient + slot) - <f32>(factor * share));
      }
    }
    logits += rowBytes;
    if (gradient) gradient += rowBytes;
    targets += 4;
    rowLoss += 4;
  }
}

/** masked[t, b] := targets[t, b] before the end of sequence b, ignoreIndex from lengths[b] on; [T, B]. May be in place. */
export function maskTargets(
  targets: usize,
  lengths: usize,
  masked: usize,
  steps: i32,
  batch: i32,
  ignoreIndex: i32,
): void {
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      store<i32>(masked, t < load<i32>(lengths + (<usize>b << 2)) ? load<i32>(targets) : ignoreIndex);
      targets += 4;
      masked += 4;
    }
  }
}
