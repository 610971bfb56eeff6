/**
 * Four float32 lanes at a time: arithmetic that differs between the two builds, sums across lanes, and tails.
 * A tail is the last 1, 2 or 3 numbers of a buffer; it is read and written number by number, so that no kernel
 * ever touches memory outside the buffer it was given.
 */

/** a·b + c. The relaxed build may fuse the product (one rounding); the simd build rounds twice on every host. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** (v0 + v2) + (v1 + v3): the one order in which lanes are ever summed. */
// @ts-ignore: decorator
@inline
export function horizontalSum(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest of four lanes. */
// @ts-ignore: decorator
@inline
export function horizontalMax(v: v128): f32 {
  const pairs = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Reads `count` (1, 2 or 3) numbers at `pointer`; the remaining lanes are 0. */
// @ts-ignore: decorator
@inline
export function loadTail(pointer: usize, count: i32): v128 {
  let v = v128.load32_zero(pointer);
  if (count > 1) v = v128.load_lane<f32>(pointer, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(pointer, v, 2, 8);
  return v;
}

/** Writes the first `count` (1, 2 or 3) lanes of `v` at `pointer`. */
// @ts-ignore: decorator
@inline
export function storeTail(pointer: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(pointer, v, 0);
  if (count > 1) v128.store_lane<f32>(pointer, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(pointer, v, 2, 8);
}

/** `v` with zeros behind its first `count` lanes. */
// @ts-ignore: decorator
@inline
export function firstLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}

/**
 * Four numbers when `full`, else one, in lane 0. A loop that steps by four and then by one runs the same arithmetic on
 * its tail without a second copy of it and without a call (a value that lives across a call is spilled by V8).
 */
// @ts-ignore: decorator
@inline
export function loadLanes(pointer: usize, full: bool): v128 {
  return full ? v128.load(pointer) : v128.load32_zero(pointer);
}

/** The counterpart of `loadLanes`: stores four lanes when `full`, else lane 0. */
// @ts-ignore: decorator
@inline
export function storeLanes(pointer: usize, v: v128, full: bool): void {
  if (full) v128.store(pointer, v);
  else v128.store_lane<f32>(pointer, v, 0);
}
