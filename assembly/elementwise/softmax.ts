/**
 * Softmax over the last axis of [rows, columns], contiguous, columns ≥ 1. Every kernel assigns.
 *   softmax:     y = exp(x − max x) / Σ exp(x − max x)          dx = y ⊙ (dy − Σ y·dy)
 *   logSoftmax:  y = x − max x − log Σ exp(x − max x)           dx = dy − exp(y)·Σ dy
 * y may be x; dx may be dy or y. A row that is −∞ throughout, or holds a NaN or +∞, gives NaN.
 * Error: softmax ≤ 4 ulp + the rounding of x − max x; logSoftmax ≤ 2 ulp of the largest of |x|, |max x|, |y|.
 */

import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { exp4 } from "../base/math";
import { addWide, logarithm, rowDot, rowMaximum, rowSumOfExponentials, wideSum } from "../base/rows";

/** y := softmax(x) by rows. */
export function softmax(x: usize, y: usize, rows: i32, columns: i32): void {
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    const sum = rowSumOfExponentials(x, y, columns, rowMaximum(x, columns));
    const sums = f32x4.splat(sum);
    let at = y;
    for (; at + 16 <= y + bytes; at += 16) v128.store(at, f32x4.div(v128.load(at), sums));
    for (; at < y + bytes; at += 4) store<f32>(at, load<f32>(at) / sum);
    x += bytes;
    y += bytes;
  }
}

/** y := log softmax(x) by rows. */
export function logSoftmax(x: usize, y: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    const maximum = rowMaximum(x, columns);
    const logSum = logarithm(rowSumOfExponentials(x, 0, columns, maximum));
    for (let left = columns; left > 0; ) {
      const four = left >= 4;
      const bytes: usize = four ? 16 : 4;
      const shifted = f32x4.sub(loadLanes(x, four), f32x4.splat(maximum));
      storeLanes(y, f32x4.sub(shifted, f32x4.splat(logSum)), four);
      x += bytes;
      y += bytes;
      left -= <i32>(bytes >> 2);
    }
  }
}

/** dx := y ⊙ (dy − Σ y·dy) by rows, y = softmax(x). */
export function softmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    const mean = rowDot(y, dy, columns);
    for (let left = columns; left > 0; ) {
      const four = left >= 4;
      const bytes: usize = four ? 16 : 4;
      const centred = f32x4.sub(loadLanes(dy, four), f32x4.splat(mean));
      storeLanes(dx, f32x4.mul(loadLanes(y, four), centred), four);
      y += bytes;
      dy += bytes;
      dx += bytes;
      left -= <i32>(bytes >> 2);
    }
  }
}

/** Σ x[i], in float64, rounded once. */
function rowSum(x: usize, count: i32): f32 {
  let total = f64x2.splat(0);
  for (; count >= 4; count -= 4) {
    total = addWide(total, v128.load(x));
    x += 16;
  }
  let sum = wideSum(total);
  for (; count > 0; count--) {
    sum += load<f32>(x);
    x += 4;
  }
  return <f32>sum;
}

/** dx := dy − exp(y)·Σ dy by rows, y = log softmax(x). */
export function logSoftmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, columns: i32): void {
  for (; rows > 0; rows--) {
    const negativeSum = f32x4.splat(-rowSum(dy, columns));
    for (let left = columns; left > 0; ) {
      const four = left >= 4;
      const bytes: usize = four ? 16 : 4;
      const e = exp4(loadLanes(y, four));
      storeLanes(dx, multiplyAdd(e, negativeSum, loadLanes(dy, four)), four);
      y += bytes;
      dy += bytes;
      dx += bytes;
      left -= <i32>(bytes >> 2);
    }
  }
}
