import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";

/**
 * One step of Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019) over a block of n numbers, as torch.optim takes it:
 *   decoupled: p := p·(1 − learningRate·weightDecay);  else g' = g + weightDecay·p
 *   m := β₁m + (1 − β₁)g'      v := β₂v + (1 − β₂)g'²
 *   p −= (learningRate / biasCorrection1)·m / (√v / biasCorrection2Root + ε)
 * with biasCorrection1 = 1 − β₁ᵗ and biasCorrection2Root = √(1 − β₂ᵗ), t from 1. p, m and v are updated in place; g is only
 * read. The blocks do not overlap. Scalars are float64, so that 1 − β is rounded to float32 once, as in PyTorch.
 */
export function adamStep(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
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
  const root = f32x4.splat(<f32>biasCorrection2Root);
  const small = f32x4.splat(<f32>epsilon);
  const step = f32x4.splat(<f32>(-learningRate / biasCorrection1));
  while (n > 0) {
    const four = n >= 4;
    const bytes: usize = four ? 16 : 4;
    const parameter = f32x4.mul(loadLanes(p, four), shrink);
    const gradient = multiplyAdd(parameter, decay, loadLanes(g, four));
    const first = multiplyAdd(loadLanes(m, four), keep1, f32x4.mul(gradient, take1));
    const second = multiplyAdd(loadLanes(v, four), keep2, f32x4.mul(f32x4.mul(gradient, gradient), take2));
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(second), root), small);
    storeLanes(m, first, four);
    storeLanes(v, second, four);
    storeLanes(p, multiplyAdd(step, f32x4.div(first, denominator), parameter), four);
    p += bytes;
    g += bytes;
    m += bytes;
    v += bytes;
    n -= <i32>(bytes >> 2);
  }
}
