import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { Block, nextBlock } from "./block";

/**
 * One step of Adagrad (Duchi, Hazan & Singer 2011) over `count` blocks, as torch.optim takes it:
 *   g' = g + weightDecay·p      s := s + g'²      p −= learningRate·g' / (√s + ε)
 * p and s (the first state) are updated in place, each number read and written once; g is only read. No arrays overlap.
 */
export function adagradStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  epsilon: f64,
  weightDecay: f64,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const small = f32x4.splat(<f32>epsilon);
  const step = f32x4.splat(<f32>-learningRate);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const s = block.firstState;
    const end = <usize>block.count << 2;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const parameter = loadLanes(p + i, four);
      const gradient = multiplyAdd(parameter, decay, loadLanes(g + i, four));
      const total = multiplyAdd(gradient, gradient, loadLanes(s + i, four));
      storeLanes(s + i, total, four);
      const direction = f32x4.div(gradient, f32x4.add(f32x4.sqrt(total), small));
      storeLanes(p + i, multiplyAdd(direction, step, parameter), four);
      i += four ? 16 : 4;
    }
    blocks = nextBlock(blocks);
  }
}

/**
 * One step of Adadelta (Zeiler 2012) over `count` blocks, as torch.optim takes it:
 *   g' = g + weightDecay·p      v := ρv + (1 − ρ)g'²
 *   u = √(d + ε)/√(v + ε)·g'    d := ρd + (1 − ρ)u²       p −= learningRate·u
 * p, v (the first state) and d (the second) are updated in place, each number read and written once; g is only read. No
 * arrays overlap.
 */
export function adadeltaStep(
  blocks: usize,
  count: i32,
  learningRate: f64,
  rho: f64,
  epsilon: f64,
  weightDecay: f64,
): void {
  const decay = f32x4.splat(<f32>weightDecay);
  const keep = f32x4.splat(<f32>rho);
  const take = f32x4.splat(<f32>(1 - rho));
  const small = f32x4.splat(<f32>epsilon);
  const step = f32x4.splat(<f32>-learningRate);
  for (; count > 0; count--) {
    const block = changetype<Block>(blocks);
    const p = block.parameter;
    const g = block.gradient;
    const v = block.firstState;
    const d = block.secondState;
    const end = <usize>block.count << 2;
    for (let i: usize = 0; i < end; ) {
      const four = i + 16 <= end;
      const parameter = loadLanes(p + i, four);
      const gradient = multiplyAdd(parameter, decay, loadLanes(g + i, four));
      const square = multiplyAdd(loadLanes(v + i, four), keep, f32x4.mul(f32x4.mul(gradient, gradient), take));
      storeLanes(v + i, square, four);
      const before = loadLanes(d + i, four);
      const scale = f32x4.div(f32x4.sqrt(f32x4.add(before, small)), f32x4.sqrt(f32x4.add(square, small)));
      const update = f32x4.mul(scale, gradient);
      storeLanes(d + i, multiplyAdd(before, keep, f32x4.mul(f32x4.mul(update, update), take)), four);
      storeLanes(p + i, multiplyAdd(update, step, parameter), four);
      i += four ? 16 : 4;
    }
    blocks = nextBlock(blocks);
  }
}
