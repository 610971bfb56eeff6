import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019) over `count` blocks, as torch.optim takes it:
 *   decoupled: p := p·(1 − learningRate·weightDecay);  else g' = g + weightDecay·p
 *   m := β₁m + (1 − β₁)g'      v := β₂v + (1 − β₂)g'²
 *   p −= (learningRate / biasCorrection1)·m / (√v / biasCorrection2Root + ε)
 * With a third state x, as AMSGrad (Reddi, Kale & Kumar 2018) has it, x := max(x, v) stands in the place of v in the last line.
 * Here biasCorrection1 = 1 − β₁ᵗ and biasCorrection2Root = √(1 − β₂ᵗ), t from 1. p, m (the first state), v (the second)
 * and x are updated in place, each number read and written once; g is only read. No arrays overlap. Scalars are float64, so that
 * 1 − β is rounded to float32 once, as in PyTorch.
 */
export function adamStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  weightDecay: f64,
  biasCorrection1: f64,
  biasCorrection2Root: f64,
  decoupled: i32,
): void {
  const shrink = f32x4.splat(decoupled ? <f32>(1 - learningRate * weightDecay) : 1);
  const decay = f32x4.splat(decoupled ? 0 : <f32>weightDecay);
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  const root = f32x4.splat(<f32>(1 / biasCorrection2Root));
  const small = f32x4.splat(<f32>epsilon);
  const step = f32x4.splat(<f32>(-learningRate / biasCorrection1));
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    let p = block.parameter;
    let g = block.gradient;
    let m = block.firstState;
    let v = block.secondState;
    let x = block.thirdState;
    let n = block.count;
    for (; n >= 4; n -= 4) {
      adamLanes(p, g, m, v, x, true, shrink, decay, keep1, take1, keep2, take2, root, small, step);
      p += 16;
      g += 16;
      m += 16;
      v += 16;
      if (x != 0) x += 16;
    }
    for (; n > 0; n--) {
      adamLanes(p, g, m, v, x, false, shrink, decay, keep1, take1, keep2, take2, root, small, step);
      p += 4;
      g += 4;
      m += 4;
      v += 4;
      if (x != 0) x += 4;
    }
    blocks = nextBlock(blocks);
  }
}

/** The step of four numbers, or of one. */
// @ts-ignore: decorator
@inline
function adamLanes(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  x: usize,
  four: bool,
  shrink: v128,
  decay: v128,
  keep1: v128,
  take1: v128,
  keep2: v128,
  take2: v128,
  root: v128,
  small: v128,
  step: v128,
): void {
  const parameter = f32x4.mul(loadLanes(p, four), shrink);
  const gradient = multiplyAdd(parameter, decay, loadLanes(g, four));
  const first = multiplyAdd(loadLanes(m, four), keep1, f32x4.mul(gradient, take1));
  const second = multiplyAdd(loadLanes(v, four), keep2, f32x4.mul(f32x4.mul(gradient, gradient), take2));
  let most = second;
  if (x != 0) {
    most = f32x4.max(loadLanes(x, four), second);
    storeLanes(x, most, four);
  }
  const denominator = multiplyAdd(f32x4.sqrt(most), root, small);
  storeLanes(m, first, four);
  storeLanes(v, second, four);
  storeLanes(p, multiplyAdd(step, f32x4.div(first, denominator), parameter), four);
}
