/**
 * The loops that make a pair of kernels of an activation policy: the map and its gradient over a block of numbers, as their
 * slots are called (unary.ts). Blocks may be each other; the tail of 1 to 3 numbers is taken one at a time.
 */
import { Activation } from "../base/activation";
import { loadLanes, storeLanes } from "../base/lanes";

/** y := f(x). The tail goes round the same loop, number by number, so that the policy is inlined once. */
// @ts-ignore: decorator
@inline
export function forward<A extends Activation>(x: usize, y: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  while (count > 0) {
    const four = count >= 4;
    const v = policy.map(loadLanes(x, four), parameters);
    storeLanes(y, v, four);
    const bytes: usize = four ? 16 : 4;
    x += bytes;
    y += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** Like `forward`, four vectors at a time: for the maps that recurrent layers live on, they hide each other's latency. */
// @ts-ignore: decorator
@inline
export function forwardInFours<A extends Activation>(x: usize, y: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  for (; count >= 16; count -= 16) {
    const first = policy.map(v128.load(x), parameters);
    const second = policy.map(v128.load(x, 16), parameters);
    const third = policy.map(v128.load(x, 32), parameters);
    const fourth = policy.map(v128.load(x, 48), parameters);
    v128.store(y, first);
    v128.store(y, second, 16);
    v128.store(y, third, 32);
    v128.store(y, fourth, 48);
    x += 64;
    y += 64;
  }
  forward<A>(x, y, count, parameters);
}

/** dx := dy·f′(x), arranged like `forward`. */
// @ts-ignore: decorator
@inline
export function backward<A extends Activation>(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  const policy = changetype<A>(0);
  while (count > 0) {
    const four = count >= 4;
    const slope = policy.derivative(loadLanes(x, four), loadLanes(y, four), parameters);
    const v = f32x4.mul(loadLanes(dy, four), slope);
    storeLanes(dx, v, four);
    const bytes: usize = four ? 16 : 4;
    x += bytes;
    y += bytes;
    dy += bytes;
    dx += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** Like `backward`, with a loop of full vectors before it: for slopes so cheap that asking for the tail would count. */
// @ts-ignore: decorator
@inline
export function backwardInVectors<A extends Activation>(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  count: i32,
  parameters: usize,
): void {
  const policy = changetype<A>(0);
  for (; count >= 4; count -= 4) {
    v128.store(dx, f32x4.mul(v128.load(dy), policy.derivative(v128.load(x), v128.load(y), parameters)));
    x += 16;
    y += 16;
    dy += 16;
    dx += 16;
  }
  backward<A>(x, y, dy, dx, count, parameters);
}
