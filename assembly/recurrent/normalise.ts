/**
 * Layer normalisation of rows, inside a recurrent pass and around it:
 *
 *     x̂ = (x − mean(x)) / √(var(x) + 1e-5)     y = x̂⊙γ + β
 *
 * Sums are taken in one order, which depends on the width alone, and in float32: in float64, as elementwise/norm.ts takes
 * them, they would be most of a row's work, at every step. |error| ≤ (width + 4)·2⁻²⁴ of the sums of magnitudes.
 * Source: Ba, Kiros & Hinton 2016, "Layer Normalization".
 */
import { horizontalSum, loadLanes, multiplyAdd, storeLanes } from "../base/lanes";

const EPSILON: f32 = 1e-5;

/** Σ x. Four chains of four lanes, then the rest: additions of one chain wait for each other. */
function sumOf(x: usize, width: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; width >= 16; width -= 16) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
    x += 64;
  }
  for (; width >= 4; width -= 4) {
    a = f32x4.add(a, v128.load(x));
    x += 16;
  }
  let sum = horizontalSum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; width > 0; width--) {
    sum += load<f32>(x);
    x += 4;
  }
  return sum;
}

/** Σ x⊙y, in the order of `sumOf`. */
function productOf(x: usize, y: usize, width: i32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; width >= 16; width -= 16) {
    a = multiplyAdd(v128.load(x), v128.load(y), a);
    b = multiplyAdd(v128.load(x, 16), v128.load(y, 16), b);
    c = multiplyAdd(v128.load(x, 32), v128.load(y, 32), c);
    d = multiplyAdd(v128.load(x, 48), v128.load(y, 48), d);
    x += 64;
    y += 64;
  }
  for (; width >= 4; width -= 4) {
    a = multiplyAdd(v128.load(x), v128.load(y), a);
    x += 16;
    y += 16;
  }
  let sum = horizontalSum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  for (; width > 0; width--) {
    sum += load<f32>(x) * load<f32>(y);
    x += 4;
    y += 4;
  }
  return sum;
}

/** y := (x − shift)·factor; y may be x. */
function shiftAndScale(x: usize, shift: f32, factor: f32, y: usize, width: i32): void {
  const shifts = f32x4.splat(shift);
  const factors = f32x4.splat(factor);
  for (; width >= 4; width -= 4) {
    v128.store(y, f32x4.mul(f32x4.sub(v128.load(x), shifts), factors));
    x += 16;
    y += 16;
  }
  for (; width > 0; width--) {
    store<f32>(y, (load<f32>(x) - shift) * factor);
    x += 4;
    y += 4;
  }
}

/** x̂ := the normalised row, which may be x; returns 1/√(var + ε), which the way back wants. */
export function normaliseRow(x: usize, normal: usize, width: i32): f32 {
  shiftAndScale(x, sumOf(x, width) / <f32>width, 1, normal, width);
  const scale: f32 = <f32>1 / sqrt<f32>(productOf(normal, normal, width) / <f32>width + EPSILON);
  shiftAndScale(normal, 0, scale, normal, width);
  return scale;
}

/** y := x̂⊙γ + β, or y += x̂⊙γ; β = 0: none. y may be x̂. */
export function scaleRow(normal: usize, gain: usize, bias: usize, y: usize, width: i32, accumulate: bool): void {
  const shift = accumulate ? y : bias;
  const adds = accumulate || bias != 0;
  let at: usize = 0;
  for (; width >= 4; width -= 4) {
    const v = f32x4.mul(v128.load(normal + at), v128.load(gain + at));
    v128.store(y + at, adds ? f32x4.add(v128.load(shift + at), v) : v);
    at += 16;
  }
  for (; width > 0; width--) {
    const v = load<f32>(normal + at) * load<f32>(gain + at);
    store<f32>(y + at, adds ? load<f32>(shift + at) + v : v);
    at += 4;
  }
}

/** dx := dL/dx given dy = dL/dy, with d = dy⊙γ: (d − mean(d) − x̂·mean(d⊙x̂))·scale. dx may be dy. */
export function normaliseRowBackward(dy: usize, gain: usize, normal: usize, scale: f32, dx: usize, width: i32): void {
  scaleRow(dy, gain, 0, dx, width, false);
  const mean = sumOf(dx, width) / <f32>width;
  const slope = productOf(dx, normal, width) / <f32>width;
  const means = f32x4.splat(mean);
  const slopes = f32x4.splat(slope);
  const scales = f32x4.splat(scale);
  for (; width >= 4; width -= 4) {
    const part = multiplyAdd(v128.load(normal), slopes, means);
    v128.store(dx, f32x4.mul(f32x4.sub(v128.load(dx), part), scales));
    dx += 16;
    normal += 16;
  }
  for (; width > 0; width--) {
    store<f32>(dx, (load<f32>(dx) - (load<f32>(normal) * slope + mean)) * scale);
    dx += 4;
    normal += 4;
  }
}

/** Rows `stride` apart of `width` numbers: x → x̂ (`normal`) and x̂⊙γ + β (y), 1/√(var + ε) to `scales`. y may be x. */
export function normaliseRows(
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  normal: usize,
  scales: usize,
  rows: i32,
  width: i32,
  stride: i32,
): void {
  const bytes = <usize>stride << 2;
  for (; rows > 0; rows--) {
    store<f32>(scales, normaliseRow(x, normal, width));
    scaleRow(normal, gain, bias, y, width, false);
    x += bytes;
    y += bytes;
    normal += bytes;
    scales += 4;
  }
}

/** The way back of `normaliseRows`: dy → dx, which may be the same. */
export function normaliseRowsBackward(
  dy: usize,
  gain: usize,
  normal: usize,
  scales: usize,
  dx: usize,
  rows: i32,
  width: i32,
  stride: i32,
): void {
  const bytes = <usize>stride << 2;
  for (; rows > 0; rows--) {
    normaliseRowBackward(dy, gain, normal, load<f32>(scales), dx, width);
    dy += bytes;
    dx += bytes;
    normal += bytes;
    scales += 4;
  }
}

/** dGain[width] := Σ over rows of dy⊙x̂, row after row. */
export function gainGradient(dy: usize, normal: usize, dGain: usize, rows: i32, width: i32): void {
  memory.fill(dGain, 0, <usize>width << 2);
  for (; rows > 0; rows--) {
    let to = dGain;
    let rest = width;
    while (rest > 0) {
      const full = rest >= 4;
      const v = f32x4.mul(loadLanes(dy, full), loadLanes(normal, full));
      storeLanes(to, f32x4.add(loadLanes(to, full), v), full);
      const step = full ? 4 : 1;
      const bytes = <usize>step << 2;
      dy += bytes;
      normal += bytes;
      to += bytes;
      rest -= step;
    }
  }
}
