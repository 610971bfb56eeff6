/**
 * Cross entropy of logits [rows, columns] against class numbers, row by row; the reduction is the caller's.
 *   loss_r = w[t]·(log Σ exp(x_r) − x_r[t]),  t = targets[r];  0 where t = ignoreIndex
 * targets: i32 [rows], each ignoreIndex or in [0, columns) (checked by the caller). weight: f32 [columns], or 0 for ones.
 */

import { logarithm, rowMaximum, rowSumOfExponentials } from "../base/rows";
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
