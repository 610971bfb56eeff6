import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step over `count` blocks of an optimizer that goes by the means of the gradient and of its square, as torch.optim
 * takes NAdam (Dozat 2016) and RAdam (Liu et al. 2020):
 *   g' = g + weightDecay·p     m := β₁m + (1 − β₁)g'     v := β₂v + (1 − β₂)g'²
 *   u = gradientRate·g' + momentRate·m
 *   p −= adaptive ? u / (√v·root + ε) : u
 * The rates hold the learning rate and the corrections of bias. p, m (the first state) and v (the second) are updated in
 * place, each number read and written once; g is only read. No arrays overlap.
 */
export function momentsStep(
  blocks: usize,
  count: i32,
  gradientRate: f64,
  momentRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  root: f64,
  adaptive: i32,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  const scale = f32x4.splat(<f32>root);
  const small = f32x4.splat(<f32>epsilon);
  const byGradient = f32x4.splat(<f32>gradientRate);
  const byMoment = f32x4.splat(<f32>momentRate);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const m = block.firstState;
    const v = block.secondState;
    const end = <usize>block.count << 2;
    let i: usize = 0;
    for (; i + 16 <= end; i += 16) {
      lanes(p, g, m, v, i, true, decay, keep1, take1, keep2, take2, byGradient, byMoment, scale, small, adaptive);
    }
    for (; i < end; i += 4) {
      lanes(p, g, m, v, i, false, decay, keep1, take1, keep2, take2, byGradient, byMoment, scale, small, adaptive);
    }
    blocks = nextBlock(blocks);
  }
}

/** The step of four numbers, or of one, at byte i of each array. */
// @ts-ignore: decorator
@inline
function lanes(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  i: usize,
  four: bool,
  decay: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
  byGradient: v128,
  byMoment: v128,
  scale: v128,
  small: v128,
  adaptive: i32,
): void {
  const parameter = loadLanes(p + i, four);
  const gradient = multiplyAdd(parameter, decay, loadLanes(g + i, four));
  const first = multiplyAdd(loadLanes(m + i, four), keep1, f32x4.mul(gradient, take1));
  const second = multiplyAdd(loadLanes(v + i, four), keep2, f32x4.mul(f32x4.mul(gradient, gradient), take2));
  storeLanes(m + i, first, four);
  storeLanes(v + i, second, four);
  let update = multiplyAdd(gradient, byGradient, f32x4.mul(first, byMoment));
  if (adaptive) update = f32x4.div(update, multiplyAdd(f32x4.sqrt(second), scale, small));
  storeLanes(p + i, f32x4.sub(parameter, update), four);
}
