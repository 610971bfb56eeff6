import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { pairLoss } from "./pointwise.ts";
import { type Reduction, reduced, requireAlike, requireReduction } from "./reduction.ts";

/** Options of a loss of pairs of numbers. */
export interface RegressionLossOptions {
  /** Default "mean". */
  reduction?: Reduction;
}

/**
 * Squared error (prediction − target)², averaged unless said otherwise.
 *
 * ```ts
 * mseLoss(tensor([1, 2]), tensor([3, 2])); // 2
 * ```
 *
 * @throws {ShapeError} when the shapes differ.
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: RegressionLossOptions = {}): Tensor {
  requireKnown("mseLoss", options, ["reduction"]);
  const { reduction = "mean" } = options;
  requireReduction("mseLoss", reduction);
  requireAlike("mseLoss", prediction, target);
  const { kernels } = engine();
  const errors = Tensor.inStep(prediction.shape);
  kernels.squaredDifference(prediction.address, target.address, errors.address, errors.size);
  record([prediction, target], [errors], () => {
    const send = (to: Tensor, other: Tensor): void =>
      writeGradient(to, (d) => {
        kernels.squaredDifferenceBackward(to.address, other.address, gradientOf(errors), d, errors.size);
      });
    send(prediction, target);
    send(target, prediction);
  });
  return reduced(errors, reduction);
}

/**
 * Absolute error |prediction − target|, averaged unless said otherwise: PyTorch's l1_loss. Where both are equal the
 * gradient is 0.
 *
 * ```ts
 * maeLoss(tensor([1, 2]), tensor([3, 2])); // 1
 * ```
 *
 * @throws {ShapeError} when the shapes differ. Holds one number a pair.
 */
export function maeLoss(prediction: Tensor, target: Tensor, options: RegressionLossOptions = {}): Tensor {
  requireKnown("maeLoss", options, ["reduction"]);
  const { reduction = "mean" } = options;
  requireReduction("maeLoss", reduction);
  requireAlike("maeLoss", prediction, target);
  return reduced(pairLoss("absolute", prediction, target), reduction);
}

export interface HuberLossOptions extends RegressionLossOptions {
  /** The error from which on the loss grows in a straight line; above 0, default 1. */
  delta?: number;
}

/**
 * Squared for small errors, straight for large ones, which outliers then pull at with bounded force (Huber 1964): with
 * e = |prediction − target|, e²/2 where e ≤ δ, δ·(e − δ/2) beyond. PyTorch's huber_loss; with δ = 1 its smooth_l1_loss.
 *
 * ```ts
 * huberLoss(tensor([0, 0]), tensor([1, 4]), { delta: 2, reduction: "none" }); // [0.5, 6]
 * ```
 *
 * @throws {ShapeError} when the shapes differ; {OptionError} unless δ is a number above 0. Holds one number a pair.
 */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  requireKnown("huberLoss", options, ["delta", "reduction"]);
  const { delta = 1, reduction = "mean" } = options;
  requireReduction("huberLoss", reduction);
  if (!(Number.isFinite(delta) && delta > 0)) {
    throw new OptionError(`huberLoss delta: expected a number above 0, got ${delta}`);
  }
  requireAlike("huberLoss", prediction, target);
  return reduced(pairLoss("huber", prediction, target, delta), reduction);
}
