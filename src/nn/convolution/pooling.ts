/** Pooling as modules; the operations say what they compute and what they refuse. */
import type { Pair } from "../../ops/convolution.ts";
import { reshape } from "../../ops/layout.ts";
import {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
} from "../../ops/pooling.ts";
import { mean } from "../../ops/reduce.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";

/** A pool and its options, which are checked with the first x. */
abstract class Pool<Options> extends Module {
  readonly options: Options;

  constructor(options: Options) {
    super();
    requireKnown(this.constructor.name, options as object, ["kernelSize", "stride", "padding", "countIncludePad"]);
    this.options = options;
  }
}

/**
 * [B, C, L] → [B, C, L'], see `maxPool1d`.
 *
 * ```ts
 * new MaxPool1d({ kernelSize: 2 }).forward(tensor([[[1, 3, 2, 5]]])); // [[[3, 5]]]
 * new AvgPool1d({ kernelSize: 2 }).forward(tensor([[[1, 3, 2, 5]]])); // [[[2, 3.5]]]
 * new MaxPool2d({ kernelSize: 2 }).forward(ones([1, 3, 4, 6])).shape; // [1, 3, 2, 3]
 * new AvgPool2d({ kernelSize: [4, 3] }).forward(ones([1, 3, 4, 6])).shape; // [1, 3, 1, 2]
 * ```
 */
export class MaxPool1d extends Pool<MaxPoolOptions<number>> {
  override forward(x: Tensor): Tensor {
    return maxPool1d(x, this.options);
  }
}

/** [B, C, H, W] → [B, C, H', W'], see `maxPool2d`. */
export class MaxPool2d extends Pool<MaxPoolOptions<Pair>> {
  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options);
  }
}

/** [B, C, L] → [B, C, L'], see `avgPool1d`. */
export class AvgPool1d extends Pool<AvgPoolOptions<number>> {
  override forward(x: Tensor): Tensor {
    return avgPool1d(x, this.options);
  }
}

/** [B, C, H, W] → [B, C, H', W'], see `avgPool2d`. */
export class AvgPool2d extends Pool<AvgPoolOptions<Pair>> {
  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.options);
  }
}

/**
 * The mean of each channel over all that lies behind it: [B, C, ...] → [B, C].
 *
 * ```ts
 * new GlobalAvgPool().forward(tensor([[[1, 3], [2, 5]]])); // [[2, 3.5]]
 * ```
 */
export class GlobalAvgPool extends Module {
  /** @throws {ShapeError} when x has no axes behind its channels, or nothing lies along them. */
  override forward(x: Tensor): Tensor {
    if (x.shape.length < 3 || x.size === 0) {
      throw new ShapeError(`GlobalAvgPool x: expected [B, C, ...], got ${formatShape(x.shape)}`);
    }
    return mean(reshape(x, [...x.shape.slice(0, 2), -1]), 2);
  }
}
