/**
 * Negative log likelihood of log-probabilities [rows, columns], row by row; the reduction is the caller's.
 *   loss_r = −w[t]·x_r[t],  t = targets[r];  0 where t = ignoreIndex
 * targets: i32 [rows], each ignoreIndex or in [0, columns) (checked by the caller). weight: f32 [columns], or 0 for ones.
 */

import { fill } from "../elementwise/binary";

/** w[t], or 1 when there are no weights; 0 for ignored rows. */
// @ts-ignore: decorator
@inline
function rowWeight(weight: usize, target: i32, ignoreIndex: i32): f32 {
  if (target == ignoreIndex) return 0;
  return weight ? load<f32>(weight + (<usize>target << 2)) : 1;
}

/** rowLoss[r] := loss_r. Assigns; rowLoss apart from the inputs. */
export function negativeLogLikelihood(
  logProbabilities: usize,
  targets: usize,
  weight: usize,
  rowLoss: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
): void {
  for (; rows > 0; rows--) {
    const target = load<i32>(targets);
    let loss: f32 = 0;
    if (target != ignoreIndex) {
      loss = -rowWeight(weight, target, ignoreIndex) * load<f32>(logProbabilities + (<usize>target << 2));
    }
    store<f32>(rowLoss, loss);
    logProbabilities += <usize>columns << 2;
    targets += 4;
    rowLoss += 4;
  }
}

/** dLogProbabilities[r, :] := −dRowLoss[r]·w[t] at t, 0 elsewhere and in ignored rows. Assigns. */
export function negativeLogLikelihoodBackward(
  targets: usize,
  weight: usize,
  dRowLoss: usize,
  dLogProbabilities: usize,
  rows: i32,
  columns: i32,
  ignoreIndex: i32,
): void {
  fill(dLogProbabilities, rows * columns, 0);
  for (; rows > 0; rows--) {
    const target = load<i32>(targets);
    if (target != ignoreIndex) {
      const slope = -load<f32>(dRowLoss) * rowWeight(weight, target, ignoreIndex);
      store<f32>(dLogProbabilities + (<usize>target << 2), slope);
    }
    dLogProbabilities += <usize>columns << 2;
    targets += 4;
    dRowLoss += 4;
  }
}

/** Σ w[targets[r]] over the rows that are not ignored (their number when weight is 0): the divisor of a mean. */
export function totalWeight(targets: usize, weight: usize, rows: i32, ignoreIndex: i32): f32 {
  let total: f64 = 0;
  for (; rows > 0; rows--) {
    total += rowWeight(weight, load<i32>(targets), ignoreIndex);
    targets += 4;
  }
  return <f32>total;
}
