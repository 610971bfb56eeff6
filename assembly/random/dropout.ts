import { loadTail, storeTail } from "../base/lanes";
import { counterOf, philoxBlock, uniform4 } from "./philox";

/**
 * y[i] := x[i] / (1 − probability) where a uniform number in [0, 1) is ≥ probability, else 0 (Srivastava et al. 2014).
 * The gradient is the same call on dy with the same seed and counter: dx := dropout(dy). No mask is stored.
 * y may be x. Assigns. Uses ⌈n/4⌉ blocks of the stream, as in random/fill.ts. 0 ≤ probability ≤ 1; 1 gives zeros.
 */
export function dropout(
  x: usize,
  y: usize,
  n: i32,
  probability: f32,
  seedLow: u32,
  seedHigh: u32,
  counterLow: u32,
  counterHigh: u32,
): void {
  const factor = f32x4.splat(<f32>(1 / (1 - <f64>probability)));
  for (let counter = counterOf(counterLow, counterHigh); n > 0; counter++) {
    const u = uniform4(philoxBlock(counter, seedLow, seedHigh));
    const v = f32x4.mul(n >= 4 ? v128.load(x) : loadTail(x, n), factor);
    const kept = v128.and(v, f32x4.ge(u, f32x4.splat(probability)));
    if (n >= 4) v128.store(y, kept);
    else storeTail(y, kept, n);
    x += 16;
    y += 16;
    n -= 4;
  }
}
