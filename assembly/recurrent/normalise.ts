/**
 * Layer normalisation of rows, inside a recurrent pass and around it:
 *
 *     x̂ = (x − mean(x)) / √(var(x) + 1e-5)     y = x̂⊙γ + β
 *
 * Mean and variance are sums in one order: four lanes, then the lanes, then the tail. |error| ≤ (width + 4)·2⁻²⁴ of the
 * sums of magnitudes. Source: Ba, Kiros & Hinton 2016, "Layer Normalization".
 */
import { horizontalSum, loadLanes, storeLanes } from "../base/lanes";

const EPSILON: f32 = 1e-5;

/** x̂ := the normalised row, which may be x; returns 1/√(var + ε), which the way back wants. */
export function normaliseRow(x: usize, normal: usize, width: i32): f32 {
  let sums = f32x4.splat(0);
  let at = x;
  let rest = width;
  for (; rest >= 4; rest -= 4) {
    sums = f32x4.add(sums, v128.load(at));
    at += 16;
  }
  let sum = horizontalSum(sums);
  for (; rest > 0; rest--) {
    sum += load<f32>(at);
    at += 4;
  }
  const mean = sum / <f32>width;
  const means = f32x4.splat(mean);
  sums = f32x4.splat(0);
  at = x;
  for (rest = width; rest >= 4; rest -= 4) {
    const d = f32x4.sub(v128.load(at), means);
    sums = f32x4.add(sums, f32x4.mul(d, d));
    at += 16;
  }
  sum = horizontalSum(sums);
  for (; rest > 0; rest--) {
    const d = load<f32>(at) - mean;
    sum += d * d;
    at += 4;
  }
  const scale: f32 = <f32>1 / sqrt<f32>(sum / <f32>width + EPSILON);
  const scales = f32x4.splat(scale);
  rest = width;
  while (rest > 0) {
    const full = rest >= 4;
    storeLanes(normal, f32x4.mul(f32x4.sub(loadLanes(x, full), means), scales), full);
    const step = full ? 4 : 1;
    x += <usize>step << 2;
    normal += <usize>step << 2;
    rest -= step;
  }
  return scale;
}

/** y := x̂⊙γ + β, or y += x̂⊙γ; β = 0: none. y may be x̂. */
export function scaleRow(normal: usize, gain: usize, bias: usize, y: usize, width: i32, accumulate: bool): void {
  while (width > 0) {
    const full = width >= 4;
    let v = f32x4.mul(loadLanes(normal, full), loadLanes(gain, full));
    if (bias) v = f32x4.add(v, loadLanes(bias, full));
    if (accumulate) v = f32x4.add(loadLanes(y, full), v);
    storeLanes(y, v, full);
    const bytes: usize = full ? 16 : 4;
    normal += bytes;
    gain += bytes;
    if (bias) bias += bytes;
    y += bytes;
    width -= <i32>(bytes >> 2);
  }
}

/** dx := dL/dx given dy = dL/dy, with d = dy⊙γ: (d − mean(d) − x̂·mean(d⊙x̂))·scale. dx may be dy. */
export function normaliseRowBackward(dy: usize, gain: usize, normal: usize, scale: f32, dx: usize, width: i32): void {
  let sums = f32x4.splat(0);
  let products = sums;
  let at: usize = 0;
  let rest = width;
  for (; rest >= 4; rest -= 4) {
    const d = f32x4.mul(v128.load(dy + at), v128.load(gain + at));
    sums = f32x4.add(sums, d);
    products = f32x4.add(products, f32x4.mul(d, v128.load(normal + at)));
    at += 16;
  }
  let sum = horizontalSum(sums);
  let product = horizontalSum(products);
  for (; rest > 0; rest--) {
    const d = load<f32>(dy + at) * load<f32>(gain + at);
    sum += d;
    product += d * load<f32>(normal + at);
    at += 4;
  }
  const mean = f32x4.splat(sum / <f32>width);
  const slope = f32x4.splat(product / <f32>width);
  const scales = f32x4.splat(scale);
  at = 0;
  rest = width;
  while (rest > 0) {
    const full = rest >= 4;
    const d = f32x4.mul(loadLanes(dy + at, full), loadLanes(gain + at, full));
    const part = f32x4.add(mean, f32x4.mul(loadLanes(normal + at, full), slope));
    storeLanes(dx + at, f32x4.mul(f32x4.sub(d, part), scales), full);
    const step = full ? 4 : 1;
    at += <usize>step << 2;
    rest -= step;
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
