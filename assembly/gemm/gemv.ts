/**
 * Products with one vector, for one sample at a time. Each output is summed as `gemm` sums it, over k in order and in
 * blocks of 256, whichever of these kernels computes it and wherever the weight lies: one sample alone gives the same
 * bits as the same sample in a batch. |error| ≤ (k + k/256)·2⁻²⁴·Σ|w·x|.
 *
 * No operand overlaps another.
 */
import { multiplyAdd } from "../base/lanes";
import { BLOCK_DEPTH, packPanels } from "./pack";
import { emit, rowMicro16, rowMicro4x8, rowMicroLanes } from "./row";

/** Outputs that one panel of `packRows` computes: four vectors, one cache line. */
const PANEL: i32 = 16;

/** Numbers that `packRows` writes for W[m, k]. */
export function packedRowsSize(m: i32, k: i32): i32 {
  return ((m + PANEL - 1) / PANEL) * PANEL * k;
}

/**
 * Packs W[m, k] for `gemvPacked`: panels of 16 rows, and in a panel for each k the 16 neighbours. A network that reads
 * one sample at a time streams its weights as runs of memory; packing pays when they are used more than a few times.
 */
export function packRows(w: usize, m: i32, k: i32, packed: usize): void {
  packPanels(w, k, 1, m, k, packed, PANEL);
}

/**
 * y[m] += W·x with W packed by `packRows`. Two panels at a time, one from the first half and one from the second: two
 * runs of memory from end to end, of which a core takes more from beyond its second cache than of one, or of many short
 * ones.
 */
export function gemvPacked(packed: usize, x: usize, y: usize, m: i32, k: i32): void {
  const panel = <usize>k << 6;
  const pairs = m >> 5;
  const half = panel * pairs;
  const halfY = <usize>pairs << 6;
  for (let pair = 0; pair < pairs; pair++) {
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
      const p = packed + (<usize>kk << 6);
      const q = p + half;
      rowMicro4x8(x + (<usize>kk << 2), 4, p, p + 32, q, q + 32, 64, y, y + halfY, min(BLOCK_DEPTH, k - kk), true);
    }
    packed += panel;
    y += 64;
  }
  packed += half;
  y += halfY;
  for (let rest = m & 31; rest > 0; rest -= PANEL) {
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
      const p = packed + (<usize>kk << 6);
      rowMicro16(x + (<usize>kk << 2), p, 64, y, min(PANEL, rest), min(BLOCK_DEPTH, k - kk), true);
    }
    packed += panel;
    y += 64;
  }
}

/**
 * y[k] := xᵀ·W, or y += xᵀ·W, W [m, k]: the transposed product, for the gradient of one sample. Each output sums over
 * the rows of W, which are read as they lie, 32 columns at a time.
 */
export function gemvTransposed(w: usize, x: usize, y: usize, m: i32, k: i32, accumulate: bool): void {
  const step = <usize>k << 2;
  if (m == 0 && !accumulate) memory.fill(y, 0, step);
  for (let mm = 0; mm < m; mm += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, m - mm);
    let p = w;
    let to = y;
    let rest = k;
    for (; rest >= 32; rest -= 32) {
      rowMicro4x8(x, 4, p, p + 32, p + 64, p + 96, step, to, to + 64, depth, accumulate);
      p += 128;
      to += 128;
    }
    if (rest >= 16) {
      rowMicro16(x, p, step, to, 16, depth, accumulate);
      p += 64;
      to += 64;
      rest -= 16;
    }
    while (rest > 0) {
      const full = rest >= 4;
      rowMicroLanes(x, p, step, to, full, depth, accumulate);
      const lanes = full ? 4 : 1;
      p += <usize>lanes << 2;
      to += <usize>lanes << 2;
      rest -= lanes;
    }
    w += step * depth;
    x += <usize>depth << 2;
    accumulate = true;
  }
}

/** sum[4 rows] += Σ over four k of W[row][k]·x[k]: the four rows at `p` are transposed in registers. */
// @ts-ignore: decorator
@inline
function fourByFour(p: usize, stride: usize, x: usize, sum: v128): v128 {
  const r0 = v128.load(p);
  const r1 = v128.load(p + stride);
  const r2 = v128.load(p + 2 * stride);
  const r3 = v128.load(p + 3 * stride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  sum = multiplyAdd(v128.load32_splat(x), v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), sum);
  sum = multiplyAdd(v128.load32_splat(x, 4), v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), sum);
  sum = multiplyAdd(v128.load32_splat(x, 8), v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), sum);
  return multiplyAdd(v128.load32_splat(x, 12), v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), sum);
}

/** The same for the last 1 to 3 numbers of the rows, and any `stride`. */
// @ts-ignore: decorator
@inline
function fourTails(p: usize, stride: usize, x: usize, count: i32, sum: v128): v128 {
  for (; count > 0; count--) {
    let v = v128.load32_zero(p);
    v = v128.load_lane<f32>(p + stride, v, 1);
    v = v128.load_lane<f32>(p + 2 * stride, v, 2);
    v = v128.load_lane<f32>(p + 3 * stride, v, 3);
    sum = multiplyAdd(v128.load32_splat(x), v, sum);
    p += 4;
    x += 4;
  }
  return sum;
}

/** y[16] (+)= 16 rows of W, `stride` bytes apart, times x[depth]. */
function rows16(w: usize, stride: usize, x: usize, y: usize, depth: i32, accumulate: bool): void {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  const four = stride << 2;
  const back = (stride << 3) + four - 16;
  let p = w;
  // The exits are never taken: they keep V8 from hoisting all sixteen rows to the top (see row.ts).
  for (const end = x + (<usize>(depth & ~3) << 2); x < end; x += 16) {
    sum0 = fourByFour(p, stride, x, sum0);
    p += four;
    if (p == 0) break;
    sum1 = fourByFour(p, stride, x, sum1);
    p += four;
    if (p == 0) break;
    sum2 = fourByFour(p, stride, x, sum2);
    p += four;
    if (p == 0) break;
    sum3 = fourByFour(p, stride, x, sum3);
    p -= back;
  }
  const rest = depth & 3;
  emit(y, fourTails(p, stride, x, rest, sum0), 4, accumulate);
  emit(y + 16, fourTails(p + four, stride, x, rest, sum1), 4, accumulate);
  emit(y + 32, fourTails(p + 2 * four, stride, x, rest, sum2), 4, accumulate);
  emit(y + 48, fourTails(p + 3 * four, stride, x, rest, sum3), 4, accumulate);
}

/** y[4] (+)= four rows of W times x, or `count` < 4 times the same row: then one row, and one number of y. */
function rows4(w: usize, stride: usize, x: usize, y: usize, count: i32, depth: i32, accumulate: bool): void {
  if (count < 4) stride = 0;
  let sum = f32x4.splat(0);
  for (const end = x + (<usize>(depth & ~3) << 2); x < end; x += 16) {
    sum = fourByFour(w, stride, x, sum);
    w += 16;
  }
  emit(y, fourTails(w, stride, x, depth & 3, sum), count < 4 ? 1 : 4, accumulate);
}

/** y[m] := W[m, k]·x[k], or y += W·x: reads W once, as it lies, four rows turned in registers at a time. */
export function gemv(w: usize, x: usize, y: usize, m: i32, k: i32, accumulate: bool): void {
  const stride = <usize>k << 2;
  if (k == 0 && !accumulate) memory.fill(y, 0, <usize>m << 2);
  while (m > 0) {
    const rows = m >= 16 ? 16 : m >= 4 ? 4 : 1;
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
      const depth = min(BLOCK_DEPTH, k - kk);
      const p = w + (<usize>kk << 2);
      const q = x + (<usize>kk << 2);
      if (rows == 16) rows16(p, stride, q, y, depth, accumulate || kk > 0);
      else rows4(p, stride, q, y, rows, depth, accumulate || kk > 0);
    }
    w += stride * rows;
    y += <usize>rows << 2;
    m -= rows;
  }
}
