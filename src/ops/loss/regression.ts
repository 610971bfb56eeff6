import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { mean, sum } from "../reduce.ts";
import { type Reduction, requireReduction } from "./reduction.ts";

/**
 * Squared error (prediction − target)², averaged unless said otherwise.
 * @throws {ShapeError} when the shapes differ.
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  requireKnown("mseLoss", options, ["reduction"]);
  const { reduction = "mean" } = options;
  requireReduction("mseLoss", reduction);
  if (!sameShape(prediction.shape, target.shape)) {
    throw new ShapeError(
      `mseLoss: expected shapes alike, got ${formatShape(prediction.shape)} and ${formatShape(target.shape)}`,
    );
  }
  if (prediction.dtype !== "float32" || target.dtype !== "float32") {
    throw new ShapeError(`mseLoss: expected float32 tensors, got ${prediction.dtype} and ${target.dtype}`);
  }
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
  return reduction === "none" ? errors : reduction === "sum" ? sum(errors) : mean(errors);
}
