/**
 * Sine and cosine of four float32 lanes, for every float32 number. NaN and ±∞ give NaN.
 *
 * Reduction to a quarter turn (Cody & Waite 1980): |x| = n·π/2 + r with |r| ≤ π/4, r to some 2⁻³⁸ of itself. It is done in
 * float64, two lanes at a time, since r may be 2⁻³⁰ of x. Where |x| > 2²⁰, the product |x|·2/π is taken piece by piece with
 * 24 bits of 2/π each, which are exact, and whole turns are dropped from every piece (Payne & Hanek 1983).
 */

import { multiplyAdd } from "./lanes";
import { constant } from "./math";

const WIDE: usize = memory.data<f64>([
  0.6366197723675814, // 0: 2/π
  1.5707963267341256, // 1: π/2, upper 33 bits: its product with n is exact
  6.077100506506192e-11, // 2: π/2, remainder
  1.5707963267948966, // 3: π/2
  0.25, // 4
  4.0, // 5
]);

/** 2/π in eight pieces of 24 bits, as whole numbers; piece k counts 2^(−24(k + 1)). */
const TWO_OVER_PI: usize = memory.data<f64>([
  10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841,
]);
const PIECES: usize = 64;

const SINE: usize = memory.data<f32>([
  -0.000195152184, // 0..2: (sin r − r) / r³ in r², highest power first
  0.0083321603,
  -0.166666552,
  2.44330822e-05, // 3..5: (cos r − 1 + r²/2) / r⁴ in r², highest power first
  -0.00138873153,
  0.0416666456,
  -0.5, // 6
  1.0, // 7
  -0.0, // 8: the sign bit
  1048576.0, // 9: 2²⁰
]);

// @ts-ignore: decorator
@inline
function wide(index: usize): v128 {
  return v128.load64_splat(WIDE + (index << 3));
}

/** x − n·π/2 for |n| ≤ 2²⁰; the first subtraction is exact. */
// @ts-ignore: decorator
@inline
function quarterRest(x: v128, n: v128): v128 {
  return f64x2.sub(f64x2.sub(x, f64x2.mul(n, wide(1))), f64x2.mul(n, wide(2)));
}

/** Whole numbers n without their multiples of 4, in [−2, 2]; one so large that it has no other bits gives 0. */
// @ts-ignore: decorator
@inline
function withoutTurns(n: v128): v128 {
  return f64x2.sub(n, f64x2.mul(f64x2.nearest(f64x2.mul(n, wide(4))), wide(5)));
}

/** sin(x + q·π/2) for lanes of whole numbers q ≥ 0: q = 0 is sin x, 1 is cos x. Error ≤ 1.6 ulp for every float32 x. */
// @ts-ignore: decorator
@inline
export function sineFromQuarter4(x: v128, q: v128): v128 {
  const magnitude = f32x4.abs(x);
  const low = f64x2.promote_low_f32x4(magnitude);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(magnitude, magnitude, 2, 3, 0, 1));
  let nLow = f64x2.nearest(f64x2.mul(low, wide(0)));
  let nHigh = f64x2.nearest(f64x2.mul(high, wide(0)));
  let rLow = quarterRest(low, nLow);
  let rHigh = quarterRest(high, nHigh);
  if (v128.any_true(f32x4.gt(magnitude, constant(SINE, 9)))) {
    // Quarter turns: n whole ones without multiples of 4, and r of another. One loop for near and far lanes alike.
    nLow = f64x2.splat(0);
    nHigh = nLow;
    rLow = nLow;
    rHigh = nLow;
    let weight: f64 = 1.0 / 16777216;
    for (let piece = TWO_OVER_PI; piece < TWO_OVER_PI + PIECES; piece += 8) {
      const factor = f64x2.splat(load<f64>(piece) * weight);
      weight *= 1.0 / 16777216;
      const turnsLow = f64x2.mul(low, factor);
      const turnsHigh = f64x2.mul(high, factor);
      const wholeLow = f64x2.nearest(turnsLow);
      const wholeHigh = f64x2.nearest(turnsHigh);
      rLow = f64x2.add(rLow, f64x2.sub(turnsLow, wholeLow));
      rHigh = f64x2.add(rHigh, f64x2.sub(turnsHigh, wholeHigh));
      const carryLow = f64x2.nearest(rLow);
      const carryHigh = f64x2.nearest(rHigh);
      rLow = f64x2.sub(rLow, carryLow);
      rHigh = f64x2.sub(rHigh, carryHigh);
      nLow = f64x2.add(nLow, f64x2.add(withoutTurns(wholeLow), carryLow));
      nHigh = f64x2.add(nHigh, f64x2.add(withoutTurns(wholeHigh), carryHigh));
    }
    rLow = f64x2.mul(rLow, wide(3));
    rHigh = f64x2.mul(rHigh, wide(3));
  }
  const r = v128.shuffle<f32>(f32x4.demote_f64x2_zero(rLow), f32x4.demote_f64x2_zero(rHigh), 0, 1, 4, 5);
  const n = v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(nLow), i32x4.trunc_sat_f64x2_s_zero(nHigh), 0, 1, 4, 5);
  return sineOfRest(x, r, n, q);
}

/** sin(±(n·π/2 + r) + q·π/2), ± the sign of x, for |r| ≤ π/4. */
// @ts-ignore: decorator
@inline
function sineOfRest(x: v128, r: v128, n: v128, q: v128): v128 {
  const sign = v128.and(x, constant(SINE, 8));
  const square = f32x4.mul(r, r);
  let p = multiplyAdd(constant(SINE, 0), square, constant(SINE, 1));
  p = multiplyAdd(p, square, constant(SINE, 2));
  // Of −|x| it is n and r that change their signs.
  const sine = v128.xor(multiplyAdd(f32x4.mul(square, r), p, r), sign);
  p = multiplyAdd(constant(SINE, 3), square, constant(SINE, 4));
  p = multiplyAdd(p, square, constant(SINE, 5));
  const half = multiplyAdd(constant(SINE, 6), square, constant(SINE, 7));
  const cosine = multiplyAdd(f32x4.mul(square, square), p, half);
  const negative = i32x4.shr_s(x, 31);
  const quarter = i32x4.add(q, i32x4.sub(v128.xor(n, negative), negative));
  const odd = i32x4.shr_s(i32x4.shl(quarter, 31), 31);
  return v128.xor(v128.bitselect(cosine, sine, odd), v128.and(i32x4.shl(quarter, 30), constant(SINE, 8)));
}

/** sin x; sin(±0) = ±0; error ≤ 1.6 ulp for every float32 x. */
// @ts-ignore: decorator
@inline
export function sin4(x: v128): v128 {
  return sineFromQuarter4(x, i32x4.splat(0));
}

/** cos x; error ≤ 1.6 ulp for every float32 x. */
// @ts-ignore: decorator
@inline
export function cos4(x: v128): v128 {
  return sineFromQuarter4(x, i32x4.splat(1));
}
