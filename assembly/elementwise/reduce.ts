/**
 * Sums over an axis and their reverse. Every sum has one fixed order, whatever the build.
 * Long float32 sums go by blocks of 128 terms whose sums are then added: the error grows with 128 + n/128, not with n.
 */

import { horizontalSum, loadLanes, storeLanes } from "../base/lanes";
import { fill } from "./binary";

const BLOCK = 128;

/** Σ x[i] of contiguous numbers: four independent vectors of sums a block. */
function sumContiguous(x: usize, n: i32): f32 {
  let total = f32x4.splat(0);
  while (n >= 16) {
    let steps = min(n >> 4, BLOCK);
    n -= steps << 4;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; steps > 0; steps--) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
      x += 64;
    }
    total = f32x4.add(total, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  }
  for (; n >= 4; n -= 4) {
    total = f32x4.add(total, v128.load(x));
    x += 16;
  }
  let sum = horizontalSum(total);
  for (; n > 0; n--) {
    sum += load<f32>(x);
    x += 4;
  }
  return sum;
}

/** y[0..15] := Σ_n of sixteen neighbouring columns: a cache line a row, four vectors of sums in registers. */
function sumSixteenColumns(x: usize, y: usize, n: i32, rowBytes: usize): void {
  let t0 = f32x4.splat(0);
  let t1 = t0;
  let t2 = t0;
  let t3 = t0;
  while (n > 0) {
    let steps = min(n, BLOCK);
    n -= steps;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; steps > 0; steps--) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
      x += rowBytes;
    }
    t0 = f32x4.add(t0, s0);
    t1 = f32x4.add(t1, s1);
    t2 = f32x4.add(t2, s2);
    t3 = f32x4.add(t3, s3);
  }
  v128.store(y, t0);
  v128.store(y, t1, 16);
  v128.store(y, t2, 32);
  v128.store(y, t3, 48);
}

/** y := Σ_n of four neighbouring columns, or of one. */
function sumFourOrOneColumns(x: usize, y: usize, n: i32, rowBytes: usize, four: bool): void {
  let total = f32x4.splat(0);
  while (n > 0) {
    let steps = min(n, BLOCK);
    n -= steps;
    let sum = f32x4.splat(0);
    for (; steps > 0; steps--) {
      sum = f32x4.add(sum, loadLanes(x, four));
      x += rowBytes;
    }
    total = f32x4.add(total, sum);
  }
  storeLanes(y, total, four);
}

/**
 * y[outer, inner] := Σ_n x[outer, n, inner], both contiguous; n = 0 gives 0. Assigns; y apart from x.
 * Error ≤ (128 + n/128)·2⁻²⁴·Σ|x|.
 */
export function sumAxis(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  const rowBytes = <usize>inner << 2;
  for (; outer > 0; outer--) {
    if (inner == 1) {
      store<f32>(y, sumContiguous(x, n));
    } else {
      let column = 0;
      for (; column + 16 <= inner; column += 16) {
        const offset = <usize>column << 2;
        sumSixteenColumns(x + offset, y + offset, n, rowBytes);
      }
      while (column < inner) {
        const four = column + 4 <= inner;
        const offset = <usize>column << 2;
        sumFourOrOneColumns(x + offset, y + offset, n, rowBytes, four);
        column += four ? 4 : 1;
      }
    }
    x += rowBytes * n;
    y += rowBytes;
  }
}

/** y[outer, n, inner] := x[outer, inner] for every n, both contiguous: the gradient of sumAxis. Assigns; y apart from x. */
export function expandAxis(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  const rowBytes = <usize>inner << 2;
  for (; outer > 0; outer--) {
    if (inner == 1) {
      fill(y, n, load<f32>(x));
      y += <usize>n << 2;
    } else {
      for (let i = 0; i < n; i++) {
        memory.copy(y, x, rowBytes);
        y += rowBytes;
      }
    }
    x += rowBytes;
  }
}

/** Σ x[i]² in float64: every square is exact, the order is fixed. */
export function sumOfSquares(x: usize, n: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (; n >= 4; n -= 4) {
    const v = v128.load(x);
    const a = f64x2.promote_low_f32x4(v);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
    x += 16;
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; n > 0; n--) {
    const a = <f64>load<f32>(x);
    sum += a * a;
    x += 4;
  }
  return sum;
}

/** 1 when no x[i] is NaN or ±∞, else 0. */
export function allFinite(x: usize, n: i32): i32 {
  const end = x + (<usize>n << 2);
  // x − x is 0 for a finite x and NaN otherwise; NaN has bits that no sum of zeros has.
  let bits = i32x4.splat(0);
  for (; x + 16 <= end; x += 16) {
    const v = v128.load(x);
    bits = v128.or(bits, f32x4.sub(v, v));
  }
  for (; x < end; x += 4) {
    const v = v128.load32_zero(x);
    bits = v128.or(bits, f32x4.sub(v, v));
  }
  return i32(!v128.any_true(bits));
}
