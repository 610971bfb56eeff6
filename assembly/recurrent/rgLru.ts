/**
 * The gates of the real-gated linear recurrent unit, which turn x into what scan.ts takes: r = σ(z_r), i = σ(z_i),
 * a = e^{−s ⊙ r}, b = √(1 − a²) ⊙ i ⊙ x.
 *
 * Layouts: gates [rows, 2H] in blocks r i holds z_r z_i on entry and r i after the forward pass; x, a and b are
 * [rows, H]; s [H] is not negative. No buffer overlaps another.
 *
 * Error: 2 ulp of each σ and of e, 3 ulp of the root, which is taken of −expm1(−2s ⊙ r) and so is precise where a is
 * close to 1.
 * Source: De, Smith, Fernando et al. 2024, "Griffin: mixing gated linear recurrences with local attention".
 */
import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { exp4, expm1Negative4, sigmoid4 } from "../base/math";

/** −s ⊙ r: log a. */
// @ts-ignore: decorator
@inline
function logarithm(s: v128, r: v128): v128 {
  return f32x4.neg(f32x4.mul(s, r));
}

/** √(1 − a²), given log a. */
// @ts-ignore: decorator
@inline
function complement(logA: v128): v128 {
  return f32x4.sqrt(f32x4.neg(expm1Negative4(f32x4.add(logA, logA))));
}

/** Turns gates from z into r and i; a and b := what the recurrence takes. */
export function rgLruForward(gates: usize, x: usize, s: usize, a: usize, b: usize, rows: i32, hidden: i32): void {
  const gate = <usize>hidden << 2;
  for (; rows > 0; rows--) {
    let rate = s;
    let rest = hidden;
    while (rest > 0) {
      const four = rest >= 4;
      const bytes: usize = four ? 16 : 4;
      const r = sigmoid4(loadLanes(gates, four));
      const i = sigmoid4(loadLanes(gates + gate, four));
      const logA = logarithm(loadLanes(rate, four), r);
      storeLanes(gates, r, four);
      storeLanes(gates + gate, i, four);
      storeLanes(a, exp4(logA), four);
      storeLanes(b, f32x4.mul(complement(logA), f32x4.mul(i, loadLanes(x, four))), four);
      gates += bytes;
      x += bytes;
      rate += bytes;
      a += bytes;
      b += bytes;
      rest -= <i32>(bytes >> 2);
    }
    gates += gate;
  }
}

/**
 * Turns gates from r and i into the gradients of z_r and z_i, assigns dx and adds to ds [H], row after row. Where a = 1 the
 * root has no slope, but the gradient of z_r through it goes to 0 with r, and that is what it is.
 */
export function rgLruBackward(
  gates: usize,
  x: usize,
  s: usize,
  a: usize,
  da: usize,
  db: usize,
  dx: usize,
  ds: usize,
  rows: i32,
  hidden: i32,
): void {
  const gate = <usize>hidden << 2;
  const one = f32x4.splat(1);
  for (; rows > 0; rows--) {
    let rate = s;
    let sum = ds;
    let rest = hidden;
    while (rest > 0) {
      const four = rest >= 4;
      const bytes: usize = four ? 16 : 4;
      const r = loadLanes(gates, four);
      const i = loadLanes(gates + gate, four);
      const decay = loadLanes(a, four);
      const input = loadLanes(x, four);
      const sHere = loadLanes(rate, four);
      const root = complement(logarithm(sHere, r));
      const dRoot = f32x4.mul(loadLanes(db, four), f32x4.mul(i, input));
      const slope = v128.and(f32x4.div(decay, root), f32x4.gt(root, f32x4.splat(0)));
      // dL/d(−log a) = −a·(da − dRoot·a/root)
      const dRate = f32x4.mul(decay, f32x4.sub(f32x4.mul(dRoot, slope), loadLanes(da, four)));
      const dDrive = f32x4.mul(loadLanes(db, four), root);
      storeLanes(sum, multiplyAdd(dRate, r, loadLanes(sum, four)), four);
      storeLanes(gates, f32x4.mul(f32x4.mul(dRate, sHere), f32x4.mul(r, f32x4.sub(one, r))), four);
      storeLanes(gates + gate, f32x4.mul(f32x4.mul(dDrive, input), f32x4.mul(i, f32x4.sub(one, i))), four);
      storeLanes(dx, f32x4.mul(dDrive, i), four);
      gates += bytes;
      x += bytes;
      rate += bytes;
      a += bytes;
      da += bytes;
      db += bytes;
      dx += bytes;
      sum += bytes;
      rest -= <i32>(bytes >> 2);
    }
    gates += gate;
  }
}
