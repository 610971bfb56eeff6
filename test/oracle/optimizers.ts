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
