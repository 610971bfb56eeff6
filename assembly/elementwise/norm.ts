/**
 * Rows of [rows, columns], contiguous, columns ≥ 1, brought to a common scale, and the gradients.
 *   x̂ = (x − μ)·r,  r = 1/√(v + ε),  y = x̂ ⊙ gain + bias
 * The mode says what μ and v are: of the row itself (CENTRED: mean and variance; ROOT: 0 and the mean square), or what
 * `means` and `variances` hold already (GIVEN). gain and bias are [columns], or address 0 for 1 and 0.
 * Sums over a row run in float64; sums over rows in float32, 128 rows a block. Both orders depend on the shape alone.
 */

import { loadLanes, storeLanes } from "../base/lanes";
import { addWide, wideSum } from "../base/rows";
import { accumulate } from "./binary";

const ROOT: i32 = 0;
const CENTRED: i32 = 1;
const GIVEN: i32 = 2;
const BLOCK: i32 = 128;

/** Σ x[i]. */
function rowSum(x: usize, count: i32): f64 {
  let total = f64x2.splat(0);
  for (; count >= 4; count -= 4) {
    total = addWide(total, v128.load(x));
    x += 16;
  }
  let sum = wideSum(total);
  for (; count > 0; count--) {
    sum += <f64>load<f32>(x);
    x += 4;
  }
  return sum;
}

/** Σ (x[i] − shift)²: differences and squares in float64. */
function rowSquares(x: usize, count: i32, shift: f64): f64 {
  const shifts = f64x2.splat(shift);
  let low = f64x2.splat(0);
  let high = low;
  for (; count >= 4; count -= 4) {
    const v = v128.load(x);
    const a = f64x2.sub(f64x2.promote_low_f32x4(v), shifts);
    const b = f64x2.sub(f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1)), shifts);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
    x += 16;
  }
  let sum = wideSum(f64x2.add(low, high));
  for (; count > 0; count--) {
    const a = <f64>load<f32>(x) - shift;
    sum += a * a;
    x += 4;
  }
  return sum;
}

/** r, rounded once. */
// @ts-ignore: decorator
@inline
function inverseDeviation(variance: f32, epsilon: f64): f32 {
  return <f32>(1 / Math.sqrt(<f64>variance + epsilon));
}

/**
 * y := x̂ ⊙ gain + bias by rows. means[rows] and variances[rows] := μ and v, or are read when the mode is GIVEN.
 * y may be x. Error ≤ 4 units of 2⁻²⁴ of |x̂·gain| + |bias|, and what rounding μ to float32 costs: 2⁻²⁴·|μ|·r.
 */
export function normForward(
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  means: usize,
  variances: usize,
  rows: i32,
  columns: i32,
  mode: i32,
  epsilon: f64,
): void {
  for (; rows > 0; rows--) {
    if (mode != GIVEN) {
      const mean = mode == CENTRED ? rowSum(x, columns) / <f64>columns : 0;
      store<f32>(means, <f32>mean);
      store<f32>(variances, <f32>(rowSquares(x, columns, mean) / <f64>columns));
    }
    const shift = f32x4.splat(load<f32>(means));
    const scale = f32x4.splat(inverseDeviation(load<f32>(variances), epsilon));
    let at: usize = 0;
    for (let left = columns; left > 0; ) {
      const four = left >= 4;
      let v = f32x4.mul(f32x4.sub(loadLanes(x, four), shift), scale);
      if (gain) v = f32x4.mul(v, loadLanes(gain + at, four));
      if (bias) v = f32x4.add(v, loadLanes(bias + at, four));
      storeLanes(y, v, four);
      const bytes: usize = four ? 16 : 4;
      x += bytes;
      y += bytes;
      at += bytes;
      left -= <i32>(bytes >> 2);
    }
    means += 4;
    variances += 4;
  }
}

/** Numbers of workspace that normBackward needs. */
export function normWorkspaceSize(columns: i32): i32 {
  return 2 * columns;
}

/** dx of one row: r·(g − mean g − x̂·mean(g ⊙ x̂)), g = dy ⊙ gain, as far as μ and v depend on x. */
function rowGradient(
  x: usize,
  gain: usize,
  dy: usize,
  dx: usize,
  columns: i32,
  mode: i32,
  mean: f32,
  inverse: f32,
): void {
  const shift = f32x4.splat(mean);
  const scale = f32x4.splat(inverse);
  const bytes = <usize>columns << 2;
  let meanG: f32 = 0;
  let meanGX: f32 = 0;
  if (mode != GIVEN) {
    let sumG = f64x2.splat(0);
    let sumGX = sumG;
    for (let at: usize = 0; at < bytes; ) {
      const four = at + 16 <= bytes;
      let g = loadLanes(dy + at, four);
      if (gain) g = f32x4.mul(g, loadLanes(gain + at, four));
      // Lanes beyond a tail hold g = 0.
      const normal = f32x4.mul(f32x4.sub(loadLanes(x + at, four), shift), scale);
      sumG = addWide(sumG, g);
      sumGX = addWide(sumGX, f32x4.mul(g, normal));
      at += four ? 16 : 4;
    }
    if (mode == CENTRED) meanG = <f32>(wideSum(sumG) / <f64>columns);
    meanGX = <f32>(wideSum(sumGX) / <f64>columns);
  }
  const centre = f32x4.splat(meanG);
  const slope = f32x4.splat(meanGX);
  for (let at: usize = 0; at < bytes; ) {
    const four = at + 16 <= bytes;
    let g = loadLanes(dy + at, four);
    if (gain) g = f32x4.mul(g, loadLanes(gain + at, four));
    const normal = f32x4.mul(f32x4.sub(loadLanes(x + at, four), shift), scale);
    const centred = f32x4.sub(f32x4.sub(g, centre), f32x4.mul(normal, slope));
    storeLanes(dx + at, f32x4.mul(centred, scale), four);
    at += four ? 16 : 4;
  }
}

/** sumGain += dy ⊙ x̂ and sumBias += dy of one row. */
function rowParameters(x: usize, dy: usize, sumGain: usize, sumBias: usize, columns: i32, mean: f32, inverse: f32): void {
  const shift = f32x4.splat(mean);
  const scale = f32x4.splat(inverse);
  const bytes = <usize>columns << 2;
  for (let at: usize = 0; at < bytes; ) {
    const four = at + 16 <= bytes;
    const d = loadLanes(dy + at, four);
    const normal = f32x4.mul(f32x4.sub(loadLanes(x + at, four), shift), scale);
    storeLanes(sumGain + at, f32x4.add(loadLanes(sumGain + at, four), f32x4.mul(d, normal)), four);
    storeLanes(sumBias + at, f32x4.add(loadLanes(sumBias + at, four), d), four);
    at += four ? 16 : 4;
  }
}

/**
 * The gradients, from x, gain, dy, and the means and variances that normForward left: dx := …, and
 * dGain := Σ dy ⊙ x̂, dBias := Σ dy over the rows. dx may be 0, and dGain and dBias together may be 0 where they are
 * not wanted. dx may be dy only when dGain and dBias are 0. workspace: normWorkspaceSize numbers, unless dGain is 0.
 */
export function normBackward(
  x: usize,
  gain: usize,
  dy: usize,
  means: usize,
  variances: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  rows: i32,
  columns: i32,
  mode: i32,
  epsilon: f64,
  workspace: usize,
): void {
  const bytes = <usize>columns << 2;
  const sumBias = workspace + bytes;
  if (dGain) {
    memory.fill(workspace, 0, 2 * bytes);
    memory.fill(dGain, 0, bytes);
    memory.fill(dBias, 0, bytes);
  }
  for (let row = 0; row < rows; row++) {
    const mean = load<f32>(means);
    const inverse = inverseDeviation(load<f32>(variances), epsilon);
    if (dGain) {
      rowParameters(x, dy, workspace, sumBias, columns, mean, inverse);
      if ((row + 1) % BLOCK == 0 || row == rows - 1) {
        accumulate(workspace, dGain, columns);
        accumulate(sumBias, dBias, columns);
        memory.fill(workspace, 0, 2 * bytes);
      }
    }
    if (dx) {
      rowGradient(x, gain, dy, dx, columns, mode, mean, inverse);
      dx += bytes;
    }
    x += bytes;
    dy += bytes;
    means += 4;
    variances += 4;
  }
}
