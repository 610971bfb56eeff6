import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of RMSprop (Hinton 2012, lecture 6e; centered: Graves 2013) over `count` blocks, as torch.optim takes it:
 *   g' = g + weightDecay·p      v := αv + (1 − α)g'²
 *   centered:           a := αa + (1 − α)g'      d = √max(v − a², 0) + ε;      else d = √v + ε
 *   with a last state:  b := momentum·b + g'/d   p −= learningRate·b;          else p −= learningRate·g'/d
 * p, v (the first state), a (the next when centered) and b (the one behind) are updated in place, each number read and written once; g is only read. No arrays
 * overlap.
 */
export function rmspropStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  alpha: f64,
  epsilon: f64,
  weightDecay: f64,
  momentum: f64,
  centered: i32,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const keep = f32x4.splat(<f32>alpha);
  const take = f32x4.splat(<f32>(1 - alpha));
  const small = f32x4.splat(<f32>epsilon);
  const step = f32x4.splat(<f32>-learningRate);
  const keepBuffer = f32x4.splat(<f32>momentum);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const v = block.firstState;
    const a = centered ? block.secondState : 0;
    const b = centered ? block.thirdState : block.secondState;
    const end = <usize>block.count << 2;
    let i: usize = 0;
    for (; i + 16 <= end; i += 16) lanes(p, g, v, a, b, i, true, decay, keep, take, small, keepBuffer, step);
    for (; i < end; i += 4) lanes(p, g, v, a, b, i, false, decay, keep, take, small, keepBuffer, step);
    blocks = nextBlock(blocks);
  }
}

/** The step of four numbers, or of one, at byte i of each array; a and b may be 0. */
// @ts-ignore: decorator
@inline
function lanes(
  p: usize,
  g: usize,
  v: usize,
  a: usize,
  b: usize,
  i: usize,
  four: bool,
  decay: v128,
  keep: v128,
  take: v128,
  small: v128,
  keepBuffer: v128,
  step: v128,
): void {
  const parameter = loadLanes(p + i, four);
  const gradient = multiplyAdd(parameter, decay, loadLanes(g + i, four));
  const square = multiplyAdd(loadLanes(v + i, four), keep, f32x4.mul(f32x4.mul(gradient, gradient), take));
  storeLanes(v + i, square, four);
  let spread = square;
  if (a != 0) {
    const mean = multiplyAdd(loadLanes(a + i, four), keep, f32x4.mul(gradient, take));
    storeLanes(a + i, mean, four);
    spread = f32x4.max(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
  }
  let direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(spread), small));
  if (b != 0) {
    direction = multiplyAdd(loadLanes(b + i, four), keepBuffer, direction);
    storeLanes(b + i, direction, four);
  }
  storeLanes(p + i, multiplyAdd(direction, step, parameter), four);
}
