/** What softmax and cross entropy ask of one contiguous row. Sums run in float64 and in one fixed order. */

import { horizontalMax, loadLanes, storeLanes } from "./lanes";
import { exp4, log4 } from "./math";

/** Σ of the four lanes, added to the two float64 sums of `total`. */
// @ts-ignore: decorator
@inline
export function addWide(total: v128, v: v128): v128 {
  const upper = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f64x2.add(total, f64x2.add(f64x2.promote_low_f32x4(v), upper));
}

/** Both float64 sums together. */
// @ts-ignore: decorator
@inline
export function wideSum(total: v128): f64 {
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}

/** max x[i] over count ≥ 1 numbers; NaN if any is. */
export function rowMaximum(x: usize, count: i32): f32 {
  const end = x + (<usize>count << 2);
  let maximum = f32x4.splat(-Infinity);
  for (; x + 16 <= end; x += 16) maximum = f32x4.max(maximum, v128.load(x));
  let result = horizontalMax(maximum);
  for (; x < end; x += 4) result = max(result, load<f32>(x));
  return result;
}

/** Σ exp(x[i] − shift); y[i] := exp(x[i] − shift) as well unless y is 0. y may be x. */
export function rowSumOfExponentials(x: usize, y: usize, count: i32, shift: f32): f32 {
  const shifts = f32x4.splat(shift);
  let total = f64x2.splat(0);
  let rest: f64 = 0;
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const e = exp4(f32x4.sub(loadLanes(x, four), shifts));
    if (four) total = addWide(total, e);
    else rest += f32x4.extract_lane(e, 0);
    if (y) {
      storeLanes(y, e, four);
      y += bytes;
    }
    x += bytes;
    count -= <i32>(bytes >> 2);
  }
  return <f32>(wideSum(total) + rest);
}

/** Σ a[i]·b[i], the products rounded to float32. */
export function rowDot(a: usize, b: usize, count: i32): f32 {
  let total = f64x2.splat(0);
  for (; count >= 4; count -= 4) {
    total = addWide(total, f32x4.mul(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
  }
  let sum = wideSum(total);
  for (; count > 0; count--) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return <f32>sum;
}

/** log x of one number; see log4. */
export function logarithm(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}
