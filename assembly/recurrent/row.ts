/** Arithmetic on rows of a state: what the variants of cells are put together from. */
import { loadLanes, storeLanes } from "../base/lanes";

/** d⊙y⊙(1 − y): a gradient on its way back through y = σ(x). */
// @ts-ignore: decorator
@inline
export function throughSigmoid(d: v128, y: v128): v128 {
  return f32x4.mul(d, f32x4.mul(y, f32x4.sub(f32x4.splat(1), y)));
}

/** y := a⊙b, or y += a⊙b; y may be a or b. */
export function product(a: usize, b: usize, y: usize, count: i32, accumulate: bool): void {
  for (; count >= 4; count -= 4) {
    const v = f32x4.mul(v128.load(a), v128.load(b));
    v128.store(y, accumulate ? f32x4.add(v128.load(y), v) : v);
    a += 16;
    b += 16;
    y += 16;
  }
  for (; count > 0; count--) {
    const v = load<f32>(a) * load<f32>(b);
    store<f32>(y, accumulate ? load<f32>(y) + v : v);
    a += 4;
    b += 4;
    y += 4;
  }
}

/** y += x. */
export function addNumbers(x: usize, y: usize, count: i32): void {
  while (count > 0) {
    const full = count >= 4;
    storeLanes(y, f32x4.add(loadLanes(y, full), loadLanes(x, full)), full);
    const step = full ? 4 : 1;
    x += <usize>step << 2;
    y += <usize>step << 2;
    count -= step;
  }
}

/** y := x. By vectors, not by `memory.copy`, which V8 makes slow over a shared memory. */
export function copyNumbers(x: usize, y: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
  for (; count > 0; count--) {
    store<f32>(y, load<f32>(x));
    x += 4;
    y += 4;
  }
}
