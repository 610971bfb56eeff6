import { giveGradient, gradientOf, record } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { formatShape, requireFloat32, requireShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a row is measured by: its mean square, its mean and variance, or numbers that are given. */
const modes = { root: 0, centred: 1, given: 2 } as const;

/** PyTorch's default where RMSNorm is given no epsilon: the distance from 1 to the next float32. */
export const FLOAT32_EPSILON = 2 ** -23;

export interface LayerNormFunctionOptions {
  /** Multiplied with what is normalised, of the normalised shape. */
  weight?: Tensor | null;
  /** Added to it, of the same shape. */
  bias?: Tensor | null;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
}

export interface RMSNormFunctionOptions {
  /** Multiplied with what is normalised, of the normalised shape. */
  weight?: Tensor | null;
  /** Added to the mean square; default 2⁻²³. */
  epsilon?: number;
}

/** Mean and variance of each row, [rows] each. */
export interface RowStatistics {
  readonly means: Tensor;
  readonly variances: Tensor;
}

/**
 * y = (x − mean x)/√(var x + ε) ⊙ weight + bias over the last axes, the variance being that of the numbers at hand.
 *
 * ```ts
 * const x = normal([2, 8, 64]);
 * layerNorm(x, [64]).shape; // [2, 8, 64]
 * const [weight, bias] = [ones([8, 64]), zeros([8, 64])];
 * mean(layerNorm(x, [8, 64], { weight, bias }), [1, 2]); // [0, 0]
 * ```
 *
 * @param x [..., ...normalizedShape]
 * @param normalizedShape the sizes of the axes that are normalised together.
 * @returns x's shape.
 * @throws {ShapeError} when x does not end in `normalizedShape`, or weight or bias are not of that shape; {OptionError}
 *   when an option is unknown or `epsilon` is negative.
 * Keeps two numbers a row, and x, for the way back.
 * Source: Ba, Kiros & Hinton 2016, "Layer normalization".
 */
export function layerNorm(x: Tensor, normalizedShape: Shape, options: LayerNormFunctionOptions = {}): Tensor {
  requireKnown("layerNorm", options, ["weight", "bias", "epsilon"]);
  const { weight = null, bias = null, epsilon = 1e-5 } = options;
  requireEpsilon("layerNorm", epsilon);
  const columns = requireEnding("layerNorm", x, normalizedShape);
  for (const [name, t] of Object.entries({ weight, bias })) {
    if (t) requireLike(`layerNorm ${name}`, t, normalizedShape);
  }
  return normalise(x, { weight, bias, epsilon, columns, mode: "centred" }).y;
}

/**
 * y = x/√(mean x² + ε) ⊙ weight over the last axes: layerNorm without the mean, which costs less.
 *
 * ```ts
 * rmsNorm(tensor([[1, 7]]), [2], { weight: tensor([5, 10]), epsilon: 1e-12 }); // [[1, 14]]
 * ```
 *
 * @param x [..., ...normalizedShape]
 * @throws {ShapeError} when x does not end in `normalizedShape`, or weight is not of that shape; {OptionError} when an
 *   option is unknown or `epsilon` is negative.
 * Keeps two numbers a row, and x, for the way back.
 * Source: Zhang & Sennrich 2019, "Root mean square layer normalization".
 */
export function rmsNorm(x: Tensor, normalizedShape: Shape, options: RMSNormFunctionOptions = {}): Tensor {
  requireKnown("rmsNorm", options, ["weight", "epsilon"]);
  const { weight = null, epsilon = FLOAT32_EPSILON } = options;
  requireEpsilon("rmsNorm", epsilon);
  const columns = requireEnding("rmsNorm", x, normalizedShape);
  if (weight) requireLike("rmsNorm weight", weight, normalizedShape);
  return normalise(x, { weight, bias: null, epsilon, columns, mode: "root" }).y;
}

/**
 * Each row of a matrix by its own mean and variance, or by given ones, through which no gradient flows. What batch
 * normalisation is made of; no gain and no bias.
 * @returns y and, where they were not given, the mean and the variance of each row; no gradient flows through those.
 */
export function normaliseRows(
  x: Tensor,
  epsilon: number,
  given?: RowStatistics,
): { y: Tensor; statistics: RowStatistics } {
  requireShape("normaliseRows x", x.shape, ["rows", "columns"]);
  const columns = x.shape[1] as number;
  return normalise(x, { weight: null, bias: null, epsilon, columns, mode: given ? "given" : "centred", given });
}

interface Plan {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly epsilon: number;
  readonly columns: number;
  readonly mode: keyof typeof modes;
  readonly given?: RowStatistics | undefined;
}

function normalise(x: Tensor, plan: Plan): { y: Tensor; statistics: RowStatistics } {
  const { weight, bias, epsilon, columns, given } = plan;
  const mode = modes[plan.mode];
  const rows = columns === 0 ? 0 : x.size / columns;
  const y = Tensor.inStep(x.shape);
  const statistics = given ?? { means: Tensor.inStep([rows]), variances: Tensor.inStep([rows]) };
  const { means, variances } = statistics;
  const [gain, offset] = [weight?.address ?? 0, bias?.address ?? 0];
  companion().normForward(
    x.address,
    gain,
    offset,
    y.address,
    means.address,
    variances.address,
    rows,
    columns,
    mode,
    epsilon,
  );
  const parameters = [weight, bias].filter((t) => t !== null);
  record([x, ...parameters], [y], () => {
    const e = engine();
    const learns = parameters.some((t) => t.requiresGrad);
    const dx = x.requiresGrad ? e.allocate(x.size) : 0;
    const dGain = learns ? e.allocate(columns) : 0;
    const dBias = learns ? e.allocate(columns) : 0;
    const workspace = learns ? e.allocate(companion().normWorkspaceSize(columns)) : 0;
    companion().normBackward(
      x.address,
      weight?.address ?? 0,
      gradientOf(y),
      means.address,
      variances.address,
      dx,
      dGain,
      dBias,
      rows,
      columns,
      mode,
      epsilon,
      workspace,
    );
    giveGradient(x, dx);
    if (weight) giveGradient(weight, dGain);
    if (bias) giveGradient(bias, dBias);
  });
  return { y, statistics };
}

/** How many numbers the last axes hold. @throws {ShapeError} unless x is of float32 and ends in them. */
function requireEnding(what: string, x: Tensor, ending: Shape): number {
  requireFloat32(`${what} x`, x);
  const rank = ending.length;
  if (rank === 0 || rank > x.shape.length || !sameShape(x.shape.slice(-rank), ending)) {
    throw new ShapeError(`${what} x: expected [..., ${ending.join(", ")}], got ${formatShape(x.shape)}`);
  }
  return sizeOf(ending);
}

function requireLike(what: string, t: Tensor, shape: Shape): void {
  requireFloat32(what, t);
  requireShape(what, t.shape, shape);
}

/** @throws {OptionError} unless `epsilon` is finite and ≥ 0. */
export function requireEpsilon(what: string, epsilon: number): void {
  if (!(epsilon >= 0 && Number.isFinite(epsilon))) {
    throw new OptionError(`${what} epsilon: expected a number ≥ 0, got ${epsilon}`);
  }
}
