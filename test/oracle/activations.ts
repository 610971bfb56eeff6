/** Activations in float64, each with its derivative. */

export interface Activation {
  readonly f: (x: number) => number;
  readonly derivative: (x: number) => number;
}

export const sigmoid: Activation = {
  f: (x) => 1 / (1 + Math.exp(-x)),
  // σ(x) σ(-x), which does not cancel where σ(x) → 1.
  derivative: (x) => sigmoid.f(x) * sigmoid.f(-x),
};

export const tanh: Activation = {
  f: Math.tanh,
  derivative: (x) => 1 / Math.cosh(x) ** 2,
};

export const relu: Activation = {
  f: (x) => Math.max(x, 0),
  derivative: (x) => (x > 0 ? 1 : 0),
};

export const exponential: Activation = { f: Math.exp, derivative: Math.exp };

export const identity: Activation = { f: (x) => x, derivative: () => 1 };

export function leakyRelu(negativeSlope = 0.01): Activation {
  return { f: (x) => (x > 0 ? x : negativeSlope * x), derivative: (x) => (x > 0 ? 1 : negativeSlope) };
}

export function elu(alpha = 1): Activation {
  return { f: (x) => (x > 0 ? x : alpha * Math.expm1(x)), derivative: (x) => (x > 0 ? 1 : alpha * Math.exp(x)) };
}

export const softplus: Activation = {
  f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  derivative: sigmoid.f,
};

export const silu: Activation = {
  f: (x) => x * sigmoid.f(x),
  derivative: (x) => sigmoid.f(x) + x * sigmoid.derivative(x),
};

/** x Φ(x), Φ the normal distribution's; with "tanh", Hendrycks & Gimpel's approximation to it. */
export function gelu(approximate: "none" | "tanh" = "none"): Activation {
  if (approximate === "none") {
    const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    return { f: (x) => x * normalDistribution(x), derivative: (x) => normalDistribution(x) + x * density(x) };
  }
  const inner = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
  const innerDerivative = (x: number) => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
  return {
    f: (x) => 0.5 * x * (1 + Math.tanh(inner(x))),
    derivative: (x) => 0.5 * (1 + Math.tanh(inner(x))) + 0.5 * x * tanh.derivative(inner(x)) * innerDerivative(x),
  };
}

/**
 * Φ(x) = (1 + erf(x/√2)) / 2: near zero by the series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …), whose terms share a sign,
 * and further out by Laplace's continued fraction for the tail, φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))).
 */
export function normalDistribution(x: number): number {
  const magnitude = Math.abs(x);
  const density = Math.exp((-magnitude * magnitude) / 2) / Math.sqrt(2 * Math.PI);
  if (magnitude < 3) {
    let term = magnitude;
    let sum = magnitude;
    for (let n = 3; term > sum * 1e-17; n += 2) {
      term *= (magnitude * magnitude) / n;
      sum += term;
    }
    return 0.5 + Math.sign(x) * density * sum;
  }
  let fraction = magnitude;
  for (let n = 200; n >= 1; n -= 1) fraction = magnitude + n / fraction;
  return x > 0 ? 1 - density / fraction : density / fraction;
}
