import type { LearnedParameter } from "./expression/expression.ts";
import { RATIONAL, RATIONAL_TANH, SPLINE, SPLINE_TANH, SQUAREPLUS, TANH_SHRINK } from "./formulas.ts";

/**
 * Activations by name that are expressions: those of torch.nn, keras.activations and ONNX's recurrent operators beyond the
 * ten of the engine's core, and those that studies of recurrent networks found good. Each is one line; its derivative is
 * made from it, and at a corner it is that of the expression (see `activation`).
 */

/** An activation that an expression describes. */
export interface CatalogueEntry {
  readonly formula: string;
  /** Its options, and their values when they are not given. */
  readonly options: Readonly<Record<string, number>>;
  /** Whether options that are not given are learned, from these values on. */
  readonly learned?: boolean;
  /** The least and the largest value, with these options. */
  readonly range: readonly [least: number, largest: number];
  /** The largest |f′|, with these options. */
  readonly gain: number;
  /** Where it comes from. */
  readonly source: string;
  /**
   * The number of its kernels in the module of the catalogue, where they are written by hand; else it is compiled.
   * @internal
   */
  readonly kernel?: number | null;
}

const least = Number.NEGATIVE_INFINITY;
const largest = Number.POSITIVE_INFINITY;

/** SELU's two constants: mean 0 and deviation 1 stay what they are. */
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/**
 * The catalogue, by name.
 *
 * ```ts
 * activationCatalogue.mish.formula; // "x * tanh(softplus(x))"
 * activation("mish").apply(tensor([0])); // [0]
 * Object.keys(activationCatalogue).includes("penalizedTanh"); // true
 * ```
 */
export const activationCatalogue = {
  acon: {
    formula: "(p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x",
    options: { p1: 1, p2: 0, beta: 1 },
    learned: true,
    range: [-0.27847, largest],
    gain: 1.09984,
    source: "Ma et al. 2021, Activate or not: learning customized activation; ACON-C, with one p1, p2 and beta for all",
  },
  affine: {
    formula: "alpha * x + beta",
    options: { alpha: 1, beta: 0 },
    range: [least, largest],
    gain: 1,
    source: "ONNX, attribute activations of RNN, LSTM and GRU",
  },
  celu: {
    formula: "where(x > 0, x, alpha * expm1(x / alpha))",
    options: { alpha: 1 },
    range: [-1, largest],
    gain: 1,
    source: "Barron 2017, Continuously differentiable exponential linear units",
  },
  elliott: {
    formula: "where(x < 0, 0.5 / (1 - x), 1 - 0.5 / (1 + x))",
    options: {},
    range: [0, 1],
    gain: 0.5,
    source:
      "Elliott 1993, A better activation function for artificial neural networks; Farzad et al. 2019 in LSTM gates",
  },
  hardShrink: {
    formula: "where(abs(x) <= lambda, 0, x)",
    options: { lambda: 0.5 },
    range: [least, largest],
    gain: 1,
    source: "torch.nn.Hardshrink",
  },
  hardSigmoid: {
    formula: "clamp(alpha * x + beta, 0, 1)",
    options: { alpha: 0.16666666666666666, beta: 0.5 },
    range: [0, 1],
    gain: 0.16666666666666666,
    source: "Courbariaux et al. 2015, BinaryConnect; with alpha 1/6 as in torch.nn and Keras 3, with 0.2 as in ONNX",
  },
  hardSilu: {
    formula: "where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6))",
    options: {},
    range: [-0.375, largest],
    gain: 1.5,
    source: "Howard et al. 2019, Searching for MobileNetV3; torch.nn.Hardswish",
  },
  hardTanh: {
    formula: "clamp(x, minimum, maximum)",
    options: { minimum: -1, maximum: 1 },
    range: [-1, 1],
    gain: 1,
    source: "Collobert 2004, Large scale machine learning; torch.nn.Hardtanh",
  },
  isru: {
    formula: "clamp(x, -1e18, 1e18) / sqrt(1 + alpha * clamp(x, -1e18, 1e18) ^ 2)",
    options: { alpha: 1 },
    range: [-1, 1],
    gain: 1,
    source: "Carlile et al. 2017, Improving deep learning by inverse square root linear units",
  },
  isrlu: {
    formula: "where(x < 0, max(x, -1e18) / sqrt(1 + alpha * max(x, -1e18) ^ 2), x)",
    options: { alpha: 1 },
    range: [-1, largest],
    gain: 1,
    source: "Carlile et al. 2017, Improving deep learning by inverse square root linear units",
  },
  logSigmoid: {
    formula: "-softplus(-x)",
    options: {},
    range: [least, 0],
    gain: 1,
    source: "torch.nn.LogSigmoid",
  },
  mish: {
    formula: "x * tanh(softplus(x))",
    options: {},
    range: [-0.30884, largest],
    gain: 1.08857,
    source: "Misra 2019, Mish: a self regularized non-monotonic activation function",
    kernel: 2,
  },
  modifiedElliott: {
    formula: "clamp(x, -1e18, 1e18) / sqrt(1 + clamp(x, -1e18, 1e18) ^ 2) + 0.5",
    options: {},
    range: [-0.5, 1.5],
    gain: 1,
    source: "Farzad, Mashayekhi & Hassanpour 2019, best of 23 in LSTM gates there",
  },
  modRelu: {
    formula: "sign(x) * relu(abs(x) + b)",
    options: { b: 0 },
    learned: true,
    range: [least, largest],
    gain: 1,
    source:
      "Arjovsky, Shah & Bengio 2016, Unitary evolution recurrent neural networks; for real numbers, one b for all",
  },
  penalizedTanh: {
    formula: "where(x > 0, tanh(x), alpha * tanh(x))",
    options: { alpha: 0.25 },
    range: [-0.25, 1],
    gain: 1,
    source: "Eger, Youssef & Gurevych 2018, Is it time to swish? Best of 21 in LSTM cells there",
    kernel: 0,
  },
  prelu: {
    formula: "where(x > 0, x, a * x)",
    options: { a: 0.25 },
    learned: true,
    range: [least, largest],
    gain: 1,
    source: "He et al. 2015, Delving deep into rectifiers; torch.nn.PReLU",
  },
  rational: {
    formula: RATIONAL,
    options: RATIONAL_TANH,
    learned: true,
    range: [least, largest],
    gain: 1,
    source: "Molina, Schramowski & Kersting 2020, Padé activation units; at first the approximant of tanh",
  },
  relu6: {
    formula: "clamp(x, 0, 6)",
    options: {},
    range: [0, 6],
    gain: 1,
    source: "Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10; torch.nn.ReLU6",
  },
  scaledTanh: {
    formula: "alpha * tanh(beta * x)",
    options: { alpha: 1.7159, beta: 0.6666666666666666 },
    range: [-1.7159, 1.7159],
    gain: 1.14393,
    source: "LeCun et al. 1998, Efficient BackProp; ONNX",
  },
  selu: {
    formula: "scale * where(x > 0, x, alpha * expm1(x))",
    options: SELU,
    range: [-1.7581, largest],
    gain: 1.75809,
    source: "Klambauer et al. 2017, Self-normalizing neural networks",
  },
  sine: {
    formula: "sin(x)",
    options: {},
    range: [-1, 1],
    gain: 1,
    source: "Sitzmann et al. 2020, Implicit neural representations with periodic activation functions",
  },
  snake: {
    formula: "x + sin(alpha * x) ^ 2 / alpha",
    options: { alpha: 1 },
    range: [least, largest],
    gain: 2,
    source: "Ziyin, Hartwig & Ueda 2020, Neural networks fail to learn periodic functions and how to fix it",
  },
  softShrink: {
    formula: "where(abs(x) <= lambda, 0, x - sign(x) * lambda)",
    options: { lambda: 0.5 },
    range: [least, largest],
    gain: 1,
    source: "torch.nn.Softshrink",
  },
  softsign: {
    formula: "clamp(x, -1e30, 1e30) / (1 + abs(clamp(x, -1e30, 1e30)))",
    options: {},
    range: [-1, 1],
    gain: 1,
    source: "Bergstra et al. 2009, Quadratic polynomials learn better image features",
  },
  sparsePlus: {
    formula: "where(x <= -1, 0, where(x < 1, 0.25 * (x + 1) ^ 2, x))",
    options: {},
    range: [0, largest],
    gain: 1,
    source: "keras.activations.sparse_plus",
  },
  sparseSigmoid: {
    formula: "clamp(0.5 * (x + 1), 0, 1)",
    options: {},
    range: [0, 1],
    gain: 0.5,
    source: "keras.activations.sparse_sigmoid",
  },
  spline: {
    formula: SPLINE,
    options: SPLINE_TANH,
    learned: true,
    range: [-0.99506, 0.99506],
    gain: 0.89977,
    source: "Scardapane et al. 2019, Learning activation functions from data using cubic spline interpolation",
  },
  squareplus: {
    formula: SQUAREPLUS,
    options: { b: 4 },
    range: [0, largest],
    gain: 1,
    source: "Barron 2021, Squareplus: a softplus-like algebraic rectifier",
  },
  srelu: {
    formula: "where(x >= tr, tr + ar * (x - tr), where(x > tl, x, tl + al * (x - tl)))",
    options: { tl: 0, al: 0.2, tr: 1, ar: 1 },
    learned: true,
    range: [least, largest],
    gain: 1,
    source: "Jin et al. 2016, Deep learning with S-shaped rectified linear activation units; one S for all",
  },
  swish: {
    formula: "x * sigmoid(beta * x)",
    options: { beta: 1 },
    range: [-0.27847, largest],
    gain: 1.09984,
    source: "Ramachandran, Zoph & Le 2017, Searching for activation functions",
    kernel: 1,
  },
  tanhShrink: {
    formula: TANH_SHRINK,
    options: {},
    range: [least, largest],
    gain: 1,
    source: "torch.nn.Tanhshrink",
  },
  threshold: {
    formula: "where(x <= threshold, value, x)",
    options: { threshold: 0, value: 0 },
    range: [0, largest],
    gain: 1,
    source: "torch.nn.Threshold",
  },
  thresholdedRelu: {
    formula: "where(x <= alpha, 0, x)",
    options: { alpha: 1 },
    range: [0, largest],
    gain: 1,
    source: "Konda, Memisevic & Krueger 2014, Zero-bias autoencoders; ONNX",
  },
} as const satisfies Record<string, CatalogueEntry>;

/** A name in the catalogue. */
export type CatalogueName = keyof typeof activationCatalogue;

/** The options that an activation of the catalogue takes. */
export type CatalogueOptions<Name extends CatalogueName> = {
  readonly [Option in keyof (typeof activationCatalogue)[Name]["options"]]?: number | LearnedParameter;
};
