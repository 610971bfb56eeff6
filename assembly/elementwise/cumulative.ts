/** Running sums along an axis. */

import { loadLanes, storeLanes } from "../base/lanes";

/** One or four neighbouring columns of n rows, `step` bytes apart (negative: from the last row on). */
function runningColumns(x: usize, y: usize, n: i32, step: usize, four: bool): void {
  let low = f64x2.splat(0);
  let high = low;
  for (; n > 0; n--) {
    const v = loadLanes(x, four);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1)));
    const sums = v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
    storeLanes(y, sums, four);
    x += step;
    y += step;
  }
}

/**
 * y[o, j, i] := Σ x[o, k, i] over k ≤ j, or over k ≥ j when `reverse`, which is the gradient of the other; all
 * [outer, n, inner]. Assigns; y may be x. Sums are kept in float64: error ≤ 0.5 ulp + n·2⁻⁵³·Σ|x|.
 */
export function cumulativeSum(x: usize, y: usize, outer: i32, n: i32, inner: i32, reverse: bool): void {
  const rowBytes = <usize>inner << 2;
  const blockBytes = rowBytes * n;
  const step: usize = reverse ? <usize>0 - rowBytes : rowBytes;
  const first: usize = reverse ? blockBytes - rowBytes : 0;
  for (; outer > 0; outer--) {
    let column = 0;
    while (column < inner) {
      const four = column + 4 <= inner;
      const offset = first + (<usize>column << 2);
      runningColumns(x + offset, y + offset, n, step, four);
      column += four ? 4 : 1;
    }
    x += blockBytes;
    y += blockBytes;
  }
}
