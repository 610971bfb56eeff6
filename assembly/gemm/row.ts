/**
 * The micro-kernels of a single row: 32 sums at a time, eight registers of them, each over k in order, one accumulator a
 * number, as in micro.ts. depth ≥ 1. y overlaps no operand. |error| ≤ depth·2⁻²⁴·Σ|a·b|.
 */
import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";

/** y := sum, or += ; the first `count` lanes (all four from 4 on). */
// @ts-ignore: decorator
@inline
export function emit(y: usize, sum: v128, count: i32, accumulate: bool): void {
  if (count >= 4) {
    v128.store(y, accumulate ? f32x4.add(v128.load(y), sum) : sum);
  } else {
    if (count > 0) store<f32>(y, f32x4.extract_lane(sum, 0) + (accumulate ? load<f32>(y) : 0));
    if (count > 1) store<f32>(y, f32x4.extract_lane(sum, 1) + (accumulate ? load<f32>(y, 4) : 0), 4);
    if (count > 2) store<f32>(y, f32x4.extract_lane(sum, 2) + (accumulate ? load<f32>(y, 8) : 0), 8);
  }
}

/**
 * y[16] (+)= Σ_k x[k]·(p0[k][8], p1[k][8]) and z[16] (+)= Σ_k x[k]·(p2[k][8], p3[k][8]); from one k to the next x lies
 * `xStep` bytes apart and each of the four `step`. depth ≥ 1.
 */
export function rowMicro4x8(
  x: usize,
  xStep: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  step: usize,
  y: usize,
  z: usize,
  depth: i32,
  accumulate: bool,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  // Eight sums, four vectors of B and one number of x stay in registers. The exits in the middle are never taken: they
  // keep V8 from hoisting the loads of what follows to the top, for which there are not enough registers. Four numbers
  // of x come by one load: a core has two a cycle, and those of B take them all.
  if (xStep == 4) {
    for (; depth >= 4; depth -= 4) {
      const four = v128.load(x);
      x += 16;
      {
        const v = v128.shuffle<f32>(four, four, 0, 0, 0, 0);
        a0 = multiplyAdd(v, v128.load(p0), a0);
        a1 = multiplyAdd(v, v128.load(p0, 16), a1);
        a2 = multiplyAdd(v, v128.load(p1), a2);
        a3 = multiplyAdd(v, v128.load(p1, 16), a3);
        p0 += step;
        p1 += step;
        if (p0 == 0) break;
        b0 = multiplyAdd(v, v128.load(p2), b0);
        b1 = multiplyAdd(v, v128.load(p2, 16), b1);
        b2 = multiplyAdd(v, v128.load(p3), b2);
        b3 = multiplyAdd(v, v128.load(p3, 16), b3);
        p2 += step;
        p3 += step;
        if (p2 == 0) break;
      }
      {
        const v = v128.shuffle<f32>(four, four, 1, 1, 1, 1);
        a0 = multiplyAdd(v, v128.load(p0), a0);
        a1 = multiplyAdd(v, v128.load(p0, 16), a1);
        a2 = multiplyAdd(v, v128.load(p1), a2);
        a3 = multiplyAdd(v, v128.load(p1, 16), a3);
        p0 += step;
        p1 += step;
        if (p0 == 0) break;
        b0 = multiplyAdd(v, v128.load(p2), b0);
        b1 = multiplyAdd(v, v128.load(p2, 16), b1);
        b2 = multiplyAdd(v, v128.load(p3), b2);
        b3 = multiplyAdd(v, v128.load(p3, 16), b3);
        p2 += step;
        p3 += step;
        if (p2 == 0) break;
      }
      {
        const v = v128.shuffle<f32>(four, four, 2, 2, 2, 2);
        a0 = multiplyAdd(v, v128.load(p0), a0);
        a1 = multiplyAdd(v, v128.load(p0, 16), a1);
        a2 = multiplyAdd(v, v128.load(p1), a2);
        a3 = multiplyAdd(v, v128.load(p1, 16), a3);
        p0 += step;
        p1 += step;
        if (p0 == 0) break;
        b0 = multiplyAdd(v, v128.load(p2), b0);
        b1 = multiplyAdd(v, v128.load(p2, 16), b1);
        b2 = multiplyAdd(v, v128.load(p3), b2);
        b3 = multiplyAdd(v, v128.load(p3, 16), b3);
        p2 += step;
        p3 += step;
        if (p2 == 0) break;
      }
      {
        const v = v128.shuffle<f32>(four, four, 3, 3, 3, 3);
        a0 = multiplyAdd(v, v128.load(p0), a0);
        a1 = multiplyAdd(v, v128.load(p0, 16), a1);
        a2 = multiplyAdd(v, v128.load(p1), a2);
        a3 = multiplyAdd(v, v128.load(p1, 16), a3);
        p0 += step;
        p1 += step;
        if (p0 == 0) break;
        b0 = multiplyAdd(v, v128.load(p2), b0);
        b1 = multiplyAdd(v, v128.load(p2, 16), b1);
        b2 = multiplyAdd(v, v128.load(p3), b2);
        b3 = multiplyAdd(v, v128.load(p3, 16), b3);
        p2 += step;
        p3 += step;
      }
    }
  }
  for (; depth > 0; depth--) {
    const v = v128.load32_splat(x);
    a0 = multiplyAdd(v, v128.load(p0), a0);
    a1 = multiplyAdd(v, v128.load(p0, 16), a1);
    a2 = multiplyAdd(v, v128.load(p1), a2);
    a3 = multiplyAdd(v, v128.load(p1, 16), a3);
    p0 += step;
    p1 += step;
    if (p0 == 0) break;
    b0 = multiplyAdd(v, v128.load(p2), b0);
    b1 = multiplyAdd(v, v128.load(p2, 16), b1);
    b2 = multiplyAdd(v, v128.load(p3), b2);
    b3 = multiplyAdd(v, v128.load(p3, 16), b3);
    p2 += step;
    p3 += step;
    x += xStep;
  }
  emit(y, a0, 4, accumulate);
  emit(y + 16, a1, 4, accumulate);
  emit(y + 32, a2, 4, accumulate);
  emit(y + 48, a3, 4, accumulate);
  emit(z, b0, 4, accumulate);
  emit(z + 16, b1, 4, accumulate);
  emit(z + 32, b2, 4, accumulate);
  emit(z + 48, b3, 4, accumulate);
}

/** The first `count` of y[16] (+)= Σ_k x[k]·p[k][16]. */
export function rowMicro16(x: usize, p: usize, step: usize, y: usize, count: i32, depth: i32, accumulate: bool): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  for (const end = x + (<usize>depth << 2); x < end; x += 4) {
    const v = v128.load32_splat(x);
    a0 = multiplyAdd(v, v128.load(p), a0);
    a1 = multiplyAdd(v, v128.load(p, 16), a1);
    a2 = multiplyAdd(v, v128.load(p, 32), a2);
    a3 = multiplyAdd(v, v128.load(p, 48), a3);
    p += step;
  }
  emit(y, a0, count, accumulate);
  emit(y + 16, a1, count - 4, accumulate);
  emit(y + 32, a2, count - 8, accumulate);
  emit(y + 48, a3, count - 12, accumulate);
}

/** y[4] (+)= Σ_k x[k]·p[k][4] when `full`, else one number of each. */
export function rowMicroLanes(x: usize, p: usize, step: usize, y: usize, full: bool, depth: i32, accumulate: bool): void {
  let sum = f32x4.splat(0);
  for (const end = x + (<usize>depth << 2); x < end; x += 4) {
    sum = multiplyAdd(v128.load32_splat(x), loadLanes(p, full), sum);
    p += step;
  }
  storeLanes(y, accumulate ? f32x4.add(loadLanes(y, full), sum) : sum, full);
}
