/** Activations and their derivatives in float64, with their limits at ±∞: what float32 results are held to. */

/** A function and its derivative; options are those of the kernels, as float32 has them. */
export interface Reference {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  /**
   * Smaller results than this are held to its ulp: where two numbers of this size cancel, what is left has their rounding.
   */
  readonly floor?: number;
}

const single = Math.fround;

const sigmoid = (x: number): number => {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
};
const tanh = Math.tanh;
const tanhSlope = (x: number): number => {
  const e = Math.exp(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
};
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** x·gate, 0 where the gate has shut before x was infinite. */
const through = (x: number, gate: number): number => (gate === 0 ? 0 * (Math.abs(x) < 1 ? x : Math.sign(x)) : x * gate);

/**
 * Φ(x) with its relative precision: Σ 2z/√π·(2z²)ⁿ·e^(−z²)/(1·3·…·(2n + 1)) with z = x/√2 near 0, a continued fraction
 * farther out. Source: Abramowitz & Stegun, 7.1.6 and 7.1.14.
 */
function normalShare(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  if (Number.isNaN(z)) return z;
  if (z < 2.5) {
    let term = (2 / Math.sqrt(Math.PI)) * z * Math.exp(-z * z);
    let sum = term;
    for (let n = 1; term > 1e-18 * sum; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return x < 0 ? 0.5 * (1 - sum) : 0.5 * (1 + sum);
  }
  if (z > 40) return x < 0 ? 0 : 1;
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  const tail = (0.5 * Math.exp(-z * z)) / (Math.sqrt(Math.PI) * fraction);
  return x < 0 ? tail : 1 - tail;
}
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** x·Φ with Φ ≈ σ(2√(2/π)·(x + 0.044715x³)). */
const GELU = 2 * Math.sqrt(2 / Math.PI);
const geluInner = (x: number): number => GELU * (x + 0.044715 * x * x * x);

const step = (on: boolean): number => (on ? 1 : 0);
const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

const silu: Reference = {
  value: (x) => through(x, sigmoid(x)),
  slope: (x) => {
    const [s, rest] = [sigmoid(x), sigmoid(-x)];
    return s === 0 || rest === 0 ? s : s * (1 + x * rest);
  },
};

const [SELU_ALPHA, SELU_SCALE] = [single(1.6732632423543772), single(1.0507009873554805)];
const [TANH_ALPHA, TANH_BETA] = [single(1.7159), single(0.6666666666666666)];
const SIXTH = single(0.16666666666666666);
const LEAK = single(0.01);

/** x/√(1 + x²) and its slope, ±1 and 0 far out. */
const rootSign = (x: number): number => (Math.abs(x) > 1e9 ? Math.sign(x) : x / Math.sqrt(1 + x * x));
const rootSlope = (x: number): number => (1 + x * x) ** -1.5;
const softsign = (x: number): number =>
  Math.abs(x) === Number.POSITIVE_INFINITY ? Math.sign(x) : x / (1 + Math.abs(x));

/** By the names of `activation`, with their default options; gelu has a second form. */
export const references: Readonly<Record<string, Reference>> = {
  identity: { value: (x) => x, slope: () => 1 },
  sigmoid: { value: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  tanh: { value: tanh, slope: tanhSlope },
  relu: { value: (x) => (x > 0 || Number.isNaN(x) ? x : 0), slope: (x) => step(x > 0) },
  leakyRelu: { value: (x) => (x > 0 ? x : LEAK * x), slope: (x) => (x > 0 ? 1 : LEAK) },
  elu: { value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : Math.exp(x)) },
  softplus: { value: softplus, slope: sigmoid },
  gelu: {
    value: (x) => through(x, normalShare(x)),
    slope: (x) => normalShare(x) + through(x, normalDensity(x)),
  },
  "gelu (tanh)": {
    value: (x) => through(x, sigmoid(geluInner(x))),
    slope: (x) => {
      const s = sigmoid(geluInner(x));
      const more = s * sigmoid(-geluInner(x));
      return more === 0 ? s : s + x * more * GELU * (1 + 3 * 0.044715 * x * x);
    },
  },
  silu,
  exponential: { value: Math.exp, slope: Math.exp },
  affine: { value: (x) => x, slope: () => 1 },
  celu: { value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : Math.exp(x)) },
  elliott: {
    value: (x) => (x < 0 ? 0.5 / (1 - x) : 1 - 0.5 / (1 + x)),
    slope: (x) => 0.5 / ((1 + Math.abs(x)) * (1 + Math.abs(x))),
  },
  hardShrink: { value: (x) => (Math.abs(x) <= 0.5 ? 0 : x), slope: (x) => step(Math.abs(x) > 0.5) },
  hardSigmoid: {
    floor: 0.5,
    value: (x) => clamp(SIXTH * x + 0.5, 0, 1),
    slope: (x) => (SIXTH * x + 0.5 > 0 && SIXTH * x + 0.5 < 1 ? SIXTH : 0),
  },
  hardSilu: {
    value: (x) => (x <= -3 ? 0 : x >= 3 ? x : x * (x / 6 + 0.5)),
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
  },
  hardTanh: { value: (x) => clamp(x, -1, 1), slope: (x) => step(x > -1 && x < 1) },
  isru: { value: rootSign, slope: rootSlope },
  isrlu: { value: (x) => (x < 0 ? rootSign(x) : x), slope: (x) => (x < 0 ? rootSlope(x) : 1) },
  logSigmoid: { value: (x) => -softplus(-x), slope: (x) => sigmoid(-x) },
  mish: {
    value: (x) => through(x, mishGate(x)),
    slope: (x) => {
      const t = mishGate(x);
      if (t === 0 || t === 1) return t;
      const e = Math.exp(x);
      const d = e * (e + 2) + 2;
      return t + (4 * x * e * (1 + e)) / (d * d);
    },
  },
  modifiedElliott: { floor: 0.5, value: (x) => rootSign(x) + 0.5, slope: rootSlope },
  penalizedTanh: {
    value: (x) => (x > 0 ? tanh(x) : 0.25 * tanh(x)),
    slope: (x) => (x > 0 ? tanhSlope(x) : 0.25 * tanhSlope(x)),
  },
  relu6: { value: (x) => clamp(x, 0, 6), slope: (x) => step(x > 0 && x < 6) },
  scaledTanh: {
    value: (x) => TANH_ALPHA * tanh(TANH_BETA * x),
    slope: (x) => TANH_ALPHA * TANH_BETA * tanhSlope(TANH_BETA * x),
  },
  selu: {
    value: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    slope: (x) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)),
  },
  sine: { value: Math.sin, slope: Math.cos },
  snake: { floor: 1, value: (x) => x + Math.sin(x) ** 2, slope: (x) => 1 + Math.sin(2 * x) },
  softShrink: {
    value: (x) => (x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0 * x),
    slope: (x) => step(Math.abs(x) > 0.5),
  },
  softsign: { value: softsign, slope: (x) => 1 / ((1 + Math.abs(x)) * (1 + Math.abs(x))) },
  sparsePlus: {
    value: (x) => (x <= -1 ? 0 : x < 1 ? 0.25 * (x + 1) * (x + 1) : x),
    slope: (x) => (x <= -1 ? 0 : x < 1 ? 0.5 * (x + 1) : 1),
  },
  sparseSigmoid: { value: (x) => clamp(0.5 * x + 0.5, 0, 1), slope: (x) => 0.5 * step(x > -1 && x < 1) },
  squareplus: {
    // Neither of its two forms cancels where it is taken.
    value: (x) => (x < 0 ? 2 / (Math.sqrt(x * x + 4) - x) : 0.5 * (x + Math.sqrt(x * x + 4))),
    slope: (x) => {
      const root = Math.sqrt(x * x + 4);
      if (x > 0) return root === Number.POSITIVE_INFINITY ? 1 : 0.5 * (1 + x / root);
      return root === Number.POSITIVE_INFINITY ? 0 : 2 / (root * (root - x));
    },
  },
  swish: silu,
  tanhShrink: { value: tanhRest, slope: (x) => tanh(x) ** 2 },
  threshold: { value: (x) => Math.max(x, 0), slope: (x) => step(x > 0) },
  thresholdedRelu: { value: (x) => (x <= 1 ? 0 : x), slope: (x) => step(x > 1) },
};

/** tanh(log(1 + eˣ)) */
function mishGate(x: number): number {
  if (x > 40) return 1;
  const e = Math.exp(x);
  const n = e * (e + 2);
  return n / (n + 2);
}

/** x − tanh x with its relative precision: by its series near 0. */
function tanhRest(x: number): number {
  if (!(Math.abs(x) < 0.02)) return x - tanh(x);
  const t = x * x;
  return x * t * (1 / 3 - t * (2 / 15 - t * (17 / 315 - (t * 62) / 2835)));
}
