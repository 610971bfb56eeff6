import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";

/**
 * One step of stochastic gradient descent over a block of n numbers, as torch.optim.SGD takes it:
 *   g' = g + weightDecay·p
 *   b := first ? g' : momentum·b + (1 − dampening)·g'          (b = momentumBuffer; without one, g' itself is the direction)
 *   p −= learningRate·(nesterov ? g' + momentum·b : b)
 * p and b are updated in place; g is only read. The three blocks do not overlap. On the first step b is not read.
 */
export function sgdStep(
  p: usize,
  g: usize,
  momentumBuffer: usize,
  n: i32,
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
  while (n > 0) {
    const four = n >= 4;
    const bytes: usize = four ? 16 : 4;
    const parameter = loadLanes(p, four);
    let direction = multiplyAdd(parameter, decay, loadLanes(g, four));
    if (momentumBuffer) {
      let buffer = direction;
      if (!first) buffer = multiplyAdd(loadLanes(momentumBuffer, four), keep, f32x4.mul(direction, take));
      storeLanes(momentumBuffer, buffer, four);
      direction = nesterov ? multiplyAdd(buffer, keep, direction) : buffer;
      momentumBuffer += bytes;
    }
    storeLanes(p, multiplyAdd(direction, step, parameter), four);
    p += bytes;
    g += bytes;
    n -= <i32>(bytes >> 2);
  }
}
