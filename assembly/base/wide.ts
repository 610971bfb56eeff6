/**
 * Elementary functions of one float64 number, for sums of probabilities that float32 would not hold: they are multiply,
 * add and divide in one fixed order, so they give the same bits on every host and in both builds. NaN gives NaN.
 */

/** ln 2 in two parts; the product of the first, of 32 bits, with an exponent is exact (Cody & Waite 1980). */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const LN2_INVERSE: f64 = 1.4426950408889634;
/** The bits of √½ and of 1. */
const ROOT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;
const ONE_EXPONENT: i64 = 1023;

/** eˣ; 0 below −708, ∞ above 709. Error ≤ 1e-15 relative: Taylor's series of eʳ, |r| ≤ ln 2 / 2, to the 13th power. */
export function exponential(x: f64): f64 {
  if (x < -708) return 0;
  if (x > 709) return Infinity;
  if (x != x) return x;
  const n = nearest(x * LN2_INVERSE);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let p: f64 = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  return (1 + (r + r * r * p)) * reinterpret<f64>((<i64>n + ONE_EXPONENT) << 52);
}

/**
 * log x for normal x > 0; −∞ at 0 and ∞ at ∞. Error ≤ 1e-15 relative, or absolute near 1.
 * With x = m·2ᵏ, m in [√½, √2], and s = (m − 1) / (m + 1): log m = 2·(s + s³/3 + s⁵/5 + …), |s| ≤ 0.172.
 */
export function logarithm(x: f64): f64 {
  if (x == 0) return -Infinity;
  if (x != x || x == Infinity) return x;
  const bits = reinterpret<i64>(x);
  const k = (bits - ROOT_HALF_BITS) >> 52;
  const m = reinterpret<f64>(bits - (k << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let p: f64 = 1.0 / 21;
  p = p * z + 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return <f64>k * LN2_HIGH + (2 * (s + s * z * p) + <f64>k * LN2_LOW);
}

/** log(eᵃ + eᵇ + eᶜ), −∞ when all three are. */
// @ts-ignore: decorator
@inline
export function logSumOfThree(a: f64, b: f64, c: f64): f64 {
  const most = max(a, max(b, c));
  if (most == -Infinity) return most;
  return most + logarithm(exponential(a - most) + exponential(b - most) + exponential(c - most));
}

/** log(eᵃ + eᵇ), −∞ when both are: one step of a sum of probabilities. */
export function logAddExp(a: f64, b: f64): f64 {
  return logSumOfThree(a, b, -Infinity);
}
