import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of averaged stochastic gradient descent (Polyak & Juditsky 1992) over `count` blocks, as torch.optim.ASGD takes it:
 *   g' = g + weightDecay·p      p := p·(1 − λ·rate) − rate·g'      a := a + weight·(p − a), or p itself when weight is 1
 * p and a (the first state) are updated in place, each number read and written once; g is only read. No arrays overlap.
 */
export function averagedStep(
  blocks: usize,
  count: i32,
  rate: f64,
  lambda: f64,
  weightDecay: f64,
  weight: f64,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const shrink = f32x4.splat(<f32>(1 - lambda * rate));
  const step = f32x4.splat(<f32>-rate);
  const share = f32x4.splat(<f32>weight);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const a = block.firstState;
    const end = <usize>block.count << 2;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const before = loadLanes(p + i, four);
      const gradient = multiplyAdd(before, decay, loadLanes(g + i, four));
      const parameter = multiplyAdd(gradient, step, f32x4.mul(before, shrink));
      storeLanes(p + i, parameter, four);
      storeLanes(a + i, weight == 1 ? parameter : towards(loadLanes(a + i, four), parameter, share), four);
      i += four ? 16 : 4;
    }
    blocks = nextBlock(blocks);
  }
}

/**
 * Lets averages follow their parameters over `count` blocks: a := a + weight·(p − a), or p itself when weight is 1. a is
 * the first state, updated in place; p is only read, and so is nothing else.
 */
export function averageStep(blocks: usize, count: i32, weight: f64): void {
  const share = f32x4.splat(<f32>weight);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const a = block.firstState;
    const end = <usize>block.count << 2;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const parameter = loadLanes(p + i, four);
      storeLanes(a + i, weight == 1 ? parameter : towards(loadLanes(a + i, four), parameter, share), four);
      i += four ? 16 : 4;
    }
    blocks = nextBlock(blocks);
  }
}

/** a + share·(p − a). */
// @ts-ignore: decorator
@inline
function towards(a: v128, p: v128, share: v128): v128 {
  return multiplyAdd(f32x4.sub(p, a), share, a);
}
