import { giveGradient, gradientOf, needsGradient, record, writeGradient } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { type Lengths, requireLengths } from "../../tensor/lengths.ts";
import { formatShape, requireFloat32, requireShape, sameShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { div, MULTIPLY } from "../elementwise.ts";
import { requireIndices } from "../embedding.ts";
import { reshape } from "../layout.ts";
import { sum } from "../reduce.ts";
import { type Reduction, requireReduction } from "./reduction.ts";

export interface ClassificationLossOptions {
  /** [C] a weight for each class; the mean is then the weighted mean. */
  weight?: Tensor;
  /** Targets of this class are left out of loss and gradient; default −100. */
  ignoreIndex?: number;
  /**
   * How many steps each sequence has, 0 to T, for input [T, B, C] and targets [T, B]. What lies behind the end of a
   * sequence, input or target, is never looked at, gets a gradient of 0 and does not count in the mean.
   */
  lengths?: Lengths;
  /** Default "mean". */
  reduction?: Reduction;
}

export interface CrossEntropyOptions extends ClassificationLossOptions {
  /** ε, from 0 to 1: so much of a target's weight is shared by all classes alike (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
}

/** The class that is left out unless another is named; below every class there is. */
const IGNORED = -100;

interface Rows {
  readonly rows: number;
  readonly classes: number;
  /** The targets, those behind the end of their sequence made ignoreIndex. */
  readonly targets: Tensor;
  readonly weight: number;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
}

function checkClasses(
  what: string,
  input: Tensor,
  given: Tensor,
  options: ClassificationLossOptions,
  known: readonly string[] = [],
): Rows {
  requireKnown(what, options, ["weight", "ignoreIndex", "lengths", "reduction", ...known]);
  const { weight, ignoreIndex = IGNORED, lengths, reduction = "mean" } = options;
  requireReduction(what, reduction);
  const classes = input.shape.at(-1);
  if (classes === undefined || classes === 0 || !sameShape(input.shape.slice(0, -1), given.shape)) {
    throw new ShapeError(
      `${what}: expected input [..., C] and targets [...], got ${formatShape(input.shape)} and ${formatShape(given.shape)}`,
    );
  }
  requireFloat32(what, input);
  if (weight) {
    requireFloat32(`${what} weight`, weight);
    requireShape(`${what} weight`, weight.shape, [classes]);
  }
  if (given.dtype !== "int32") throw new ShapeError(`${what} targets: expected int32 indices, got ${given.dtype}`);
  const targets = lengths === undefined ? given : withoutPadding(what, given, lengths, ignoreIndex);
  requireIndices(`${what} targets`, targets, classes, ignoreIndex);
  return { rows: targets.size, classes, targets, weight: weight?.address ?? 0, ignoreIndex, reduction };
}

/** The targets [T, B] with ignoreIndex behind the end of each sequence. */
function withoutPadding(what: string, targets: Tensor, lengths: Lengths, ignoreIndex: number): Tensor {
  requireShape(`${what} targets with lengths`, targets.shape, ["T", "B"]);
  const [steps, batch] = targets.shape as [number, number];
  const ends = Tensor.fromArray(requireLengths(`${what} lengths`, lengths, batch, steps), [batch]);
  const masked = Tensor.inStep(targets.shape, "int32");
  engine().kernels.maskTargets(targets.address, ends.address, masked.address, steps, batch, ignoreIndex);
  return masked;
}

/** The losses of the rows, reduced; the mean divides by the weights of the targets. */
function reduceRows(losses: Tensor, { rows, targets, weight, ignoreIndex, reduction }: Rows): Tensor {
  if (reduction === "none") return reshape(losses, targets.shape);
  const total = sum(losses);
  if (reduction === "sum") return total;
  return div(total, engine().kernels.totalWeight(targets.address, weight, rows, ignoreIndex));
}

/**
 * Softmax cross-entropy: −w_t·log softmax(x)_t for each row. Loss and gradient are computed together, in one pass over
 * the logits. With labels smoothed by ε, (1 − ε)·that + ε/C·Σ_c −w_c·log softmax(x)_c, and the mean still divides by the
 * weights of the targets, as in PyTorch.
 *
 * ```ts
 * const logits = zeros([5, 2, 10]); // five steps of two sequences, ten classes
 * const targets = tensor(new Int32Array(10), [5, 2]);
 * crossEntropy(logits, targets, { lengths: [5, 3], labelSmoothing: 0.1 }); // Math.log(10)
 * ```
 *
 * @param logits [..., C]
 * @param targets int32 [...], classes from 0 to C − 1
 * @returns a single number, or [...] with reduction "none". The mean over nothing is NaN.
 * @throws {ShapeError} when shapes do not meet; {OptionError} when a target is no class, a length is not a whole number
 *   from 0 to T, or ε is not from 0 to 1.
 * Saves its gradient for the way back: C numbers a row; with lengths, the targets once more.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const checked = checkClasses("crossEntropy", logits, targets, options, ["labelSmoothing"]);
  const { labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new OptionError(`crossEntropy labelSmoothing: expected a number from 0 to 1, got ${labelSmoothing}`);
  }
  const { rows, classes, weight, ignoreIndex, reduction } = checked;
  const { kernels } = engine();
  const { address } = checked.targets;
  const factor = reduction === "mean" ? 1 / kernels.totalWeight(address, weight, rows, ignoreIndex) : 1;
  const losses = Tensor.inStep(targets.shape);
  const gradient = needsGradient([logits]) ? engine().allocate(logits.size) : 0;
  const places = [logits.address, address, weight, losses.address, gradient] as const;
  if (labelSmoothing === 0) kernels.crossEntropy(...places, rows, classes, ignoreIndex, factor);
  else kernels.smoothedCrossEntropy(...places, rows, classes, ignoreIndex, factor, labelSmoothing);
  const loss = reduction === "none" ? losses : Tensor.inStep([]);
  if (reduction !== "none") {
    kernels.sumAxis(losses.address, loss.address, 1, rows, 1);
    kernels.scale(loss.address, loss.address, 1, factor);
  }
  record([logits], [loss], () => {
    if (reduction === "none") {
      kernels.binary(MULTIPLY, gradient, gradientOf(loss), gradient, rows, classes, classes, 1, 1, 0);
    } else {
      const dLoss = engine().f32[gradientOf(loss) >>> 2] as number;
      if (dLoss !== 1) kernels.scale(gradient, gradient, logits.size, dLoss);
    }
    giveGradient(logits, gradient);
  });
  return loss;
}

/**
 * Negative log-likelihood: −w_t·x_t for each row of log-probabilities; arguments and reductions as `crossEntropy`.
 *
 * ```ts
 * nllLoss(logSoftmax(zeros([1, 4])), tensor(Int32Array.of(2))); // Math.log(4)
 * ```
 *
 * @throws {ShapeError} when shapes do not meet; {OptionError} when a target is no class, or a length is not a whole number
 *   from 0 to T.
 */
export function nllLoss(logProbabilities: Tensor, targets: Tensor, options: ClassificationLossOptions = {}): Tensor {
  const checked = checkClasses("nllLoss", logProbabilities, targets, options);
  const { rows, classes, weight, ignoreIndex } = checked;
  const losses = Tensor.inStep([rows]);
  const at = checked.targets.address;
  companion().negativeLogLikelihood(logProbabilities.address, at, weight, losses.address, rows, classes, ignoreIndex);
  record([logProbabilities], [losses], () => {
    writeGradient(logProbabilities, (d) => {
      const from = gradientOf(losses);
      companion().negativeLogLikelihoodBackward(checked.targets.address, weight, from, d, rows, classes, ignoreIndex);
    });
  });
  return reduceRows(losses, checked);
}
