/**
 * The product of a stage with weights of eight bits: y += W·x, a quarter of the bytes of float32, sums in exact integers.
 *
 * Up to DEPTH numbers of x at a time: those, and that stretch of each row of W, are rounded to whole multiples of a step
 *
 *     w = s_w·w′, s_w = max|w| / 127, a step a row        x = s_x·x′, s_x = max|x| / 63, a step a stretch
 *
 * and y gets s_w·s_x·Σ w′·x′. Σ is the same integer in both builds. A step that is not finite makes y so too.
 * |error| ≤ k·(s_w·max|x| + s_x·max|w|) / 2 + k·s_w·s_x / 4, added over the stretches, besides the rounding of y.
 *
 * Packed W [m, k], for each stretch of k: panels of 16 rows, each the 16 steps s_w, 16 integers −64·Σw′, and for every
 * four k the 16 rows' four bytes. Rows and k that are not there are zeros.
 *
 * relaxed: x′ + 64 fits the seven bits that `relaxed_dot_i8x16_i7x16` multiplies in the same way on every host; the
 * integers of the panel take the 64 off again.
 * simd: a lane of 16 bits is a pair (w′₁, w′₀ + 128) = 256·w′₁ + (w′₀ + 128), so that its product with x′₁, and that of
 * its lower byte with 256·x′₀ − x′₁, add up to 256·(w′₁x′₁ + (w′₀ + 128)·x′₀): one operation takes the pair apart instead
 * of two. Sums start from what takes the 128 off; they wrap, but |256·Σ| < 2³¹ as DEPTH·127·63 < 2²³.
 */
import { horizontalMax, loadLanes, loadTail, multiplyAdd } from "../base/lanes";

/** Numbers of x that share a step. */
const DEPTH: i32 = 512;
const ROWS: i32 = 16;
/** Bytes before the weights of a panel: steps and corrections. */
const HEAD: usize = 128;
/** Bytes before the numbers of a rounded vector: its step, and what simd sums start from. */
const VECTOR_HEAD: usize = 16;
/** Bytes for four numbers of a rounded vector: four of seven bits, or four of sixteen. */
const GROUP: usize = ASC_FEATURE_RELAXED_SIMD ? 4 : 8;

const CONSTANTS: usize = memory.data<f32>([
  63.0, // 0: the largest x′
  -63.0, // 1
  127.0, // 2: the largest w′
]);
const ONES: usize = memory.data<i32>([0x00010001]);
const LOWER: usize = memory.data<i32>([0x00ff00ff]);

/** Groups of four that k numbers fill. */
// @ts-ignore: decorator
@inline
function groups(k: i32): i32 {
  return (k + 3) >> 2;
}

/** Bytes of a stretch of depth k ≤ DEPTH of a weight with m rows. */
// @ts-ignore: decorator
@inline
function stretchBytes(m: i32, k: i32): usize {
  return <usize>((m + ROWS - 1) / ROWS) * (HEAD + (<usize>groups(k) << 6));
}

/** Four-byte numbers that `packRowsInt8` writes for W[m, k]. */
export function packedRowsInt8Size(m: i32, k: i32): i32 {
  let bytes: usize = 0;
  for (; k > 0; k -= DEPTH) bytes += stretchBytes(m, min(k, DEPTH));
  return <i32>(bytes >> 2);
}

/** Four-byte numbers of workspace for `multiplyInt8` with a vector of any length. */
export function int8WorkspaceSize(): i32 {
  return <i32>((VECTOR_HEAD + <usize>(DEPTH >> 2) * GROUP) >> 2);
}

/** max |x[i]| of count numbers; NaN if any is. */
function largestMagnitude(x: usize, count: i32): f32 {
  let largest = f32x4.splat(0);
  while (count > 0) {
    const full = count >= 4;
    largest = f32x4.max(largest, f32x4.abs(loadLanes(x, full)));
    x += full ? 16 : 4;
    count -= full ? 4 : 1;
  }
  return horizontalMax(largest);
}

/** One row of a panel: `to` is its first four bytes. Returns its Σw′. */
function packRow(w: usize, k: i32, inverse: f32, to: usize): i32 {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    const rounded = <i32>nearest(load<f32>(w + (<usize>i << 2)) * inverse);
    sum += rounded;
    const even = (i & 1) == 0;
    const byte = !ASC_FEATURE_RELAXED_SIMD && even ? rounded + 128 : rounded;
    store<u8>(to + (<usize>(i >> 2) << 6) + <usize>(i & 3), <u8>byte);
  }
  return sum;
}

/** Packs W[m, k] for `multiplyInt8`. Assigns. */
export function packRowsInt8(w: usize, m: i32, k: i32, packed: usize): void {
  const row = <usize>k << 2;
  for (let rest = k; rest > 0; rest -= DEPTH) {
    const depth = min(rest, DEPTH);
    memory.fill(packed, 0, stretchBytes(m, depth));
    for (let r = 0; r < m; r++) {
      const panel = packed + <usize>(r / ROWS) * (HEAD + (<usize>groups(depth) << 6));
      const from = w + <usize>r * row;
      const at = <usize>(r % ROWS) << 2;
      const largest = largestMagnitude(from, depth);
      const sum = packRow(from, depth, largest > 0 ? 127 / largest : 0, panel + HEAD + at);
      store<f32>(panel + at, largest / 127);
      store<i32>(panel + at, -64 * sum, 64);
    }
    packed += stretchBytes(m, depth);
    w += <usize>depth << 2;
  }
}

/** Four numbers of x, or as many as there are, as whole multiples of a step. */
// @ts-ignore: decorator
@inline
function rounded4(x: usize, count: i32, inverse: v128): v128 {
  let v = count >= 4 ? v128.load(x) : loadTail(x, count);
  v = f32x4.nearest(f32x4.mul(v, inverse));
  v = f32x4.pmax(f32x4.pmin(v, v128.load32_splat(CONSTANTS)), v128.load32_splat(CONSTANTS + 4));
  return i32x4.trunc_sat_f32x4_s(v);
}

/** Rounds x[count], count ≤ DEPTH, into `to`: its step, what simd sums start from, and the numbers in groups of four. */
function roundVector(x: usize, count: i32, to: usize): void {
  const largest = largestMagnitude(x, count);
  const inverse = f32x4.splat(largest > 0 ? 63 / largest : 0);
  let at = to + VECTOR_HEAD;
  let evens = i32x4.splat(0);
  for (; count > 0; count -= 4) {
    const v = rounded4(x, count, inverse);
    if (ASC_FEATURE_RELAXED_SIMD) {
      const bytes = i32x4.add(v, i32x4.splat(64));
      const narrow = i16x8.narrow_i32x4_s(bytes, bytes);
      v128.store32_lane(at, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    } else {
      evens = i32x4.add(evens, v);
      const odd = v128.shuffle<i32>(v, v, 1, 3, 1, 3);
      const even = v128.shuffle<i32>(v, v, 0, 2, 0, 2);
      const low = i32x4.sub(i32x4.shl(even, 8), odd);
      const pairs = v128.shuffle<i32>(odd, low, 0, 1, 4, 5);
      v128.store64_lane(at, i16x8.narrow_i32x4_s(pairs, pairs), 0);
    }
    x += 16;
    at += GROUP;
  }
  store<f32>(to, largest / 63);
  store<i32>(to, -32768 * (i32x4.extract_lane(evens, 0) + i32x4.extract_lane(evens, 2)), 4);
}

/** y += s_w·s_x·Σ for the first `count` lanes (all four from 4 on). */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, sum: v128, steps: usize, step: v128, count: i32): void {
  const scale = f32x4.mul(v128.load(steps), step);
  const v = f32x4.convert_i32x4_s(sum);
  if (count >= 4) {
    v128.store(y, multiplyAdd(v, scale, v128.load(y)));
    return;
  }
  const added = f32x4.mul(v, scale);
  if (count > 0) store<f32>(y, load<f32>(y) + f32x4.extract_lane(added, 0));
  if (count > 1) store<f32>(y, load<f32>(y, 4) + f32x4.extract_lane(added, 1), 4);
  if (count > 2) store<f32>(y, load<f32>(y, 8) + f32x4.extract_lane(added, 2), 8);
}

/** One group of four rows: sum + Σ of the four products of each lane. */
// @ts-ignore: decorator
@inline
function dot(sum: v128, w: v128, first: v128, second: v128, constant: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, first), constant));
  }
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w, first));
  return i32x4.add(sum, i32x4.dot_i16x8_s(v128.and(w, constant), second));
}

/** Σ as it is: the simd sums are 256 times as large, exactly. */
// @ts-ignore: decorator
@inline
function whole(sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? sum : i32x4.shr_s(sum, 8);
}

/** y[m] += one stretch of W times the rounded vector. Four sums stay in registers. */
function stretchProduct(packed: usize, vector: usize, y: usize, m: i32, k: i32): void {
  const constant = v128.load32_splat(ASC_FEATURE_RELAXED_SIMD ? ONES : LOWER);
  const step = v128.load32_splat(vector);
  const start = v128.load32_splat(vector, 4);
  const bytes = <usize>groups(k) << 6;
  for (; m > 0; m -= ROWS) {
    const head = packed;
    let sum0 = ASC_FEATURE_RELAXED_SIMD ? v128.load(head, 64) : start;
    let sum1 = ASC_FEATURE_RELAXED_SIMD ? v128.load(head, 80) : start;
    let sum2 = ASC_FEATURE_RELAXED_SIMD ? v128.load(head, 96) : start;
    let sum3 = ASC_FEATURE_RELAXED_SIMD ? v128.load(head, 112) : start;
    packed += HEAD;
    const end = packed + bytes;
    for (let q = vector + VECTOR_HEAD; packed < end; q += GROUP) {
      const first = v128.load32_splat(q);
      const second = ASC_FEATURE_RELAXED_SIMD ? first : v128.load32_splat(q, 4);
      sum0 = dot(sum0, v128.load(packed), first, second, constant);
      sum1 = dot(sum1, v128.load(packed, 16), first, second, constant);
      sum2 = dot(sum2, v128.load(packed, 32), first, second, constant);
      sum3 = dot(sum3, v128.load(packed, 48), first, second, constant);
      packed += 64;
    }
    addScaled(y, whole(sum0), head, step, m);
    addScaled(y + 16, whole(sum1), head + 16, step, m - 4);
    addScaled(y + 32, whole(sum2), head + 32, step, m - 8);
    addScaled(y + 48, whole(sum3), head + 48, step, m - 12);
    y += 64;
  }
}

/** y[m] += W·x, W[m, k] packed by `packRowsInt8`. `workspace`: `int8WorkspaceSize()` numbers. No buffer overlaps another. */
export function multiplyInt8(packed: usize, x: usize, y: usize, m: i32, k: i32, workspace: usize): void {
  for (; k > 0; k -= DEPTH) {
    const depth = min(k, DEPTH);
    roundVector(x, depth, workspace);
    stretchProduct(packed, workspace, y, m, depth);
    packed += stretchBytes(m, depth);
    x += <usize>depth << 2;
  }
}
