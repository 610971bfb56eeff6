/**
 * Elementary functions of four float32 lanes that only activations written as expressions need. NaN gives NaN; the stated
 * errors hold for every float32 x in both builds. Polynomials are minimax fits in float64, rounded.
 */
import { multiplyAdd } from "../base/lanes";
import { constant, exp4, expm1Negative4, log1p4, naturalLogarithm4 } from "../base/math";
import { upperTail4 } from "../base/normal";

const ELEMENTARY: usize = memory.data<f32>([
  1.0, // 0
  -0.0, // 1: the sign bit
  0.5, // 2
  2.0, // 3
  20.0, // 4: beyond, e^−x hardly counts beside eˣ
  8.50705917e37, // 5: 2¹²⁶
  0.693147182, // 6: ln 2
  1.0e9, // 7: beyond, √(x² + 1) = x
  1.41421354, // 8: √2
  3.92, // 9: beyond, erf = ±1
  0.0000785386146, // 10..16: erf(x) / x in x² for |x| ≤ 1, highest power first
  -0.000801019371,
  0.00518832775,
  -0.0268538128,
  0.112835854,
  -0.37612626,
  1.12837911,
  2.41421366, // 17: tan(3π/8)
  0.414213568, // 18: tan(π/8)
  -0.0607822128, // 19..23: (atan t − t) / t³ in t², highest power first
  0.105938138,
  -0.142435327,
  0.199984714,
  -0.333333165,
  1.57079637, // 24: π/2
  0.785398185, // 25: π/4
  2.41987702e-8, // 26: √2 − its float32
  -4.37113883e-8, // 27: π/2 − its float32
  -2.18556941e-8, // 28: π/4 − its float32
]);

// @ts-ignore: decorator
@inline
function number(index: usize): v128 {
  return constant(ELEMENTARY, index);
}

/** `magnitude` with the sign of x. */
// @ts-ignore: decorator
@inline
function signed(magnitude: v128, x: v128): v128 {
  return v128.or(magnitude, v128.and(x, number(1)));
}

/** eˣ − 1; error ≤ 2 ulp, relative precision kept at 0: for x > 0 it is −(e⁻ˣ − 1)·eˣ, which nothing cancels in. */
// @ts-ignore: decorator
@inline
export function expm14(x: v128): v128 {
  const below = expm1Negative4(v128.or(x, number(1)));
  const above = f32x4.neg(f32x4.mul(below, exp4(x)));
  return v128.bitselect(above, below, f32x4.gt(x, f32x4.splat(0)));
}

/** log(1 + x): −∞ at −1, NaN below; error ≤ 2 ulp, relative precision kept at 0. */
// @ts-ignore: decorator
@inline
export function log1pAny4(x: v128): v128 {
  const one = number(0);
  const minusOne = f32x4.neg(one);
  const usual = log1p4(f32x4.pmin(f32x4.pmax(x, minusOne), number(5)));
  const edge = v128.or(f32x4.ge(x, number(5)), f32x4.le(x, minusOne));
  let y = v128.bitselect(naturalLogarithm4(f32x4.add(x, v128.and(one, f32x4.le(x, minusOne)))), usual, edge);
  y = v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(x, y, f32x4.ne(x, x));
}

/** sinh x = (t + t/(t + 1))/2 with t = e^|x| − 1, far out (e^|x|/2)²/2, which overflows no sooner than it; error ≤ 4 ulp. */
// @ts-ignore: decorator
@inline
export function sinh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const t = expm14(f32x4.pmin(a, number(4)));
  const near = f32x4.mul(number(2), f32x4.add(t, f32x4.div(t, f32x4.add(t, number(0)))));
  const h = exp4(f32x4.mul(a, number(2)));
  const far = f32x4.mul(h, f32x4.mul(h, number(2)));
  return signed(v128.bitselect(far, near, f32x4.gt(a, number(4))), x);
}

/** cosh x = (e + 1/e)/2 with e = e^|x|, far out as sinh; error ≤ 3 ulp. */
// @ts-ignore: decorator
@inline
export function cosh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const e = exp4(f32x4.pmin(a, number(4)));
  const near = f32x4.mul(number(2), f32x4.add(e, f32x4.div(number(0), e)));
  const h = exp4(f32x4.mul(a, number(2)));
  const far = f32x4.mul(h, f32x4.mul(h, number(2)));
  return v128.bitselect(far, near, f32x4.gt(a, number(4)));
}

/** asinh x = log1p(a + a²/(1 + √(a² + 1))) with a = |x|, far out log a + ln 2; error ≤ 4 ulp. */
// @ts-ignore: decorator
@inline
export function asinh4(x: v128): v128 {
  const a = f32x4.abs(x);
  const b = f32x4.pmin(a, number(7));
  const square = f32x4.mul(b, b);
  const root = f32x4.sqrt(f32x4.add(square, number(0)));
  const near = log1p4(f32x4.add(b, f32x4.div(square, f32x4.add(number(0), root))));
  const far = f32x4.add(naturalLogarithm4(a), number(6));
  let y = v128.bitselect(far, near, f32x4.gt(a, number(7)));
  y = v128.bitselect(a, y, f32x4.ne(a, a));
  return signed(y, x);
}

/**
 * atan x = c + atan t with t in ±tan(π/8): t = x, c = 0; t = (a − 1)/(a + 1), c = π/4; t = −1/a, c = π/2; error ≤ 3 ulp.
 */
// @ts-ignore: decorator
@inline
export function atan4(x: v128): v128 {
  const one = number(0);
  const a = f32x4.abs(x);
  const far = f32x4.gt(a, number(17));
  const middle = v128.andnot(f32x4.gt(a, number(18)), far);
  const numerator = v128.bitselect(f32x4.neg(one), v128.bitselect(f32x4.sub(a, one), a, middle), far);
  const denominator = v128.bitselect(a, v128.bitselect(f32x4.add(a, one), one, middle), far);
  const t = f32x4.div(numerator, denominator);
  const z = f32x4.mul(t, t);
  let p = multiplyAdd(number(19), z, number(20));
  p = multiplyAdd(p, z, number(21));
  p = multiplyAdd(p, z, number(22));
  p = multiplyAdd(p, z, number(23));
  const start = v128.or(v128.and(number(24), far), v128.and(number(25), middle));
  const rest = v128.or(v128.and(number(27), far), v128.and(number(28), middle));
  const y = f32x4.add(start, f32x4.add(multiplyAdd(f32x4.mul(t, z), p, rest), t));
  return signed(y, x);
}

/** erf x = x·P(x²) near 0, else ±(1 − 2Q(√2·|x|)); error ≤ 3 ulp. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const one = number(0);
  const a = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = multiplyAdd(number(10), z, number(11));
  p = multiplyAdd(p, z, number(12));
  p = multiplyAdd(p, z, number(13));
  p = multiplyAdd(p, z, number(14));
  p = multiplyAdd(p, z, number(15));
  p = multiplyAdd(p, z, number(16));
  const b = f32x4.pmin(a, number(9));
  const tail = upperTail4(multiplyAdd(b, number(26), f32x4.mul(b, number(8))));
  const far = f32x4.sub(one, f32x4.mul(number(3), tail));
  const y = v128.bitselect(v128.bitselect(one, far, f32x4.gt(a, number(9))), f32x4.mul(a, p), f32x4.gt(a, one));
  return signed(y, x);
}

/** −1, 0 or 1; NaN gives NaN. */
// @ts-ignore: decorator
@inline
export function sign4(x: v128): v128 {
  const unit = v128.and(signed(number(0), x), f32x4.ne(x, f32x4.splat(0)));
  return v128.bitselect(x, unit, f32x4.ne(x, x));
}

/** log(1 + eˣ) = max(x, 0) + log1p(e^−|x|); error ≤ 2 ulp. */
// @ts-ignore: decorator
@inline
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p4(exp4(v128.or(x, number(1)))));
}

/** 1 − 2/((1 + eˣ)² + 1) = tanh(softplus x) = n/(n + 2), n = eˣ(eˣ + 2), without the logarithm; error ≤ 4 ulp. */
// @ts-ignore: decorator
@inline
export function tanhOfSoftplus4(x: v128): v128 {
  const e = exp4(f32x4.pmin(x, number(4)));
  const n = f32x4.mul(e, f32x4.add(e, number(3)));
  return f32x4.div(n, f32x4.add(n, number(3)));
}
