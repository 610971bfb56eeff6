import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../elementwise.ts";
import { sum } from "../reduce.ts";
import { pairLoss, type Third } from "./pointwise.ts";
import { type Reduction, reduced, requireAlike, requireReduction, requireStretchable } from "./reduction.ts";

export interface BinaryCrossEntropyOptions {
  /** What the loss of a positive counts: a number ≥ 0, or one for each place of the last axis, [C]. Default 1. */
  positiveWeight?: number | Tensor;
  /** A factor of each loss, of a shape that stretches to that of the logits. */
  weight?: Tensor;
  /** Default "mean": over all numbers, whatever they weigh. */
  reduction?: Reduction;
}

/**
 * Binary cross-entropy of σ(logits) and targets from 0 to 1, computed from the logits so that none is too large:
 * −w·(p·t·log σ(x) + (1 − t)·log(1 − σ(x))). PyTorch's binary_cross_entropy_with_logits. Gradients go to logits, targets
 * and weight, not to positiveWeight.
 *
 * ```ts
 * bceWithLogitsLoss(tensor([0, 0]), tensor([1, 0])); // Math.LN2
 * ```
 *
 * @throws {ShapeError} when shapes do not meet; {OptionError} when positiveWeight is below 0. Targets are not checked to be
 *   from 0 to 1. Holds one number a logit, two with `weight`.
 */
export function bceWithLogitsLoss(logits: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  const what = "bceWithLogitsLoss";
  requireKnown(what, options, ["positiveWeight", "weight", "reduction"]);
  const { positiveWeight = 1, weight, reduction = "mean" } = options;
  requireReduction(what, reduction);
  requireAlike(what, logits, target);
  requirePositiveWeight(`${what} positiveWeight`, positiveWeight, logits);
  if (weight) requireStretchable(`${what} weight`, weight, logits.shape);
  const losses = pairLoss("binaryEntropy", logits, target, positiveWeight);
  return reduced(weight ? mul(losses, weight) : losses, reduction);
}

function requirePositiveWeight(what: string, weight: Third, logits: Tensor): void {
  if (!(weight instanceof Tensor)) {
    if (!(Number.isFinite(weight) && weight >= 0)) {
      throw new OptionError(`${what}: expected a number ≥ 0 or a tensor, got ${weight}`);
    }
    return;
  }
  requireFloat32(what, weight);
  const columns = logits.shape.at(-1);
  if (columns === undefined) {
    throw new ShapeError(
      `${what}: expected a number where the logits are a single one, got ${formatShape(weight.shape)}`,
    );
  }
  requireShape(what, weight.shape, [columns]);
}

export interface DivergenceOptions {
  /** The target is given as logarithms of probabilities. Default false. */
  logTarget?: boolean;
  /** Default "mean", by the number of numbers; "batchMean", by the length of the first axis, is the divergence itself. */
  reduction?: Reduction | "batchMean";
}

/**
 * Kullback-Leibler divergence of a distribution from the target, t·(log t − input) for each number; 0 where t = 0.
 * PyTorch's kl_div, with gradients to both.
 *
 * ```ts
 * const target = tensor([[0.5, 0.5]]);
 * klDivLoss(logSoftmax(tensor([[0, 0]])), target, { reduction: "batchMean" }); // 0
 * ```
 *
 * @param logInput logarithms of probabilities, of any shape.
 * @param target probabilities of the same shape, or their logarithms with `logTarget`.
 * @throws {ShapeError} when the shapes differ, or the first axis is missing for "batchMean". A negative probability gives
 *   NaN. The gradient to a probability below 2⁻¹²⁶ is that of 2⁻¹²⁶. Holds one number a pair.
 */
export function klDivLoss(logInput: Tensor, target: Tensor, options: DivergenceOptions = {}): Tensor {
  requireKnown("klDivLoss", options, ["logTarget", "reduction"]);
  const { logTarget = false, reduction = "mean" } = options;
  if (reduction !== "batchMean" && !["mean", "sum", "none"].includes(reduction)) {
    const known = '"mean", "batchMean", "sum" or "none"';
    throw new OptionError(`klDivLoss reduction: expected ${known}, got ${JSON.stringify(reduction)}`);
  }
  if (typeof logTarget !== "boolean") {
    throw new OptionError(`klDivLoss logTarget: expected true or false, got ${JSON.stringify(logTarget)}`);
  }
  requireAlike("klDivLoss", logInput, target);
  if (reduction === "batchMean" && logInput.shape.length === 0) {
    throw new ShapeError('klDivLoss: expected a batch for reduction "batchMean", got a single number');
  }
  const losses = pairLoss(logTarget ? "divergenceOfLogs" : "divergence", logInput, target);
  if (reduction !== "batchMean") return reduced(losses, reduction);
  return mul(sum(losses), 1 / (logInput.shape[0] as number));
}
