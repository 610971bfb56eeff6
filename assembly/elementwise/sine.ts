/** Sine and cosine over blocks of numbers: both are sin(x + q·π/2), and so is either's derivative. */

import { loadLanes, storeLanes } from "../base/lanes";
import { sineFromQuarter4 } from "../base/sine";

/** y[i] := sin(x[i] + quarter·π/2), times factor[i] unless `factor` is 0. One loop for all, since its body is long. */
function wave(x: usize, factor: usize, y: usize, count: i32, quarter: i32): void {
  const q = i32x4.splat(quarter);
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    let v = sineFromQuarter4(loadLanes(x, four), q);
    if (factor) {
      v = f32x4.mul(v, loadLanes(factor, four));
      factor += bytes;
    }
    storeLanes(y, v, four);
    x += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** y[i] := sin(x[i] + quarter·π/2), quarter ≥ 0: 0 for sin, 1 for cos. y may be x. Error ≤ 1.6 ulp for every float32 x. */
export function sine(x: usize, y: usize, count: i32, quarter: i32): void {
  wave(x, 0, y, count, quarter);
}

/** dx[i] := dy[i]·sin(x[i] + (quarter + 1)·π/2), the gradient of `sine`. Assigns; dx may be dy or x. */
export function sineBackward(x: usize, dy: usize, dx: usize, count: i32, quarter: i32): void {
  wave(x, dy, dx, count, quarter + 1);
}
