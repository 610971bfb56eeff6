/**
 * Activation maps and their derivatives as plain loops over a Float32Array. One loop a function, on purpose: a shared
 * loop taking a closure would turn megamorphic and make this side of the comparison slower than it has to be.
 */

export interface PlainActivation {
  (x: Float32Array): Float32Array;
  derivative(x: Float32Array): Float32Array;
}

function activation(
  map: (x: Float32Array) => Float32Array,
  derivative: (x: Float32Array) => Float32Array,
): PlainActivation {
  return Object.assign(map, { derivative });
}

/** The error function by Abramowitz & Stegun 7.1.26, absolute error below 1.5e-7. */
export function erf(x: number): number {
  const a = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * a);
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const value = 1 - series * Math.exp(-a * a);
  return x < 0 ? -value : value;
}

const INVERSE_ROOT_TWO = Math.SQRT1_2;
const INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** The options that the library defaults to. */
const NEGATIVE_SLOPE = 0.01;
const ALPHA = 1;

export const plainActivations = {
  identity: activation(
    (x) => x.slice(),
    (x) => new Float32Array(x.length).fill(1),
  ),

  sigmoid: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        const s = 1 / (1 + Math.exp(-x[i]));
        y[i] = s * (1 - s);
      }
      return y;
    },
  ),

  tanh: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = Math.tanh(x[i]);
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        const t = Math.tanh(x[i]);
        y[i] = 1 - t * t;
      }
      return y;
    },
  ),

  relu: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = Math.max(x[i], 0);
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? 1 : 0;
      return y;
    },
  ),

  leakyRelu: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : NEGATIVE_SLOPE * x[i];
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? 1 : NEGATIVE_SLOPE;
      return y;
    },
  ),

  elu: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? x[i] : ALPHA * Math.expm1(x[i]);
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] > 0 ? 1 : ALPHA * Math.exp(x[i]);
      return y;
    },
  ),

  softplus: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
      return y;
    },
  ),

  gelu: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = 0.5 * x[i] * (1 + erf(x[i] * INVERSE_ROOT_TWO));
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        const v = x[i];
        y[i] = 0.5 * (1 + erf(v * INVERSE_ROOT_TWO)) + v * INVERSE_ROOT_TWO_PI * Math.exp(-0.5 * v * v);
      }
      return y;
    },
  ),

  silu: activation(
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] / (1 + Math.exp(-x[i]));
      return y;
    },
    (x) => {
      const y = new Float32Array(x.length);
      for (let i = 0; i < x.length; i++) {
        const s = 1 / (1 + Math.exp(-x[i]));
        y[i] = s * (1 + x[i] * (1 - s));
      }
      return y;
    },
  ),
};

export type ActivationName = keyof typeof plainActivations;
export const activationNames = Object.keys(plainActivations) as ActivationName[];
