/**
 * Cross entropy of logits [rows, columns] against class numbers, row by row; the reduction is the caller's.
 *   loss_r = w[t]·(log Σ exp(x_r) − x_r[t]),  t = targets[r];  0 where t = ignoreIndex
 * targets: i32 [rows], each ignoreIndex or in [0, columns) (checked by the caller). weight: f32 [columns], or 0 for ones.
 */

import { loadLanes, storeLanes } from "../base/lanes";
import { exp4 } from "../base/math";
import { logarithm, rowMaximum, rowSumOfExponentials } from "../base/rows";
import { fill } from "../elementwise/binary";

/** w[t], or 1 when there are no weights. */
// @ts-ignore: decorator
@inline
function classWeight(weight: usize, target: i32): f32 {
  return weight ? load<f32>(weight + (<usize>target << 2)) : 1;
}

/**
 * rowLoss[r] := loss_r and logSumExp[r] := log Σ exp(x_r) (0 in ignored rows). Assigns; outputs apart from inputs.
 * The loss is formed from max x − x[t], so that large logits do not cancel: error ≤ 3 ulp of the larger of max x − x[t] and log C.
 */
export function crossEntropy(
  logits: usize,
  targets: usize,
  weight: usize,
  rowLoss: usize,
  logSumExp: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    const target = load<i32>(targets + at);
    let loss: f32 = 0;
    let total: f32 = 0;
    if (target != ignoreIndex) {
      const maximum = rowMaximum(logits, columns);
      const logSum = logarithm(rowSumOfExponentials(logits, 0, columns, maximum));
      total = maximum + logSum;
      loss = classWeight(weight, target) * (logSum + (maximum - load<f32>(logits + (<usize>target << 2))));
    }
    store<f32>(rowLoss + at, loss);
    store<f32>(logSumExp + at, total);
    logits += <usize>columns << 2;
  }
}

/**
 * dLogits[r, :] := dRowLoss[r]·w[t]·(softmax(x_r) − one-hot(t)); zeros in ignored rows. Assigns; dLogits may be logits.
 * logSumExp is the one that crossEntropy left.
 */
export function crossEntropyBackward(
  logits: usize,
  targets: usize,
  weight: usize,
  logSumExp: usize,
  dRowLoss: usize,
  dLogits: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
): void {
  const rowBytes = <usize>columns << 2;
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    const target = load<i32>(targets + at);
    if (target == ignoreIndex) {
      fill(dLogits, columns, 0);
    } else {
      const factor = load<f32>(dRowLoss + at) * classWeight(weight, target);
      scaledSoftmax(logits, dLogits, columns, load<f32>(logSumExp + at), factor);
      const slot = dLogits + (<usize>target << 2);
      store<f32>(slot, load<f32>(slot) - factor);
    }
    logits += rowBytes;
    dLogits += rowBytes;
  }
}

/** y := factor·exp(x − shift); y may be x. */
function scaledSoftmax(x: usize, y: usize, count: i32, shift: f32, factor: f32): void {
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const e = exp4(f32x4.sub(loadLanes(x, four), f32x4.splat(shift)));
    storeLanes(y, f32x4.mul(e, f32x4.splat(factor)), four);
    x += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}
