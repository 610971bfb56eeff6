import { giveGradient, gradientOf, needsGradient, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
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
  /** Default "mean". */
  reduction?: Reduction;
}

/** The class that is left out unless another is named; below every class there is. */
const IGNORED = -100;

interface Rows {
  readonly rows: number;
  readonly classes: number;
  readonly weight: number;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
}

function checkClasses(what: string, input: Tensor, targets: Tensor, options: ClassificationLossOptions): Rows {
  requireKnown(what, options, ["weight", "ignoreIndex", "reduction"]);
  const { weight, ignoreIndex = IGNORED, reduction = "mean" } = options;
  requireReduction(what, reduction);
  const classes = input.shape.at(-1);
  if (classes === undefined || classes === 0 || !sameShape(input.shape.slice(0, -1), targets.shape)) {
    throw new ShapeError(
      `${what}: expected input [..., C] and targets [...], got ${formatShape(input.shape)} and ${formatShape(targets.shape)}`,
    );
  }
  requireFloat32(what, input);
  if (weight) {
    requireFloat32(`${what} weight`, weight);
    requireShape(`${what} weight`, weight.shape, [classes]);
  }
  requireIndices(`${what} targets`, targets, classes, ignoreIndex);
  return { rows: targets.size, classes, weight: weight?.address ?? 0, ignoreIndex, reduction };
}

/** The losses of the rows, reduced; the mean divides by the weights of the targets. */
function reduceRows(losses: Tensor, targets: Tensor, { rows, weight, ignoreIndex, reduction }: Rows): Tensor {
  if (reduction === "none") return reshape(losses, targets.shape);
  const total = sum(losses);
  if (reduction === "sum") return total;
  return div(total, engine().kernels.totalWeight(targets.address, weight, rows, ignoreIndex));
}

/**
 * Softmax cross-entropy: −w_t·log softmax(x)_t for each row. Loss and gradient are computed together, in one pass over
 * the logits.
 * @param logits [..., C]
 * @param targets int32 [...], classes from 0 to C − 1
 * @returns a single number, or [...] with reduction "none". The mean over nothing is NaN.
 * @throws {ShapeError} when shapes do not meet; {OptionError} when a target is no class.
 * Saves its gradient for the way back: C numbers a row.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: ClassificationLossOptions = {}): Tensor {
  const { rows, classes, weight, ignoreIndex, reduction } = checkClasses("crossEntropy", logits, targets, options);
  const { kernels } = engine();
  const factor = reduction === "mean" ? 1 / kernels.totalWeight(targets.address, weight, rows, ignoreIndex) : 1;
  const losses = Tensor.inStep(targets.shape);
  const gradient = needsGradient([logits]) ? engine().allocate(logits.size) : 0;
  kernels.crossEntropy(
    logits.address,
    targets.address,
    weight,
    losses.address,
    gradient,
    rows,
    classes,
    ignoreIndex,
    factor,
  );
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
 * @throws {ShapeError} when shapes do not meet; {OptionError} when a target is no class.
 */
export function nllLoss(logProbabilities: Tensor, targets: Tensor, options: ClassificationLossOptions = {}): Tensor {
  const rows = checkClasses("nllLoss", logProbabilities, targets, options);
  const { kernels } = engine();
  const { weight, ignoreIndex } = rows;
  const losses = Tensor.inStep([rows.rows]);
  const { address } = logProbabilities;
  kernels.negativeLogLikelihood(address, targets.address, weight, losses.address, rows.rows, rows.classes, ignoreIndex);
  record([logProbabilities], [losses], () => {
    writeGradient(logProbabilities, (d) => {
      const from = gradientOf(losses);
      kernels.negativeLogLikelihoodBackward(targets.address, weight, from, d, rows.rows, rows.classes, ignoreIndex);
    });
  });
  return reduceRows(losses, targets, rows);
}
