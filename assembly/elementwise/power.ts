/**
 * Powers. The logarithm of the base is needed to 2⁻³² of itself, since an exponent makes its error grow by up to 128: it is
 * taken in float64, two lanes at a time, in one fixed order, so powers have the same bits on every host and in both builds.
 */

import { Operation, rest } from "./binary";

const POWER: usize = memory.data<f64>([
  0.22195308321368667, // 0..6: 2 / ln 2 / (2i + 1), i from 6 to 0: log₂ m in s = (m − 1) / (m + 1)
  0.2623081892525388,
  0.3205988979753252,
  0.4121985831111324,
  0.5770780163555853,
  0.9617966939259756,
  2.8853900817779268,
  1.321548679014431e-6, // 7..14: (ln 2)ⁱ / i!, i from 8 to 1: 2ᶠ in f
  1.5252733804059841e-5,
  0.0001540353039338161,
  0.0013333558146428443,
  0.009618129107628477,
  0.05550410866482158,
  0.24022650695910072,
  0.6931471805599453,
  1.0, // 15
  4503599627370496.0, // 16: 2⁵²: as bits, 0 in the low ones
  4503599627371519.0, // 17: 2⁵² + 1023
  6755399441055744.0, // 18: 1.5·2⁵²
  200.0, // 19: beyond, powers of float32 are 0 or ∞
  -200.0, // 20
]);

/** The bits of 1 less those of √½: what moves the step of an exponent from 1 to √½. */
const EXPONENT_STEP: i64 = 0x00095f619980c433;

const EDGES: usize = memory.data<f32>([
  Infinity, // 0
  1.0e30, // 1: exponents beyond change nothing
  -1.0e30, // 2
  0.5, // 3
  1.0, // 4
  -0.0, // 5: the sign bit
]);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load64_splat(POWER + (index << 3));
}

/** One step of Horner's scheme. */
// @ts-ignore: decorator
@inline
function next(sum: v128, x: v128, index: usize): v128 {
  return f64x2.add(f64x2.mul(sum, x), constant(index));
}

// @ts-ignore: decorator
@inline
function edge(index: usize): v128 {
  return v128.load32_splat(EDGES + (index << 2));
}

/**
 * xʸ of two float64 lanes for x = m·2ᵏ > 0, m in [√½, √2]: 2ᵖ with p = y·(k + log₂ m), between 2⁻²⁰⁰ and 2²⁰⁰; relative
 * error ≤ 2⁻³⁰. The series of log₂ m is that of the inverse hyperbolic tangent, to the 13th power of |s| ≤ 0.172.
 */
// @ts-ignore: decorator
@inline
function power2(x: v128, y: v128): v128 {
  const biased = i64x2.shr_u(i64x2.add(x, i64x2.splat(EXPONENT_STEP)), 52);
  const k = f64x2.sub(v128.or(biased, constant(16)), constant(17));
  const m = i64x2.add(i64x2.sub(x, i64x2.shl(biased, 52)), constant(15));
  const s = f64x2.div(f64x2.sub(m, constant(15)), f64x2.add(m, constant(15)));
  const z = f64x2.mul(s, s);
  let series = next(constant(0), z, 1);
  series = next(series, z, 2);
  series = next(series, z, 3);
  series = next(series, z, 4);
  series = next(series, z, 5);
  series = next(series, z, 6);
  let p = f64x2.mul(y, f64x2.add(k, f64x2.mul(s, series)));
  p = f64x2.pmin(f64x2.pmax(p, constant(20)), constant(19));
  const n = f64x2.nearest(p);
  const f = f64x2.sub(p, n);
  let power = next(constant(7), f, 8);
  power = next(power, f, 9);
  power = next(power, f, 10);
  power = next(power, f, 11);
  power = next(power, f, 12);
  power = next(power, f, 13);
  power = next(power, f, 14);
  power = next(power, f, 15);
  return i64x2.add(power, i64x2.shl(f64x2.add(n, constant(18)), 52));
}

/** xʸ as C's pow has it: x⁰ = 1ʸ = 1, whatever the other; below 0, a number for whole y and else NaN. Error ≤ 0.51 ulp. */
// @ts-ignore: decorator
@inline
function pow4(x: v128, y: v128): v128 {
  const zero = f32x4.splat(0);
  const a = f32x4.abs(x);
  const e = f32x4.pmin(f32x4.pmax(y, edge(2)), edge(1));
  const low = power2(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(e));
  const aHigh = v128.shuffle<f32>(a, a, 2, 3, 0, 1);
  const eHigh = v128.shuffle<f32>(e, e, 2, 3, 0, 1);
  const high = power2(f64x2.promote_low_f32x4(aHigh), f64x2.promote_low_f32x4(eHigh));
  const finite = v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  // Of 0 and of ∞: ∞ where a number above 1 has a positive exponent, or one below 1 a negative one; else 0.
  const extreme = v128.or(f32x4.eq(a, zero), f32x4.eq(a, edge(0)));
  const grows = v128.xor(f32x4.gt(y, zero), f32x4.lt(a, edge(4)));
  let power = v128.bitselect(v128.and(edge(0), grows), finite, extreme);
  const whole = f32x4.eq(f32x4.nearest(y), y);
  const half = f32x4.mul(y, edge(3));
  const odd = v128.and(whole, f32x4.ne(f32x4.nearest(half), half));
  power = v128.or(power, v128.and(v128.and(x, edge(5)), odd));
  const undefined = v128.andnot(v128.andnot(f32x4.lt(x, zero), whole), extreme);
  const missing = v128.or(f32x4.ne(x, x), f32x4.ne(y, y));
  power = v128.bitselect(f32x4.div(zero, zero), power, v128.or(undefined, missing));
  return v128.bitselect(edge(4), power, v128.or(f32x4.eq(y, zero), f32x4.eq(x, edge(4))));
}

@unmanaged
class Power {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return pow4(a, b);
  }
}

/**
 * y[i, j] := a[i·aOuterStride + j·aInnerStride] to the power b[i·bOuterStride + j·bInnerStride], y [outer, inner]
 * contiguous; strides and aliasing as for `binary`. Assigns. Error ≤ 0.51 ulp, subnormal results included.
 */
export function power(
  a: usize,
  b: usize,
  y: usize,
  outer: i32,
  inner: i32,
  aOuterStride: i32,
  aInnerStride: i32,
  bOuterStride: i32,
  bInnerStride: i32,
): void {
  for (; outer > 0; outer--) {
    rest<Power>(a, b, y, inner, aInnerStride, bInnerStride);
    a += <usize>aOuterStride << 2;
    b += <usize>bOuterStride << 2;
    y += <usize>inner << 2;
  }
}
