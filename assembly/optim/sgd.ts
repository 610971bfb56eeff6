import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of stochastic gradient descent over `count` blocks, as torch.optim.SGD takes it:
 *   g' = g + weightDecay·p
 *   b := first ? g' : momentum·b + (1 − dampening)·g'          (b is the first state; without one, g' itself is the direction)
 *   p −= learningRate·(nesterov ? g' + momentum·b : b)
 * p and b are updated in place, each number read and written once; g is only read. No arrays overlap. On the first step b
 * is not read.
 */
export function sgdStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  momentum: f64,
  dampening: f64,
  weightDecay: f64,
  nesterov: i32,
  first: i32,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const step = f32x4.splat(<f32>-learningRate);
  const keep = f32x4.splat(<f32>momentum);
  const take = f32x4.splat(<f32>(1 - dampening));
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    let p = block.parameter;
    let g = block.gradient;
    let n = block.count;
    if (block.firstState != 0) {
      momentumBlock(p, g, block.firstState, n, decay, step, keep, take, nesterov != 0, first != 0);
    } else {
      for (; n >= 4; n -= 4) {
        plainLanes(p, g, true, decay, step);
        p += 16;
        g += 16;
      }
      for (; n > 0; n--) {
        plainLanes(p, g, false, decay, step);
        p += 4;
        g += 4;
      }
    }
    blocks = nextBlock(blocks);
  }
}

/** The step of four numbers, or of one, without a buffer. */
// @ts-ignore: decorator
@inline
function plainLanes(p: usize, g: usize, four: bool, decay: v128, step: v128): void {
  const parameter = loadLanes(p, four);
  storeLanes(p, multiplyAdd(multiplyAdd(parameter, decay, loadLanes(g, four)), step, parameter), four);
}

/** The step of one block with a buffer b. */
function momentumBlock(
  p: usize,
  g: usize,
  b: usize,
  n: i32,
  decay: v128,
  step: v128,
  keep: v128,
  take: v128,
  nesterov: bool,
  first: bool,
): void {
  while (n > 0) {
    const four = n >= 4;
    const bytes: usize = four ? 16 : 4;
    const parameter = loadLanes(p, four);
    const gradient = multiplyAdd(parameter, decay, loadLanes(g, four));
    const buffer = first ? gradient : multiplyAdd(loadLanes(b, four), keep, f32x4.mul(gradient, take));
    storeLanes(b, buffer, four);
    const direction = nesterov ? multiplyAdd(buffer, keep, gradient) : buffer;
    storeLanes(p, multiplyAdd(direction, step, parameter), four);
    p += bytes;
    g += bytes;
    b += bytes;
    n -= <i32>(bytes >> 2);
  }
}
