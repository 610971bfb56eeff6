import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { formatShape, requireFloat32, sameShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mean, sum } from "../reduce.ts";

/** What becomes of the losses of a batch. */
export type Reduction = "mean" | "sum" | "none";

/** @throws {OptionError} unless it is a reduction. */
export function requireReduction(what: string, reduction: Reduction): void {
  if (!["mean", "sum", "none"].includes(reduction)) {
    throw new OptionError(`${what} reduction: expected "mean", "sum" or "none", got ${JSON.stringify(reduction)}`);
  }
}

/** The losses as they are, their sum, or their sum by their number. */
export function reduced(losses: Tensor, reduction: Reduction): Tensor {
  return reduction === "none" ? losses : reduction === "sum" ? sum(losses) : mean(losses);
}

/** @throws {ShapeError} unless both are float32 numbers of one shape. */
export function requireAlike(what: string, prediction: Tensor, target: Tensor): void {
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `${what}: expected shapes alike, got ${formatShape(prediction.shape)} and ${formatShape(target.shape)}`,
    );
  }
  if (prediction.dtype !== "float32" || target.dtype !== "float32") {
    throw new ShapeError(`${what}: expected float32 tensors, got ${prediction.dtype} and ${target.dtype}`);
  }
}

/**
 * Checks the weight of losses of a shape, which may be stretched to that shape but must not stretch it.
 * @throws {ShapeError} when it would.
 */
export function requireStretchable(what: string, weight: Tensor, shape: readonly number[]): void {
  requireFloat32(what, weight);
  const missing = shape.length - weight.shape.length;
  if (missing < 0 || weight.shape.some((axis, i) => axis !== 1 && axis !== shape[i + missing])) {
    throw new ShapeError(
      `${what}: expected a shape that stretches to ${formatShape(shape)}, got ${formatShape(weight.shape)}`,
    );
  }
}
