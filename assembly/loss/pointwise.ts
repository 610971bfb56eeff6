/**
 * Losses of pairs of numbers, x predicted and t the target, each on its own; the reduction is the caller's. p is a third
 * number: one for all of them, or one a column. Every kernel assigns.
 *   0 absolute           |x − t|                                        dx = sign(x − t)            dt = −dx
 *   1 Huber              p·(|x − t| − p/2), (x − t)²/2 where |x − t| ≤ p dx = clamp(x − t, −p, p)    dt = −dx
 *   2 divergence         t·(log t − x), 0 where t = 0                   dx = −t                     dt = log t + 1 − x
 *   3 divergence of logs eᵗ·(t − x)                                     dx = −eᵗ                    dt = eᵗ·(t − x + 1)
 *   4 binary entropy     (1 − t)·x + (1 + (p − 1)·t)·log(1 + e⁻ˣ)
 *         dx = (1 − t) − (1 + (p − 1)·t)·σ(−x)                          dt = (p − 1)·log(1 + e⁻ˣ) − x
 * log t takes t below 2⁻¹²⁶ for 2⁻¹²⁶; a negative t has no logarithm: NaN.
 * Error: ≤ 6 ulp of the largest of the terms that are added and of their sum.
 */

import { loadLanes, storeLanes } from "../base/lanes";
import { exp4, log1p4, log4, negativeMagnitude, sigmoid4 } from "../base/math";

interface Loss {
  value(x: v128, t: v128, p: v128): v128;
  dx(x: v128, t: v128, p: v128): v128;
  dt(x: v128, t: v128, p: v128): v128;
}

/** The sign of x as ±1, 0 at 0; NaN stays. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const one = v128.or(f32x4.splat(1), v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
}

@unmanaged
class Absolute {
  // @ts-ignore: decorator
  @inline value(x: v128, t: v128, p: v128): v128 {
    return f32x4.abs(f32x4.sub(x, t));
  }
  // @ts-ignore: decorator
  @inline dx(x: v128, t: v128, p: v128): v128 {
    return sign(f32x4.sub(x, t));
  }
  // @ts-ignore: decorator
  @inline dt(x: v128, t: v128, p: v128): v128 {
    return sign(f32x4.sub(t, x));
  }
}

/** x within [−p, p]; NaN stays. */
// @ts-ignore: decorator
@inline
function within(x: v128, p: v128): v128 {
  return f32x4.min(f32x4.max(x, f32x4.neg(p)), p);
}

@unmanaged
class Huber {
  // @ts-ignore: decorator
  @inline value(x: v128, t: v128, p: v128): v128 {
    // With m = min(|x − t|, p): m·(|x − t| − m/2), both cases in one.
    const distance = f32x4.abs(f32x4.sub(x, t));
    const m = f32x4.min(distance, p);
    return f32x4.mul(m, f32x4.sub(distance, f32x4.mul(m, f32x4.splat(0.5))));
  }
  // @ts-ignore: decorator
  @inline dx(x: v128, t: v128, p: v128): v128 {
    return within(f32x4.sub(x, t), p);
  }
  // @ts-ignore: decorator
  @inline dt(x: v128, t: v128, p: v128): v128 {
    return within(f32x4.sub(t, x), p);
  }
}

/** log t as said above. */
// @ts-ignore: decorator
@inline
function logOfProbability(t: v128): v128 {
  const log = log4(f32x4.pmax(t, f32x4.splat(1.17549435e-38)));
  return v128.or(log, f32x4.lt(t, f32x4.splat(0)));
}

@unmanaged
class Divergence {
  // @ts-ignore: decorator
  @inline value(x: v128, t: v128, p: v128): v128 {
    const value = f32x4.mul(t, f32x4.sub(logOfProbability(t), x));
    // 0·(log 0 − x) is 0 even where x is −∞.
    return v128.andnot(value, f32x4.eq(t, f32x4.splat(0)));
  }
  // @ts-ignore: decorator
  @inline dx(x: v128, t: v128, p: v128): v128 {
    return f32x4.neg(t);
  }
  // @ts-ignore: decorator
  @inline dt(x: v128, t: v128, p: v128): v128 {
    return f32x4.add(f32x4.sub(logOfProbability(t), x), f32x4.splat(1));
  }
}

@unmanaged
class DivergenceOfLogs {
  // @ts-ignore: decorator
  @inline value(x: v128, t: v128, p: v128): v128 {
    return f32x4.mul(exp4(t), f32x4.sub(t, x));
  }
  // @ts-ignore: decorator
  @inline dx(x: v128, t: v128, p: v128): v128 {
    return f32x4.neg(exp4(t));
  }
  // @ts-ignore: decorator
  @inline dt(x: v128, t: v128, p: v128): v128 {
    return f32x4.mul(exp4(t), f32x4.add(f32x4.sub(t, x), f32x4.splat(1)));
  }
}

/** log(1 + e⁻ˣ) = max(−x, 0) + log(1 + e^−|x|) */
// @ts-ignore: decorator
@inline
function softplusOfNegative(x: v128): v128 {
  return f32x4.add(f32x4.max(f32x4.neg(x), f32x4.splat(0)), log1p4(exp4(negativeMagnitude(x))));
}

/** 1 + (p − 1)·t */
// @ts-ignore: decorator
@inline
function positiveShare(t: v128, p: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.sub(p, f32x4.splat(1)), t), f32x4.splat(1));
}

@unmanaged
class BinaryEntropy {
  // @ts-ignore: decorator
  @inline value(x: v128, t: v128, p: v128): v128 {
    const negative = f32x4.mul(f32x4.sub(f32x4.splat(1), t), x);
    return f32x4.add(negative, f32x4.mul(positiveShare(t, p), softplusOfNegative(x)));
  }
  // @ts-ignore: decorator
  @inline dx(x: v128, t: v128, p: v128): v128 {
    const missed = f32x4.mul(positiveShare(t, p), sigmoid4(f32x4.neg(x)));
    return f32x4.sub(f32x4.sub(f32x4.splat(1), t), missed);
  }
  // @ts-ignore: decorator
  @inline dt(x: v128, t: v128, p: v128): v128 {
    return f32x4.sub(f32x4.mul(f32x4.sub(p, f32x4.splat(1)), softplusOfNegative(x)), x);
  }
}

/** p for the numbers at hand: those of their columns, or the one for all. */
// @ts-ignore: decorator
@inline
function third(columns: usize, p: f32, four: bool): v128 {
  return columns ? loadLanes(columns, four) : f32x4.splat(p);
}

function forward<L extends Loss>(x: usize, t: usize, y: usize, count: i32, columns: usize, p: f32): void {
  const loss = changetype<L>(0);
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    storeLanes(y, loss.value(loadLanes(x, four), loadLanes(t, four), third(columns, p, four)), four);
    x += bytes;
    t += bytes;
    y += bytes;
    if (columns) columns += bytes;
    count -= <i32>(bytes >> 2);
  }
}

function backward<L extends Loss>(
  x: usize,
  t: usize,
  dy: usize,
  dx: usize,
  dt: usize,
  count: i32,
  columns: usize,
  p: f32,
): void {
  const loss = changetype<L>(0);
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const predicted = loadLanes(x, four);
    const target = loadLanes(t, four);
    const slope = loadLanes(dy, four);
    const number = third(columns, p, four);
    if (dx) {
      storeLanes(dx, f32x4.mul(slope, loss.dx(predicted, target, number)), four);
      dx += bytes;
    }
    if (dt) {
      storeLanes(dt, f32x4.mul(slope, loss.dt(predicted, target, number)), four);
      dt += bytes;
    }
    x += bytes;
    t += bytes;
    dy += bytes;
    if (columns) columns += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** y := loss number `kind` of x and t, all [rows, columns]. perColumn: [columns] numbers p, or 0 for the one p. */
export function pointwiseLoss(
  kind: i32,
  x: usize,
  t: usize,
  y: usize,
  rows: i32,
  columns: i32,
  perColumn: usize,
  p: f32,
): void {
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    if (kind == 0) forward<Absolute>(x, t, y, columns, perColumn, p);
    else if (kind == 1) forward<Huber>(x, t, y, columns, perColumn, p);
    else if (kind == 2) forward<Divergence>(x, t, y, columns, perColumn, p);
    else if (kind == 3) forward<DivergenceOfLogs>(x, t, y, columns, perColumn, p);
    else forward<BinaryEntropy>(x, t, y, columns, perColumn, p);
    x += bytes;
    t += bytes;
    y += bytes;
  }
}

/** dx := dy ⊙ d loss / dx and dt := dy ⊙ d loss / dt, each unless it is 0. */
export function pointwiseLossBackward(
  kind: i32,
  x: usize,
  t: usize,
  dy: usize,
  dx: usize,
  dt: usize,
  rows: i32,
  columns: i32,
  perColumn: usize,
  p: f32,
): void {
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    if (kind == 0) backward<Absolute>(x, t, dy, dx, dt, columns, perColumn, p);
    else if (kind == 1) backward<Huber>(x, t, dy, dx, dt, columns, perColumn, p);
    else if (kind == 2) backward<Divergence>(x, t, dy, dx, dt, columns, perColumn, p);
    else if (kind == 3) backward<DivergenceOfLogs>(x, t, dy, dx, dt, columns, perColumn, p);
    else backward<BinaryEntropy>(x, t, dy, dx, dt, columns, perColumn, p);
    x += bytes;
    t += bytes;
    dy += bytes;
    if (dx) dx += bytes;
    if (dt) dt += bytes;
  }
}
