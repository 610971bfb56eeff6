/**
 * The normal distribution on four float32 lanes: what the exact gelu is made of. With a = |x|, the density φ and the upper
 * tail Q(a) = 1 − Φ(a): x·Φ(x) = max(x, 0) − a·Q(a), and
 *
 *     Q(a) = exp(−a²/2)·N(a) / (√(2π)·a·N(a) + R(a))
 *
 * with polynomials N and R whose coefficients are all positive. The fraction tends to 1 / (√(2π)·a), which N cancels out
 * of, so that the rounding errors of N hardly count where it is large. Exponential and denominator are multiplied by 2³⁷,
 * so that the division alone rounds a subnormal result. Polynomials come from scripts/fit-polynomials.py.
 */

import { multiplyAdd } from "./lanes";
import { constant } from "./math";

const NORMAL: usize = memory.data<f32>([
  15.0, // 0: beyond, a·Q(a) = 0
  -0.721347520, // 1: −1 / (2 ln 2)
  12582912.0, // 2: 1.5·2²³
  1.38671875, // 3: 2 ln 2, upper 9 bits: its product with n is exact
  -4.24388880e-4, // 4: 2 ln 2, remainder
  2.15851105e-5, // 5..9: (e^(−t/2) − 1 + t/2) / t², highest power first: that of eʳ in t = −2r
  -0.000261524401,
  0.00260427454,
  -0.0208331496,
  0.124999985,
  -0.5, // 10
  1.0, // 11
  0.0115849944, // 12..15: N(a), highest power first; the last is 1
  0.102541909,
  0.427383333,
  0.955189705,
  3.98791808e9, // 16..19: 2³⁷·R(a), highest power first
  3.54471526e10,
  1.37373778e11,
  2.74877891e11,
  3.44508367e11, // 20: 2³⁷·√(2π)
  2.90268721e-12, // 21: 2⁻³⁷ / √(2π)
]);

/** The sign, the exponent and the upper 11 bits of a number: what can be squared exactly. */
const UPPER: usize = memory.data<i32>([-4096]);

/** 37 in the place of the exponent. */
const SCALE: usize = memory.data<i32>([37 << 23]);

/** |x|, at most 15. */
// @ts-ignore: decorator
@inline
function magnitude(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), constant(NORMAL, 0));
}

/**
 * 2³⁷·exp(−a²/2) for 0 ≤ a ≤ 15; error ≤ 1.5 ulp: a² is squared in two parts, and the lower one joins what n·2 ln 2 leaves.
 * eʳ is between ½ and 2, so that 2ⁿ may be added to its exponent; a NaN may be lost on the way.
 */
// @ts-ignore: decorator
@inline
function gaussian(a: v128): v128 {
  const upper = v128.and(a, constant(UPPER, 0));
  const square = f32x4.mul(upper, upper);
  const rest = f32x4.mul(f32x4.sub(a, upper), f32x4.add(a, upper));
  const rounded = multiplyAdd(square, constant(NORMAL, 1), constant(NORMAL, 2));
  const n = f32x4.sub(rounded, constant(NORMAL, 2));
  const upperT = multiplyAdd(n, constant(NORMAL, 3), square);
  const t = f32x4.add(multiplyAdd(n, constant(NORMAL, 4), upperT), rest);
  const tt = f32x4.mul(t, t);
  const middle = multiplyAdd(constant(NORMAL, 6), t, constant(NORMAL, 7));
  const low = multiplyAdd(constant(NORMAL, 8), t, constant(NORMAL, 9));
  const p = multiplyAdd(multiplyAdd(constant(NORMAL, 5), tt, middle), tt, low);
  const power = multiplyAdd(tt, p, multiplyAdd(t, constant(NORMAL, 10), constant(NORMAL, 11)));
  return i32x4.add(power, i32x4.add(i32x4.shl(rounded, 23), constant(SCALE, 0)));
}

/** N(a). */
// @ts-ignore: decorator
@inline
function tailNumerator(a: v128): v128 {
  let p = multiplyAdd(constant(NORMAL, 12), a, constant(NORMAL, 13));
  p = multiplyAdd(p, a, constant(NORMAL, 14));
  p = multiplyAdd(p, a, constant(NORMAL, 15));
  return multiplyAdd(p, a, constant(NORMAL, 11));
}

/** 2³⁷·R(a). */
// @ts-ignore: decorator
@inline
function tailRest(a: v128): v128 {
  let p = multiplyAdd(constant(NORMAL, 16), a, constant(NORMAL, 17));
  p = multiplyAdd(p, a, constant(NORMAL, 18));
  return multiplyAdd(p, a, constant(NORMAL, 19));
}

/** 2³⁷·(√(2π)·a·N(a) + R(a)), given a·N(a). */
// @ts-ignore: decorator
@inline
function tailDenominator(a: v128, aTimesNumerator: v128): v128 {
  return multiplyAdd(aTimesNumerator, constant(NORMAL, 20), tailRest(a));
}

/** Q(a) for a ≥ 0, at most 15; error ≤ 5 ulp. */
// @ts-ignore: decorator
@inline
export function upperTail4(a: v128): v128 {
  const b = magnitude(a);
  const numerator = tailNumerator(b);
  return f32x4.div(f32x4.mul(gaussian(b), numerator), tailDenominator(b, f32x4.mul(numerator, b)));
}

/** a·N(a) with a rounding less than the product has. */
// @ts-ignore: decorator
@inline
function scaledNumerator(a: v128): v128 {
  let p = multiplyAdd(constant(NORMAL, 12), a, constant(NORMAL, 13));
  p = multiplyAdd(p, a, constant(NORMAL, 14));
  p = multiplyAdd(p, a, constant(NORMAL, 15));
  return multiplyAdd(p, f32x4.mul(a, a), a);
}

const NEAR: usize = memory.data<f32>([
  0.5, // 0: where the series is taken, and Φ(0)
  -0.00113126542, // 1..4: (Φ(x) − ½)/x in x², highest power first
  0.00996488798,
  -0.0664899498,
  0.398942292,
]);

/**
 * x·Φ(x); error ≤ 4 ulp, the far negative tail included. a·Q(a) = exp(−a²/2)/(√(2π) + R(a)/(a·N(a))), of which the quotient
 * hardly counts far out; near 0 by a polynomial.
 */
// @ts-ignore: decorator
@inline
export function normalGated4(x: v128): v128 {
  const a = magnitude(x);
  const tail = f32x4.div(gaussian(a), f32x4.add(constant(NORMAL, 20), f32x4.div(tailRest(a), scaledNumerator(a))));
  const far = f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), tail);
  const t = f32x4.mul(x, x);
  let p = multiplyAdd(constant(NEAR, 1), t, constant(NEAR, 2));
  p = multiplyAdd(p, t, constant(NEAR, 3));
  p = multiplyAdd(p, t, constant(NEAR, 4));
  const near = f32x4.mul(x, multiplyAdd(p, x, constant(NEAR, 0)));
  return v128.bitselect(near, far, f32x4.lt(a, constant(NEAR, 0)));
}

/** (x·Φ(x))′ = Φ(x) + x·φ(x); error ≤ 4·10⁻⁷. */
// @ts-ignore: decorator
@inline
export function normalGatedDerivative4(x: v128): v128 {
  const a = magnitude(x);
  const e = gaussian(a);
  const numerator = tailNumerator(a);
  const tail = f32x4.div(f32x4.mul(e, numerator), tailDenominator(a, f32x4.mul(numerator, a)));
  const cdf = v128.bitselect(tail, f32x4.sub(constant(NORMAL, 11), tail), i32x4.shr_s(x, 31));
  // Beyond 15 the density is 0, and x may be infinite.
  const within = f32x4.pmax(f32x4.pmin(x, constant(NORMAL, 0)), f32x4.neg(constant(NORMAL, 0)));
  return multiplyAdd(within, f32x4.mul(e, constant(NORMAL, 21)), cdf);
}
