import {
  FLOAT32_EPSILON,
  type LayerNormFunctionOptions as Functional,
  layerNorm,
  requireEpsilon,
  rmsNorm,
} from "../../ops/norm.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fillConstant } from "../fill.ts";
import { Module } from "../module.ts";

export interface LayerNormOptions {
  /** The size of the last axis, or the sizes of the last axes, that are normalised together. */
  normalizedShape: number | Shape;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** Learn a gain (and a bias) for each number of the normalised shape; default true. */
  elementwiseAffine?: boolean;
  /** Learn a bias, where there is a gain; default true. */
  bias?: boolean;
}

export type RMSNormOptions = Omit<LayerNormOptions, "bias">;

/**
 * Layer normalisation: y = (x − mean x)/√(var x + ε) ⊙ weight + bias over the last axis or axes. Parameters are PyTorch's
 * `weight` (ones at first) and `bias` (zeros), of the normalised shape.
 *
 * ```ts
 * const norm = new LayerNorm({ normalizedShape: 64 });
 * norm.forward(normal([5, 2, 64])).shape; // [5, 2, 64]
 * ```
 *
 * Source: Ba, Kiros & Hinton 2016, "Layer normalization".
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly epsilon: number;
  /** normalizedShape */
  readonly weight: Parameter | null;
  /** normalizedShape */
  readonly bias: Parameter | null;

  /** @throws {OptionError} when a size is not a whole number ≥ 1, `epsilon` is negative, or an option is unknown. */
  constructor(options: LayerNormOptions) {
    super();
    requireKnown("LayerNorm", options, ["normalizedShape", "epsilon", "elementwiseAffine", "bias"]);
    this.normalizedShape = requireSizes("LayerNorm normalizedShape", options.normalizedShape);
    this.epsilon = options.epsilon ?? 1e-5;
    requireEpsilon("LayerNorm", this.epsilon);
    const affine = options.elementwiseAffine ?? true;
    this.weight = affine ? fillConstant(new Parameter(this.normalizedShape), 1) : null;
    this.bias = affine && (options.bias ?? true) ? new Parameter(this.normalizedShape) : null;
  }

  /** [..., ...normalizedShape] → the same. @throws {ShapeError} when x does not end in normalizedShape. */
  override forward(x: Tensor): Tensor {
    const options: Functional = { weight: this.weight, bias: this.bias, epsilon: this.epsilon };
    return layerNorm(x, this.normalizedShape, options);
  }
}

/**
 * Normalisation by the root of the mean square: y = x/√(mean x² + ε) ⊙ weight over the last axis or axes. The parameter is
 * PyTorch's `weight` (ones at first).
 *
 * ```ts
 * const norm = new RMSNorm({ normalizedShape: 2, epsilon: 1e-12 });
 * norm.forward(tensor([[1, 7]])); // [[0.2, 1.4]]
 * ```
 *
 * Source: Zhang & Sennrich 2019, "Root mean square layer normalization".
 */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  readonly epsilon: number;
  /** normalizedShape */
  readonly weight: Parameter | null;

  /** @throws {OptionError} when a size is not a whole number ≥ 1, `epsilon` is negative, or an option is unknown. */
  constructor(options: RMSNormOptions) {
    super();
    requireKnown("RMSNorm", options, ["normalizedShape", "epsilon", "elementwiseAffine"]);
    this.normalizedShape = requireSizes("RMSNorm normalizedShape", options.normalizedShape);
    this.epsilon = options.epsilon ?? FLOAT32_EPSILON;
    requireEpsilon("RMSNorm", this.epsilon);
    this.weight = (options.elementwiseAffine ?? true) ? fillConstant(new Parameter(this.normalizedShape), 1) : null;
  }

  /** [..., ...normalizedShape] → the same. @throws {ShapeError} when x does not end in normalizedShape. */
  override forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, { weight: this.weight, epsilon: this.epsilon });
  }
}

function requireSizes(what: string, sizes: number | Shape): Shape {
  const shape = typeof sizes === "number" ? [sizes] : [...sizes];
  if (shape.length === 0) throw new OptionError(`${what}: expected at least one size, got none`);
  return shape.map((size) => requireCount(what, size));
}
