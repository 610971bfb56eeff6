import { horizontalSum, loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { sumOfSquares } from "../elementwise/reduce";
import { Block, nextBlock } from "./block";

/**
 * One step of Adafactor (Shazeer & Stern 2018, algorithms 4 and 5) over `count` blocks. A block with rows is a matrix
 * [rows, columns] whose second moment is kept as its means r [rows] over columns (the first state) and c [columns] over rows
 * (the second); another one keeps all of it, v [count] (the first state):
 *   s = g² + ε₁
 *   r_i := βr_i + (1 − β)·mean_j s_ij     c_j := βc_j + (1 − β)·mean_i s_ij     v_ij = r_i·c_j / mean r
 *   v := βv + (1 − β)s, where all of it is kept
 *   u = g/√v      α = rate·max(ε₂, RMS(p)), or rate itself when ε₂ < 0
 *   p := p·(1 − decay) − α·u / max(1, RMS(u)/threshold)
 * p and the states are updated in place, g is only read; no arrays overlap. Means over rows are sums of float32 numbers in
 * order, relative error ≤ (rows + 4)·2⁻²⁴; all others go four at a time into float64 a row.
 */
export function adafactorStep(
  blocks: usize,
  count: i32,
  rate: f64,
  beta: f64,
  epsilon: f64,
  scaleFloor: f64,
  threshold: f64,
  decay: f64,
): void {
  const keep = <f32>beta;
  const take = 1 - beta;
  const shrink = f32x4.splat(<f32>(1 - decay));
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const n = block.count;
    const rows = block.rows;
    const r = block.firstState;
    const c = block.secondState;
    const columns = rows > 0 ? n / rows : n;
    let alpha = rate;
    if (scaleFloor >= 0) alpha *= max(scaleFloor, sqrt(<f64>sumOfSquares(p, n) / <f64>n));
    const rowBytes = <usize>columns << 2;
    let squares: f64 = 0;
    let mean: f64 = 0;
    if (rows > 0) {
      mean = factor(g, r, c, rows, columns, keep, take, <f32>epsilon);
      for (let i = 0; i < rows; i++) {
        const root = <f32>sqrt(mean / <f64>load<f32>(r + ((<usize>i) << 2)));
        squares += sumOfUpdates(g + <usize>i * rowBytes, c, columns, root);
      }
    } else {
      squares = wholeSecondMoment(g, r, n, keep, <f32>take, <f32>epsilon);
    }
    const step = -alpha / max(1, sqrt(squares / <f64>n) / threshold);
    for (let i = 0; i < max(rows, 1); i++) {
      const root = rows > 0 ? sqrt(mean / <f64>load<f32>(r + ((<usize>i) << 2))) : 1;
      const at = <usize>i * rowBytes;
      move(p + at, g + at, rows > 0 ? c : r, columns, shrink, f32x4.splat(<f32>(step * root)));
    }
    blocks = nextBlock(blocks);
  }
}

/** Updates r and c by g [rows, columns]; the mean of r. */
function factor(g: usize, r: usize, c: usize, rows: i32, columns: i32, keep: f32, take: f64, epsilon: f32): f64 {
  const small = f32x4.splat(epsilon);
  const share = f32x4.splat(<f32>(take / <f64>rows));
  const end = <usize>columns << 2;
  let total: f64 = 0;
  for (let row = 0; row < rows; row++) {
    // The first row lets the old means decay, all others only add.
    const decay = f32x4.splat(row == 0 ? keep : 1);
    let sum: f64 = 0;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const gradient = loadLanes(g + i, four);
      const square = multiplyAdd(gradient, gradient, small);
      sum += <f64>(four ? horizontalSum(square) : f32x4.extract_lane(square, 0));
      storeLanes(c + i, multiplyAdd(square, share, f32x4.mul(loadLanes(c + i, four), decay)), four);
      i += four ? 16 : 4;
    }
    const mean = <f32>(<f64>keep * <f64>load<f32>(r) + take * (sum / <f64>columns));
    store<f32>(r, mean);
    total += <f64>mean;
    r += 4;
    g += end;
  }
  return total / <f64>rows;
}

/** v := keep·v + take·(g² + ε) over n numbers; Σ g²/v. */
function wholeSecondMoment(g: usize, v: usize, n: i32, keep: f32, take: f32, epsilon: f32): f64 {
  const kept = f32x4.splat(keep);
  const taken = f32x4.splat(take);
  const small = f32x4.splat(epsilon);
  const end = <usize>n << 2;
  for (let i: usize = 0; i < end; ) {
    const four = i + 16 <= end;
    const gradient = loadLanes(g + i, four);
    const square = multiplyAdd(gradient, gradient, small);
    storeLanes(v + i, multiplyAdd(loadLanes(v + i, four), kept, f32x4.mul(square, taken)), four);
    i += four ? 16 : 4;
  }
  return sumOfUpdates(g, v, n, 1);
}

/** Σ (scale·g/√v)² over n numbers. */
function sumOfUpdates(g: usize, v: usize, n: i32, scale: f32): f64 {
  const end = <usize>n << 2;
  let sum: f64 = 0;
  for (let i: usize = 0; i < end; ) {
    const four = i + 16 <= end;
    const update = f32x4.div(loadLanes(g + i, four), f32x4.sqrt(loadLanes(v + i, four)));
    const square = f32x4.mul(update, update);
    sum += <f64>(four ? horizontalSum(square) : f32x4.extract_lane(square, 0));
    i += four ? 16 : 4;
  }
  return sum * <f64>scale * <f64>scale;
}

/** p := p·shrink + step·g/√v over n numbers. */
function move(p: usize, g: usize, v: usize, n: i32, shrink: v128, step: v128): void {
  const end = <usize>n << 2;
  for (let i: usize = 0; i < end; ) {
    const four = i + 16 <= end;
    const update = f32x4.div(loadLanes(g + i, four), f32x4.sqrt(loadLanes(v + i, four)));
    storeLanes(p + i, multiplyAdd(update, step, f32x4.mul(loadLanes(p + i, four), shrink)), four);
    i += four ? 16 : 4;
  }
}
