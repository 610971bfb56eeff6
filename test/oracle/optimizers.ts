/** torch.optim's update rules in float64, a parameter (one number) at a time. */

export interface SgdOptions {
  learningRate: number;
  momentum?: number;
  dampening?: number;
  nesterov?: boolean;
  weightDecay?: number;
}

/**
 * g += λθ; v = μv + (1 - τ)g (v = g on the first step); g = g + μv with Nesterov, else v; θ -= γg.
 * @returns θ after each of the gradients.
 */
export function sgd(start: number, gradients: number[], options: SgdOptions): number[] {
  const { learningRate, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  let parameter = start;
  let velocity = 0;
  return gradients.map((given, step) => {
    const gradient = given + weightDecay * parameter;
    velocity = step === 0 ? gradient : momentum * velocity + (1 - dampening) * gradient;
    const direction = nesterov ? gradient + momentum * velocity : velocity;
    parameter -= learningRate * (momentum === 0 ? gradient : direction);
    return parameter;
  });
}

export interface AdamOptions {
  learningRate: number;
  betas?: readonly [number, number];
  epsilon?: number;
  weightDecay?: number;
}

/**
 * m = β₁m + (1 - β₁)g; v = β₂v + (1 - β₂)g²; θ -= γ · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε) (Kingma & Ba 2015).
 * Weight decay is g += λθ, or for AdamW θ -= γλθ first (Loshchilov & Hutter 2019).
 */
export function adam(start: number, gradients: number[], options: AdamOptions, decoupled = false): number[] {
  const { learningRate, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = decoupled ? 0.01 : 0 } = options;
  const [beta1, beta2] = betas;
  let parameter = start;
  let m = 0;
  let v = 0;
  return gradients.map((given, index) => {
    const step = index + 1;
    const gradient = decoupled ? given : given + weightDecay * parameter;
    if (decoupled) parameter -= learningRate * weightDecay * parameter;
    m = beta1 * m + (1 - beta1) * gradient;
    v = beta2 * v + (1 - beta2) * gradient * gradient;
    parameter -= (learningRate * (m / (1 - beta1 ** step))) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
    return parameter;
  });
}

/** c = β₁m + (1 - β₁)g; θ -= γ(sign(c) + λθ); m = β₂m + (1 - β₂)g (Chen et al. 2023, algorithm 2). */
export function lion(
  start: number,
  gradients: number[],
  { learningRate, betas = [0.9, 0.99], weightDecay = 0 }: AdamOptions,
): number[] {
  const [beta1, beta2] = betas;
  let parameter = start;
  let m = 0;
  return gradients.map((gradient) => {
    const direction = Math.sign(beta1 * m + (1 - beta1) * gradient);
    parameter -= learningRate * (direction + weightDecay * parameter);
    m = beta2 * m + (1 - beta2) * gradient;
    return parameter;
  });
}

export interface AdafactorOptions {
  learningRate: number;
  beta2Decay?: number;
  epsilons?: readonly [number, number];
  clipThreshold?: number;
  weightDecay?: number;
  relativeStep?: boolean;
  scaleParameter?: boolean;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rootMeanSquare = (values: readonly number[]): number => Math.sqrt(meanOf(values.map((value) => value ** 2)));

/**
 * Shazeer & Stern 2018, algorithms 4 (`rows` > 0: a matrix) and 5 (a vector) with the parameters of algorithm 6.
 * @returns the parameter after each of the gradients.
 */
export function adafactor(
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  rows: number,
  options: AdafactorOptions,
): number[][] {
  const { learningRate, beta2Decay = -0.8, epsilons = [1e-30, 1e-3], clipThreshold = 1, weightDecay = 0 } = options;
  const { relativeStep = true, scaleParameter = true } = options;
  const columns = rows > 0 ? start.length / rows : 0;
  let x = [...start];
  let rowMeans = Array<number>(rows).fill(0);
  let columnMeans = Array<number>(columns).fill(0);
  let whole = start.map(() => 0);
  return gradients.map((gradient, index) => {
    const step = index + 1;
    const beta = 1 - step ** beta2Decay;
    const decayed = (before: number, now: number) => beta * before + (1 - beta) * now;
    const squares = gradient.map((value) => value ** 2 + epsilons[0]);
    const row = (i: number) => squares.slice(i * columns, (i + 1) * columns);
    const column = (j: number) => squares.filter((_, at) => at % columns === j);
    rowMeans = rowMeans.map((before, i) => decayed(before, meanOf(row(i))));
    columnMeans = columnMeans.map((before, j) => decayed(before, meanOf(column(j))));
    whole = whole.map((before, i) => decayed(before, squares[i]));
    const factored = (at: number) =>
      (rowMeans[Math.floor(at / columns)] * columnMeans[at % columns]) / meanOf(rowMeans);
    const update = gradient.map((value, at) => value / Math.sqrt(rows > 0 ? factored(at) : whole[at]));
    const clipped = update.map((value) => value / Math.max(1, rootMeanSquare(update) / clipThreshold));
    const relative = relativeStep ? Math.min(learningRate, 1 / Math.sqrt(step)) : learningRate;
    const rate = relative * (scaleParameter ? Math.max(epsilons[1], rootMeanSquare(x)) : 1);
    x = x.map((value, at) => value * (1 - learningRate * weightDecay) - rate * clipped[at]);
    return x;
  });
}
