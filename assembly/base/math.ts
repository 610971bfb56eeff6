/**
 * Elementary functions of four float32 lanes. NaN gives NaN everywhere. The stated errors hold in both builds: no function
 * depends on a product being fused with a sum, nor on its not being fused.
 *
 * Polynomials come from scripts/fit-polynomials.py. Constants are read from tables in memory: V8 rebuilds a v128 constant
 * in several instructions at each use, but folds a load from a constant address into the instruction that uses it.
 *
 * Reduction for every exponential (Cody & Waite 1980): x = n·ln 2 + r with |r| ≤ ln 2 / 2. Adding 1.5·2²³ rounds to an
 * integer and leaves it in the low bits, which a shift by 23 moves into the exponent field (the upper bits fall out).
 */

import { multiplyAdd } from "./lanes";

const EXP: usize = memory.data<f32>([
  1.44269504, // 0: 1 / ln 2
  12582912.0, // 1: 1.5·2²³
  -0.693359375, // 2: −ln 2, upper 9 bits: its product with n is exact
  2.12194440e-4, // 3: −ln 2, remainder
  0.000198240945, // 4..8: (eʳ − 1 − r − r²/2) / r³, highest power first
  0.00139333331,
  0.00833342038,
  0.0416664816,
  0.166666657,
  1.0, // 9
  -104.0, // 10: below, eˣ = 0
  104.0, // 11: above, eˣ = ∞
  -0.0, // 12: the sign bit
  0.5, // 13: also the r² term of the polynomial above
  -20.0, // 14: below, eˣ − 1 = −1
  0.00138144707, // 15..19: (eʳ − 1 − r) / r², highest power first
  0.00836878084,
  0.0416683927,
  0.166665196,
  0.49999994,
  -Infinity, // 20: the bits of sign and exponent
]);

/** Constant number `index` of a table, in all lanes. */
// @ts-ignore: decorator
@inline
export function constant(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2));
}

/** n + 1.5·2²³, n the integer nearest to x / ln 2; for |x| < 2²¹. */
// @ts-ignore: decorator
@inline
function roundedExponent(x: v128): v128 {
  return multiplyAdd(x, constant(EXP, 0), constant(EXP, 1));
}

/** x − n·ln 2 − low, given n + 1.5·2²³; the subtraction of the upper part is exact. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, constant(EXP, 1));
  return multiplyAdd(n, constant(EXP, 3), multiplyAdd(n, constant(EXP, 2), x));
}

/** eʳ − 1 for |r| ≤ ln 2 / 2; error ≤ 1 ulp. */
// @ts-ignore: decorator
@inline
function expm1Reduced(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const high = multiplyAdd(constant(EXP, 4), r, constant(EXP, 5));
  const middle = multiplyAdd(constant(EXP, 6), r, constant(EXP, 7));
  const low = multiplyAdd(constant(EXP, 8), r, constant(EXP, 13));
  const p = multiplyAdd(multiplyAdd(high, square, middle), square, low);
  return multiplyAdd(square, p, r);
}

/** (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, given r²: one power less than above, for where only eʳ has to be precise. */
// @ts-ignore: decorator
@inline
function expRest(r: v128, square: v128): v128 {
  const middle = multiplyAdd(constant(EXP, 16), r, constant(EXP, 17));
  const low = multiplyAdd(constant(EXP, 18), r, constant(EXP, 19));
  return multiplyAdd(multiplyAdd(constant(EXP, 15), square, middle), square, low);
}

/** 2ⁿ times the power of two whose bits are `one`, given n + 1.5·2²³. */
// @ts-ignore: decorator
@inline
function scaled(rounded: v128, one: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), one);
}

/** −|x|. */
// @ts-ignore: decorator
@inline
export function negativeMagnitude(x: v128): v128 {
  return v128.or(x, constant(EXP, 12));
}

/** eˣ, subnormal results included; error ≤ 1.1 ulp. 2ⁿ is two factors: the product with the last may overflow or be subnormal. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, constant(EXP, 11)), constant(EXP, 10));
  const rounded = roundedExponent(x);
  const r = reduced(x, rounded);
  const square = f32x4.mul(r, r);
  const q = multiplyAdd(square, expRest(r, square), r);
  const half = v128.and(i32x4.shl(rounded, 22), constant(EXP, 20));
  const first = i32x4.add(half, constant(EXP, 9));
  const second = i32x4.add(i32x4.sub(i32x4.shl(rounded, 23), half), constant(EXP, 9));
  return f32x4.mul(multiplyAdd(q, first, first), second);
}

/** eˣ − 1 for x ≤ 0; error ≤ 1.5 ulp, relative precision kept at 0. */
// @ts-ignore: decorator
@inline
export function expm1Negative4(x: v128): v128 {
  x = f32x4.pmax(x, constant(EXP, 14));
  const rounded = roundedExponent(x);
  const scale = scaled(rounded, constant(EXP, 9));
  return multiplyAdd(expm1Reduced(reduced(x, rounded)), scale, f32x4.sub(scale, constant(EXP, 9)));
}

const SIGMOID: usize = memory.data<f32>([
  20.0, // 0: above, σ(x) = 1
  -104.0, // 1: below, σ(x) = 0
  75324.7188, // 2..6: (e⁻ʳ − 1 + r) / r² times the unit, highest power first
  -456315.719,
  2272008.75,
  -9087579.0,
  27262972.0,
  54525952.0, // 7: the unit, 1.625·2²⁵
  -54525952.0, // 8
]);

/**
 * σ(x) = 1 / (1 + e⁻ˣ), subnormal results included; error ≤ 2 ulp for every float32 x.
 * With x = n·ln 2 + r: σ(x) = 2ⁿ / ((2ⁿ + 1) + (e⁻ʳ − 1)), where 2ⁿ + 1 is exact unless one of the two hardly counts. Both
 * sides of the fraction are multiplied by a unit: by 2²⁵, so that 2ⁿ is a normal number at x = −104 and the division alone
 * rounds a subnormal result; by 1.625, so that 2ⁿ is never half of the last place of the other.
 */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, constant(SIGMOID, 0)), constant(SIGMOID, 1));
  const rounded = roundedExponent(x);
  const r = reduced(x, rounded);
  const square = f32x4.mul(r, r);
  const middle = multiplyAdd(constant(SIGMOID, 3), r, constant(SIGMOID, 4));
  const low = multiplyAdd(constant(SIGMOID, 5), r, constant(SIGMOID, 6));
  const p = multiplyAdd(multiplyAdd(constant(SIGMOID, 2), square, middle), square, low);
  const q = multiplyAdd(square, p, f32x4.mul(r, constant(SIGMOID, 8)));
  const unit = constant(SIGMOID, 7);
  const scale = scaled(rounded, unit);
  return f32x4.div(scale, f32x4.add(f32x4.add(scale, unit), q));
}

const GATED: usize = memory.data<f32>([
  20.0, // 0: above, σ(z) = 1
  -115.0, // 1: below, x·σ(z) = 0
  2468240384.0, // 2..8: as those of SIGMOID, times 2¹⁵
  -14952553472.0,
  74449182720.0,
  -297781788672.0,
  893353066496.0,
  1786706395136.0, // 7: the unit, 1.625·2⁴⁰
  -1786706395136.0, // 8
]);

/**
 * x·σ(z), its limits at ±∞, subnormal results included: x joins the numerator of σ, so that the division alone rounds; error
 * ≤ 3.5 ulp. |x| is at most 2⁵⁸ where z is no more than 20.
 */
// @ts-ignore: decorator
@inline
export function sigmoidGated4(x: v128, z: v128): v128 {
  const within = f32x4.pmax(f32x4.pmin(z, constant(GATED, 0)), constant(GATED, 1));
  const rounded = roundedExponent(within);
  const r = reduced(within, rounded);
  const square = f32x4.mul(r, r);
  const middle = multiplyAdd(constant(GATED, 3), r, constant(GATED, 4));
  const low = multiplyAdd(constant(GATED, 5), r, constant(GATED, 6));
  const p = multiplyAdd(multiplyAdd(constant(GATED, 2), square, middle), square, low);
  const q = multiplyAdd(square, p, f32x4.mul(r, constant(GATED, 8)));
  const unit = constant(GATED, 7);
  const scale = scaled(rounded, unit);
  const y = f32x4.div(f32x4.mul(x, scale), f32x4.add(f32x4.add(scale, unit), q));
  return v128.bitselect(x, v128.andnot(y, f32x4.lt(z, constant(GATED, 1))), f32x4.gt(z, constant(GATED, 0)));
}

const RAISED: usize = memory.data<f32>([
  1.09951163e12, // 0: 2⁴⁰
]);

/** 2ⁿ⁺⁴⁰ of eˣ = 2ⁿ·(1 + q) for −115 ≤ x ≤ 20: no product with it is subnormal. */
// @ts-ignore: decorator
@inline
export function raisedPower4(x: v128): v128 {
  return scaled(roundedExponent(x), constant(RAISED, 0));
}

/** q of eˣ = 2ⁿ·(1 + q) for |x| < 2²¹, between −0.3 and 0.42; error ≤ 0.6 ulp of 1. */
// @ts-ignore: decorator
@inline
export function expFraction4(x: v128): v128 {
  const r = reduced(x, roundedExponent(x));
  const square = f32x4.mul(r, r);
  return multiplyAdd(square, expRest(r, square), r);
}

/** The larger of σ(x) and σ(−x), from e = e^−|x|; times e it is the smaller, with its relative precision. */
// @ts-ignore: decorator
@inline
export function largerSigmoid4(e: v128): v128 {
  return f32x4.div(constant(EXP, 9), f32x4.add(constant(EXP, 9), e));
}

const TANH: usize = memory.data<f32>([
  -10.0, // 0: beyond, tanh = ±1
  -2.88539008, // 1: −2 / ln 2
  0.346679688, // 2: ½ ln 2, upper 9 bits
  -1.06097220e-4, // 3: ½ ln 2, remainder
  0.0439295322, // 4..8: (e²ʳ − 1 − 2r) / 2r², highest power first
  0.133895531,
  0.333360672,
  0.666660964,
  0.999999702,
]);

/**
 * tanh(x); tanh(±0) = ±0; tanh(−x) = −tanh(x); error ≤ 2 ulp for every float32 x.
 * With 2|x| = n·ln 2 − 2r and q = (e²ʳ − 1) / 2: tanh |x| = ((2ⁿ − 1)/2 − q) / ((2ⁿ + 1)/2 + q). Near 0, where n = 0, the
 * numerator is −q and keeps its relative precision.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const a = f32x4.pmax(negativeMagnitude(x), constant(TANH, 0));
  const rounded = multiplyAdd(a, constant(TANH, 1), constant(EXP, 1));
  const n = f32x4.sub(rounded, constant(EXP, 1));
  const r = multiplyAdd(n, constant(TANH, 3), multiplyAdd(n, constant(TANH, 2), a));
  const square = f32x4.mul(r, r);
  const middle = multiplyAdd(constant(TANH, 5), r, constant(TANH, 6));
  const low = multiplyAdd(constant(TANH, 7), r, constant(TANH, 8));
  const p = multiplyAdd(multiplyAdd(constant(TANH, 4), square, middle), square, low);
  const q = multiplyAdd(square, p, r);
  const half = constant(EXP, 13);
  const scale = scaled(rounded, half);
  const quotient = f32x4.div(f32x4.sub(f32x4.sub(scale, half), q), f32x4.add(f32x4.add(scale, half), q));
  return v128.or(quotient, v128.and(x, constant(EXP, 12)));
}

const LOG: usize = memory.data<f32>([
  0.0674663782, // 0..8: (log(1 + f) − f + f²/2) / f³, highest power first
  -0.116756506,
  0.118881628,
  -0.1240559,
  0.142195523,
  -0.166679963,
  0.200021192,
  -0.250000089,
  0.333333135,
  0.693359375, // 9: ln 2, upper 9 bits
  -2.12194440e-4, // 10: ln 2, remainder
  0.707106781, // 11: √½
  -0.5, // 12
]);

/** log(1 + f) + k·ln 2 for 1 + f in [√½, √2] and an integer k, given as float32. */
// @ts-ignore: decorator
@inline
function logReduced(f: v128, k: v128): v128 {
  let p = multiplyAdd(constant(LOG, 0), f, constant(LOG, 1));
  p = multiplyAdd(p, f, constant(LOG, 2));
  p = multiplyAdd(p, f, constant(LOG, 3));
  p = multiplyAdd(p, f, constant(LOG, 4));
  p = multiplyAdd(p, f, constant(LOG, 5));
  p = multiplyAdd(p, f, constant(LOG, 6));
  p = multiplyAdd(p, f, constant(LOG, 7));
  p = multiplyAdd(p, f, constant(LOG, 8));
  const square = f32x4.mul(f, f);
  const small = multiplyAdd(k, constant(LOG, 10), f32x4.mul(f32x4.mul(square, f), p));
  return multiplyAdd(k, constant(LOG, 9), f32x4.add(f, multiplyAdd(square, constant(LOG, 12), small)));
}

/** log x for normal, finite x > 0; error ≤ 1.5 ulp. x − x carries a NaN past the integer arithmetic. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const k = i32x4.shr_s(i32x4.sub(x, constant(LOG, 11)), 23);
  const m = i32x4.sub(x, i32x4.shl(k, 23));
  return logReduced(f32x4.add(f32x4.sub(m, constant(EXP, 9)), f32x4.sub(x, x)), f32x4.convert_i32x4_s(k));
}

const LOG_EDGES: usize = memory.data<f32>([
  1.17549435e-38, // 0: the least normal number
  8388608.0, // 1: 2²³
  -15.9423847, // 2: −23 ln 2
  Infinity, // 3
  -Infinity, // 4
]);

/** log x for every float32 x: −∞ at 0, NaN below 0 and of NaN, ∞ at ∞; error ≤ 1.5 ulp, subnormal numbers included. */
// @ts-ignore: decorator
@inline
export function naturalLogarithm4(x: v128): v128 {
  const zero = f32x4.splat(0);
  const small = f32x4.lt(x, constant(LOG_EDGES, 0));
  const scaled = v128.bitselect(f32x4.mul(x, constant(LOG_EDGES, 1)), x, small);
  let y = f32x4.add(log4(scaled), v128.and(constant(LOG_EDGES, 2), small));
  y = v128.bitselect(x, y, f32x4.eq(x, constant(LOG_EDGES, 3)));
  y = v128.bitselect(constant(LOG_EDGES, 4), y, f32x4.eq(x, zero));
  // 0/0 where x < 0: NaN.
  return v128.bitselect(f32x4.div(zero, zero), y, f32x4.lt(x, zero));
}

/**
 * log(1 + x) for 0 ≤ x ≤ 2¹²⁶; error ≤ 2 ulp, relative precision kept at 0.
 * 1 + x, rounded, only chooses k: f = x·2⁻ᵏ + (2⁻ᵏ − 1) has no rounding error that matters.
 */
// @ts-ignore: decorator
@inline
export function log1p4(x: v128): v128 {
  const one = constant(EXP, 9);
  const k = i32x4.shr_s(i32x4.sub(f32x4.add(x, one), constant(LOG, 11)), 23);
  const scale = i32x4.sub(one, i32x4.shl(k, 23));
  return logReduced(multiplyAdd(x, scale, f32x4.sub(scale, one)), f32x4.convert_i32x4_s(k));
}

const TURN: usize = memory.data<f32>([
  -75.3935547, // 0..3: sin(2πf) / f in f², highest power first
  81.5923538,
  -41.3416595,
  6.28318548,
  59.2292442, // 4..7: (cos(2πf) − 1) / f² in f², highest power first
  -85.4432373,
  64.9393234,
  -19.7392082,
]);

/** sin(2πf) for |f| ≤ 1/8; error ≤ 2 ulp. */
// @ts-ignore: decorator
@inline
export function sineOfTurn4(f: v128): v128 {
  const z = f32x4.mul(f, f);
  let p = multiplyAdd(constant(TURN, 0), z, constant(TURN, 1));
  p = multiplyAdd(p, z, constant(TURN, 2));
  p = multiplyAdd(p, z, constant(TURN, 3));
  return f32x4.mul(p, f);
}

/** cos(2πf) for |f| ≤ 1/8; error ≤ 2 ulp. */
// @ts-ignore: decorator
@inline
export function cosineOfTurn4(f: v128): v128 {
  const z = f32x4.mul(f, f);
  let p = multiplyAdd(constant(TURN, 4), z, constant(TURN, 5));
  p = multiplyAdd(p, z, constant(TURN, 6));
  p = multiplyAdd(p, z, constant(TURN, 7));
  return multiplyAdd(p, z, constant(EXP, 9));
}
