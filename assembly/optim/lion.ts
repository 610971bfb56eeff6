import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of Lion (Chen et al. 2023, algorithm 2) over `count` blocks:
 *   c = β₁m + (1 − β₁)g      p := p·(1 − learningRate·weightDecay) − learningRate·sign(c)      m := β₂m + (1 − β₂)g
 * with sign(0) = 0 and sign(NaN) = NaN. p and m (the first state) are updated in place, each number read and written once;
 * g is only read. No arrays overlap.
 */
export function lionStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  weightDecay: f64,
): void {
  const shrink = f32x4.splat(<f32>(1 - learningRate * weightDecay));
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  const step = f32x4.splat(<f32>learningRate);
  const zero = f32x4.splat(0);
  const signBit = f32x4.splat(-0.0);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const m = block.firstState;
    const end = <usize>block.count << 2;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const gradient = loadLanes(g + i, four);
      const moment = loadLanes(m + i, four);
      const direction = multiplyAdd(moment, keep1, f32x4.mul(gradient, take1));
      storeLanes(m + i, multiplyAdd(moment, keep2, f32x4.mul(gradient, take2)), four);
      // The step with the direction's sign, nothing where it is 0, and NaN where it is NaN.
      const signed = v128.or(v128.and(direction, signBit), step);
      const moved = v128.and(signed, f32x4.ne(direction, zero));
      const update = v128.or(moved, f32x4.ne(direction, direction));
      storeLanes(p + i, f32x4.sub(f32x4.mul(loadLanes(p + i, four), shrink), update), four);
      i += four ? 16 : 4;
    }
    blocks = nextBlock(blocks);
  }
}
