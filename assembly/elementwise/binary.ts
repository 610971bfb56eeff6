/** Arithmetic on two operands, with the broadcasting that two nested loops can express, and in-place companions. */

import { loadLanes, storeLanes } from "../base/lanes";

/** The operations of `binary`, by number. */
export const ADD: i32 = 0;
export const SUBTRACT: i32 = 1;
export const MULTIPLY: i32 = 2;
export const DIVIDE: i32 = 3;
/** NaN where an operand is. */
const MAXIMUM: i32 = 4;
const MINIMUM: i32 = 5;
/** 1 where it holds, else 0; with NaN nothing holds. */
const GREATER: i32 = 6;
const GREATER_OR_EQUAL: i32 = 7;
const EQUAL: i32 = 8;

/** What `rest` asks of an operation on four lanes. */
export interface Operation {
  apply(a: v128, b: v128): v128;
}

@unmanaged
class Add {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.add(a, b);
  }
}

@unmanaged
class Subtract {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.sub(a, b);
  }
}

@unmanaged
class Multiply {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.mul(a, b);
  }
}

@unmanaged
class Divide {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.div(a, b);
  }
}

@unmanaged
class Maximum {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.max(a, b);
  }
}

@unmanaged
class Minimum {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return f32x4.min(a, b);
  }
}

@unmanaged
class Greater {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return v128.and(f32x4.gt(a, b), f32x4.splat(1));
  }
}

@unmanaged
class GreaterOrEqual {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return v128.and(f32x4.ge(a, b), f32x4.splat(1));
  }
}

@unmanaged
class Equal {
  // @ts-ignore: decorator
  @inline apply(a: v128, b: v128): v128 {
    return v128.and(f32x4.eq(a, b), f32x4.splat(1));
  }
}

/** One row: y[i] := a[i·aStride] ∘ b[i·bStride], strides 0 or 1. A stride of 0 reads the one number again. */
// @ts-ignore: decorator
@inline
function row<O extends Operation>(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  const operation = changetype<O>(0);
  if (aStride == 1 && bStride == 1) {
    for (; count >= 4; count -= 4) {
      v128.store(y, operation.apply(v128.load(a), v128.load(b)));
      a += 16;
      b += 16;
      y += 16;
    }
  }
  rest<O>(a, b, y, count, aStride, bStride);
}

/** The same by one loop for all strides and tails: smaller, and fast enough where little depends on it. */
// @ts-ignore: decorator
@inline
export function rest<O extends Operation>(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  const operation = changetype<O>(0);
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const left = aStride ? loadLanes(a, four) : v128.load32_splat(a);
    const right = bStride ? loadLanes(b, four) : v128.load32_splat(b);
    storeLanes(y, operation.apply(left, right), four);
    if (aStride) a += bytes;
    if (bStride) b += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

function addRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  row<Add>(a, b, y, count, aStride, bStride);
}
function subtractRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  row<Subtract>(a, b, y, count, aStride, bStride);
}
function multiplyRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  row<Multiply>(a, b, y, count, aStride, bStride);
}
function divideRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  row<Divide>(a, b, y, count, aStride, bStride);
}

function maximumRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  rest<Maximum>(a, b, y, count, aStride, bStride);
}
function minimumRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  rest<Minimum>(a, b, y, count, aStride, bStride);
}
function greaterRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  rest<Greater>(a, b, y, count, aStride, bStride);
}
function greaterOrEqualRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  rest<GreaterOrEqual>(a, b, y, count, aStride, bStride);
}
function equalRow(a: usize, b: usize, y: usize, count: i32, aStride: i32, bStride: i32): void {
  rest<Equal>(a, b, y, count, aStride, bStride);
}

/**
 * y[i, j] := a[i·aOuterStride + j·aInnerStride] ∘ b[i·bOuterStride + j·bInnerStride], y [outer, inner] contiguous.
 * ∘ is ADD, SUBTRACT, MULTIPLY or DIVIDE, correctly rounded; MAXIMUM or MINIMUM; GREATER, GREATER_OR_EQUAL or EQUAL. Strides are in elements, the inner ones 0 or 1.
 * y may be an operand that is read with exactly y's layout. Assigns.
 */
export function binary(
  operation: i32,
  a: usize,
  b: usize,
  y: usize,
  outer: i32,
  inner: i32,
  aOuterStride: i32,
  aInnerStride: i32,
  bOuterStride: i32,
  bInnerStride: i32,
): void {
  for (; outer > 0; outer--) {
    if (operation == ADD) addRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == SUBTRACT) subtractRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == MULTIPLY) multiplyRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == DIVIDE) divideRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == MAXIMUM) maximumRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == MINIMUM) minimumRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == GREATER) greaterRow(a, b, y, inner, aInnerStride, bInnerStride);
    else if (operation == GREATER_OR_EQUAL) greaterOrEqualRow(a, b, y, inner, aInnerStride, bInnerStride);
    else equalRow(a, b, y, inner, aInnerStride, bInnerStride);
    a += <usize>aOuterStride << 2;
    b += <usize>bOuterStride << 2;
    y += <usize>inner << 2;
  }
}

/** y[i] += x[i]; x may be y. */
export function accumulate(x: usize, y: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
    v128.store(y, f32x4.add(v128.load(y, 16), v128.load(x, 16)), 16);
    x += 32;
    y += 32;
  }
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    storeLanes(y, f32x4.add(loadLanes(y, four), loadLanes(x, four)), four);
    x += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** y[i] := factor·x[i]; y may be x. */
export function scale(x: usize, y: usize, count: i32, factor: f32): void {
  const end = x + (<usize>count << 2);
  for (; x + 16 <= end; x += 16) {
    v128.store(y, f32x4.mul(v128.load(x), f32x4.splat(factor)));
    y += 16;
  }
  for (; x < end; x += 4) {
    store<f32>(y, load<f32>(x) * factor);
    y += 4;
  }
}

/** y[i] := value. */
export function fill(y: usize, count: i32, value: f32): void {
  const end = y + (<usize>count << 2);
  for (; y + 16 <= end; y += 16) v128.store(y, f32x4.splat(value));
  for (; y < end; y += 4) store<f32>(y, value);
}

/** y[i] := (a[i] − b[i])²; y may be a or b. Error ≤ 1.5 ulp of the rounded difference's square. */
export function squaredDifference(a: usize, b: usize, y: usize, count: i32): void {
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const difference = f32x4.sub(loadLanes(a, four), loadLanes(b, four));
    storeLanes(y, f32x4.mul(difference, difference), four);
    a += bytes;
    b += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** da[i] := 2(a[i] − b[i])·dy[i], the gradient of squaredDifference (that of b is its negative); da may be a, b or dy. */
export function squaredDifferenceBackward(a: usize, b: usize, dy: usize, da: usize, count: i32): void {
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const difference = f32x4.sub(loadLanes(a, four), loadLanes(b, four));
    storeLanes(da, f32x4.mul(f32x4.add(difference, difference), loadLanes(dy, four)), four);
    a += bytes;
    b += bytes;
    dy += bytes;
    da += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** y[i] := a[i] where condition[i] is not 0, else b[i]; what is not chosen may be anything. y may be a or b. */
export function select(condition: usize, a: usize, b: usize, y: usize, count: i32): void {
  const zero = f32x4.splat(0);
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    const chosen = f32x4.ne(loadLanes(condition, four), zero);
    storeLanes(y, v128.bitselect(loadLanes(a, four), loadLanes(b, four), chosen), four);
    condition += bytes;
    a += bytes;
    b += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}
