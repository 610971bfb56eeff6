/**
 * Matrix–vector product for one sample at a time: y[m] := W·x + bias, or y += W·x.
 *
 * W is row-major [m, k], so every row runs along x and is read once, as it lies: no packing, and an optimizer step
 * needs no repacking. Four rows at a time share each read of x; two accumulators a row hide the latency of the
 * addition. W, x and y do not overlap. |error| ≤ (k/8 + 4)·2⁻²⁴·Σ|w·x|; the order of the sum depends on k alone.
 */
import { horizontalSum, loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { packPanels } from "./pack";

/** The last `count` (0 to 3) products of a row. */
// @ts-ignore: decorator
@inline
function dotTail(row: usize, x: usize, count: i32): f32 {
  let sum: f32 = 0;
  for (; count > 0; count--) {
    sum += load<f32>(row) * load<f32>(x);
    row += 4;
    x += 4;
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function emit(y: usize, sum: f32, accumulate: bool): void {
  store<f32>(y, accumulate ? load<f32>(y) + sum : sum);
}

function dotRow(row: usize, x: usize, k: i32): f32 {
  let even = f32x4.splat(0);
  let odd = even;
  for (; k >= 8; k -= 8) {
    even = multiplyAdd(v128.load(row), v128.load(x), even);
    odd = multiplyAdd(v128.load(row, 16), v128.load(x, 16), odd);
    row += 32;
    x += 32;
  }
  if (k >= 4) {
    even = multiplyAdd(v128.load(row), v128.load(x), even);
    row += 16;
    x += 16;
    k -= 4;
  }
  return horizontalSum(f32x4.add(even, odd)) + dotTail(row, x, k);
}

/** y[m] := W[m, k]·x[k], or y += W·x. */
export function gemv(w: usize, x: usize, y: usize, m: i32, k: i32, accumulate: bool): void {
  const stride = <usize>k << 2;
  const whole = <usize>(k & ~3) << 2;
  for (; m >= 4; m -= 4) {
    let even0 = f32x4.splat(0);
    let even1 = even0;
    let even2 = even0;
    let even3 = even0;
    let odd0 = even0;
    let odd1 = even0;
    let odd2 = even0;
    let odd3 = even0;
    let p0 = w;
    let p1 = p0 + stride;
    let p2 = p1 + stride;
    let p3 = p2 + stride;
    let q = x;
    const end = x + whole;
    // Eight accumulators and one read of x stay in registers; each number of W is read once. The two halves are kept
    // apart by an exit, since V8 would hoist the loads of both to the top and run out of registers.
    while (q < end) {
      {
        const v = v128.load(q);
        even0 = multiplyAdd(v128.load(p0), v, even0);
        even1 = multiplyAdd(v128.load(p1), v, even1);
        even2 = multiplyAdd(v128.load(p2), v, even2);
        even3 = multiplyAdd(v128.load(p3), v, even3);
        p0 += 16;
        p1 += 16;
        p2 += 16;
        p3 += 16;
        q += 16;
      }
      if (q >= end) break;
      {
        const v = v128.load(q);
        odd0 = multiplyAdd(v128.load(p0), v, odd0);
        odd1 = multiplyAdd(v128.load(p1), v, odd1);
        odd2 = multiplyAdd(v128.load(p2), v, odd2);
        odd3 = multiplyAdd(v128.load(p3), v, odd3);
        p0 += 16;
        p1 += 16;
        p2 += 16;
        p3 += 16;
        q += 16;
      }
    }
    const rest = k & 3;
    emit(y, horizontalSum(f32x4.add(even0, odd0)) + dotTail(p0, q, rest), accumulate);
    emit(y + 4, horizontalSum(f32x4.add(even1, odd1)) + dotTail(p1, q, rest), accumulate);
    emit(y + 8, horizontalSum(f32x4.add(even2, odd2)) + dotTail(p2, q, rest), accumulate);
    emit(y + 12, horizontalSum(f32x4.add(even3, odd3)) + dotTail(p3, q, rest), accumulate);
    w += stride << 2;
    y += 16;
  }
  for (; m > 0; m--) {
    emit(y, dotRow(w, x, k), accumulate);
    w += stride;
    y += 4;
  }
}

/** Up to this width W is walked in strips of 16 columns: a row is a few cache lines, so little is fetched twice. */
const NARROW: i32 = 256;

/**
 * y[k] := xᵀ·W, or y += xᵀ·W: the transposed product, for the gradient of one sample. A strip of a narrow W sums its
 * even and its odd rows apart; elsewhere rows are added in their order. |error| ≤ m·2⁻²⁴·Σ|w·x|.
 */
export function gemvTransposed(w: usize, x: usize, y: usize, m: i32, k: i32, accumulate: bool): void {
  const stride = <usize>k << 2;
  if (k <= NARROW) {
    for (; k >= 16; k -= 16) {
      sixteenColumns(w, x, y, m, stride, accumulate);
      w += 64;
      y += 64;
    }
  }
  if (k > 0) addRows(w, x, y, m, k, stride, accumulate);
}

/** A strip of 16 columns: eight accumulators stay in registers; the exit keeps the halves apart (see gemv). */
function sixteenColumns(w: usize, x: usize, y: usize, m: i32, stride: usize, accumulate: bool): void {
  const end = x + (<usize>m << 2);
  let even0 = f32x4.splat(0);
  let even1 = even0;
  let even2 = even0;
  let even3 = even0;
  let odd0 = even0;
  let odd1 = even0;
  let odd2 = even0;
  let odd3 = even0;
  while (x < end) {
    {
      const v = v128.load32_splat(x);
      even0 = multiplyAdd(v128.load(w), v, even0);
      even1 = multiplyAdd(v128.load(w, 16), v, even1);
      even2 = multiplyAdd(v128.load(w, 32), v, even2);
      even3 = multiplyAdd(v128.load(w, 48), v, even3);
      w += stride;
      x += 4;
    }
    if (x >= end) break;
    {
      const v = v128.load32_splat(x);
      odd0 = multiplyAdd(v128.load(w), v, odd0);
      odd1 = multiplyAdd(v128.load(w, 16), v, odd1);
      odd2 = multiplyAdd(v128.load(w, 32), v, odd2);
      odd3 = multiplyAdd(v128.load(w, 48), v, odd3);
      w += stride;
      x += 4;
    }
  }
  emitLanes(y, f32x4.add(even0, odd0), accumulate);
  emitLanes(y + 16, f32x4.add(even1, odd1), accumulate);
  emitLanes(y + 32, f32x4.add(even2, odd2), accumulate);
  emitLanes(y + 48, f32x4.add(even3, odd3), accumulate);
}

// @ts-ignore: decorator
@inline
function emitLanes(y: usize, sum: v128, accumulate: bool): void {
  v128.store(y, accumulate ? f32x4.add(v128.load(y), sum) : sum);
}

/** Columns of any number: four rows of W at a time are scaled and added to y. */
function addRows(w: usize, x: usize, y: usize, m: i32, k: i32, stride: usize, accumulate: bool): void {
  if (!accumulate) memory.fill(y, 0, <usize>k << 2);
  for (; m >= 4; m -= 4) {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    const x2 = v128.load32_splat(x, 8);
    const x3 = v128.load32_splat(x, 12);
    let p0 = w;
    let p1 = p0 + stride;
    let p2 = p1 + stride;
    let p3 = p2 + stride;
    let to = y;
    let rest = k;
    while (rest > 0) {
      const full = rest >= 4;
      let sum = loadLanes(to, full);
      sum = multiplyAdd(loadLanes(p0, full), x0, sum);
      sum = multiplyAdd(loadLanes(p1, full), x1, sum);
      sum = multiplyAdd(loadLanes(p2, full), x2, sum);
      sum = multiplyAdd(loadLanes(p3, full), x3, sum);
      storeLanes(to, sum, full);
      const step = full ? 4 : 1;
      const bytes = <usize>step << 2;
      p0 += bytes;
      p1 += bytes;
      p2 += bytes;
      p3 += bytes;
      to += bytes;
      rest -= step;
    }
    w += stride << 2;
    x += 16;
  }
  for (; m > 0; m--) {
    const x0 = v128.load32_splat(x);
    for (let rest = k, p = w, to = y; rest > 0; ) {
      const full = rest >= 4;
      storeLanes(to, multiplyAdd(loadLanes(p, full), x0, loadLanes(to, full)), full);
      const step = full ? 4 : 1;
      p += <usize>step << 2;
      to += <usize>step << 2;
      rest -= step;
    }
    w += stride;
    x += 4;
  }
}

/** Outputs that one panel of `packRows` computes: four vectors, one cache line. */
const PANEL: i32 = 16;

/** Numbers that `packRows` writes for W[m, k]. */
export function packedRowsSize(m: i32, k: i32): i32 {
  return ((m + PANEL - 1) / PANEL) * PANEL * k;
}

/**
 * Packs W[m, k] for `gemvPacked`: panels of 16 rows, and in a panel for each k the 16 neighbours. A network that reads
 * one sample at a time streams its weights as one run of memory; packing pays when they are used more than a few times.
 */
export function packRows(w: usize, m: i32, k: i32, packed: usize): void {
  packPanels(w, k, 1, m, k, packed, PANEL);
}

/** The first `count` lanes (all four from 4 on) are added to y. */
// @ts-ignore: decorator
@inline
function addLanes(y: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(y, f32x4.add(v128.load(y), v));
  } else {
    if (count > 0) store<f32>(y, load<f32>(y) + f32x4.extract_lane(v, 0));
    if (count > 1) store<f32>(y, load<f32>(y, 4) + f32x4.extract_lane(v, 1), 4);
    if (count > 2) store<f32>(y, load<f32>(y, 8) + f32x4.extract_lane(v, 2), 8);
  }
}

/**
 * y[m] += W·x with W packed by `packRows`. Each output sums over k in two halves, even and odd, which are added last:
 * |error| ≤ (k/2 + 2)·2⁻²⁴·Σ|w·x|.
 */
export function gemvPacked(packed: usize, x: usize, y: usize, m: i32, k: i32): void {
  const end = x + (<usize>k << 2);
  for (; m > 0; m -= PANEL) {
    let even0 = f32x4.splat(0);
    let even1 = even0;
    let even2 = even0;
    let even3 = even0;
    let odd0 = even0;
    let odd1 = even0;
    let odd2 = even0;
    let odd3 = even0;
    let q = x;
    // Eight accumulators and one broadcast of x stay in registers; the exits keep the halves apart (see gemv).
    while (q < end) {
      {
        const v = v128.load32_splat(q);
        even0 = multiplyAdd(v128.load(packed), v, even0);
        even1 = multiplyAdd(v128.load(packed, 16), v, even1);
        even2 = multiplyAdd(v128.load(packed, 32), v, even2);
        even3 = multiplyAdd(v128.load(packed, 48), v, even3);
        packed += 64;
        q += 4;
      }
      if (q >= end) break;
      {
        const v = v128.load32_splat(q);
        odd0 = multiplyAdd(v128.load(packed), v, odd0);
        odd1 = multiplyAdd(v128.load(packed, 16), v, odd1);
        odd2 = multiplyAdd(v128.load(packed, 32), v, odd2);
        odd3 = multiplyAdd(v128.load(packed, 48), v, odd3);
        packed += 64;
        q += 4;
      }
    }
    addLanes(y, f32x4.add(even0, odd0), m);
    addLanes(y + 16, f32x4.add(even1, odd1), m - 4);
    addLanes(y + 32, f32x4.add(even2, odd2), m - 8);
    addLanes(y + 48, f32x4.add(even3, odd3), m - 12);
    y += 64;
  }
}
