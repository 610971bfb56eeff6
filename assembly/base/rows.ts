/** What softmax and cross entropy ask of one contiguous row. Sums run in float64 and in one fixed order. */

import { firstLanes, horizontalMax, loadTail, storeTail } from "./lanes";
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

/** max x[i] over count ≥ 1 numbers. A NaN may be passed over: the exponentials that follow show it. */
export function rowMaximum(x: usize, count: i32): f32 {
  let m0 = f32x4.splat(-Infinity);
  let m1 = m0;
  for (; count >= 8; count -= 8) {
    m0 = f32x4.pmax(m0, v128.load(x));
    m1 = f32x4.pmax(m1, v128.load(x, 16));
    x += 32;
  }
  m0 = f32x4.pmax(m0, m1);
  if (count >= 4) {
    m0 = f32x4.pmax(m0, v128.load(x));
    count -= 4;
    x += 16;
  }
  let result = horizontalMax(m0);
  for (; count > 0; count--) {
    result = max(result, load<f32>(x));
    x += 4;
  }
  return result;
}

/**
 * Σ exp(x[i] − shift); y[i] := exp(x[i] − shift) as well unless y is 0. y may be x.
 * Two vectors at a time hide each other's latency; they are added before they are widened: error ≤ 1 ulp beyond exp's.
 */
export function rowSumOfExponentials(x: usize, y: usize, count: i32, shift: f32): f32 {
  const shifts = f32x4.splat(shift);
  let total = f64x2.splat(0);
  for (; count >= 8; count -= 8) {
    const first = exp4(f32x4.sub(v128.load(x), shifts));
    const second = exp4(f32x4.sub(v128.load(x, 16), shifts));
    total = addWide(total, f32x4.add(first, second));
    if (y) {
      v128.store(y, first);
      v128.store(y, second, 16);
      y += 32;
    }
    x += 32;
  }
  while (count > 0) {
    const four = count >= 4;
    const e = exp4(f32x4.sub(four ? v128.load(x) : loadTail(x, count), shifts));
    total = addWide(total, four ? e : firstLanes(e, count));
    if (y) {
      if (four) v128.store(y, e);
      else storeTail(y, e, count);
      y += 16;
    }
    x += 16;
    count -= 4;
  }
  return <f32>wideSum(total);
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
