import { withGradients } from "../../autograd/graph.ts";
import { add, mul } from "../../ops/elementwise.ts";
import { permute, reshape } from "../../ops/layout.ts";
import { normaliseRows, type RowStatistics, requireEpsilon } from "../../ops/norm.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { full, zeros } from "../../tensor/create.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { formatShape, requireFloat32 } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { fillConstant } from "../fill.ts";
import { Module } from "../module.ts";

export interface BatchNorm1dOptions {
  /** C, how many channels there are. */
  channels: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** How much a new batch counts in the running statistics; null: all batches count alike. Default 0.1. */
  momentum?: number | null;
  /** Learn a gain and a bias for each channel; default true. */
  affine?: boolean;
  /** Keep running statistics and use them when not training; default true. */
  trackRunningStats?: boolean;
}

const optionNames = ["channels", "epsilon", "momentum", "affine", "trackRunningStats"];

/**
 * Batch normalisation: y = (x − μ)/√(v + ε)·weight + bias for each channel. While training, μ and v are the mean and the
 * variance of the channel in the batch; otherwise they are the running statistics
 * (running := (1 − momentum)·running + momentum·batch, the variance with n − 1 in its denominator).
 *
 * Names and values at first are PyTorch's: parameters `weight` (ones) and `bias` (zeros), buffers `running_mean` (zeros),
 * `running_var` (ones) and `num_batches_tracked` (0), which are saved and loaded with the parameters.
 *
 * ```ts
 * const norm = new BatchNorm1d({ channels: 16 });
 * norm.forward(normal([8, 16])).shape; // [8, 16]
 * norm.forward(normal([8, 16, 5])).shape; // [8, 16, 5]
 * ```
 *
 * Keeps two arrays of x's size for the way back.
 * Source: Ioffe & Szegedy 2015, "Batch normalization".
 */
export class BatchNorm1d extends Module {
  readonly channels: number;
  readonly epsilon: number;
  readonly momentum: number | null;
  readonly trackRunningStats: boolean;
  /** [C] */
  readonly weight: Parameter | null;
  /** [C] */
  readonly bias: Parameter | null;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: BatchNorm1dOptions) {
    super();
    requireKnown("BatchNorm1d", options, optionNames);
    this.channels = requireCount("BatchNorm1d channels", options.channels);
    this.epsilon = options.epsilon ?? 1e-5;
    requireEpsilon("BatchNorm1d", this.epsilon);
    this.momentum = options.momentum === undefined ? 0.1 : options.momentum;
    if (this.momentum !== null && !(this.momentum >= 0 && this.momentum <= 1)) {
      throw new OptionError(`BatchNorm1d momentum: expected null or a number from 0 to 1, got ${this.momentum}`);
    }
    const affine = options.affine ?? true;
    this.weight = affine ? fillConstant(new Parameter([this.channels]), 1) : null;
    this.bias = affine ? new Parameter([this.channels]) : null;
    this.trackRunningStats = options.trackRunningStats ?? true;
    if (!this.trackRunningStats) return;
    this.registerBuffer("running_mean", zeros([this.channels]));
    this.registerBuffer("running_var", full([this.channels], 1));
    this.registerBuffer("num_batches_tracked", Tensor.fromArray(Int32Array.of(0), []));
  }

  /**
   * [B, C] or [B, C, L] → the same.
   * @throws {ShapeError} when x is of another shape, or a training batch holds no more than one number a channel, which
   *   has no variance.
   */
  override forward(x: Tensor): Tensor {
    requireFloat32("BatchNorm1d x", x);
    const rank = x.shape.length;
    if ((rank !== 2 && rank !== 3) || x.shape[1] !== this.channels) {
      const wanted = `[B, ${this.channels}] or [B, ${this.channels}, L]`;
      throw new ShapeError(`BatchNorm1d x: expected ${wanted}, got ${formatShape(x.shape)}`);
    }
    const count = x.size / this.channels;
    const ofBatch = this.training || !this.trackRunningStats;
    if (ofBatch && count < 2) {
      throw new ShapeError(
        `BatchNorm1d x: expected more than one number a channel to train on, got ${formatShape(x.shape)}`,
      );
    }
    const axes = rank === 2 ? [1, 0] : [1, 0, 2];
    const turned = permute(x, axes);
    const byChannel = reshape(turned, [this.channels, count]);
    const running: RowStatistics | undefined = ofBatch
      ? undefined
      : { means: this.buffer("running_mean"), variances: this.buffer("running_var") };
    const { y, statistics } = normaliseRows(byChannel, this.epsilon, running);
    if (this.training && this.trackRunningStats) this.#track(statistics, count);
    return permute(reshape(this.#affine(y), turned.shape), axes);
  }

  /** y·weight + bias, y being [C, n]. */
  #affine(y: Tensor): Tensor {
    if (!this.weight || !this.bias) return y;
    const column = [this.channels, 1];
    return add(mul(y, reshape(this.weight, column)), reshape(this.bias, column));
  }

  /** Lets a batch of `count` numbers a channel into the running statistics. */
  #track({ means, variances }: RowStatistics, count: number): void {
    const batches = this.buffer("num_batches_tracked").item() + 1;
    const share = this.momentum ?? 1 / batches;
    withGradients(false, () => {
      const mix = (name: string, fresh: Tensor, factor: number): void =>
        this.registerBuffer(name, add(mul(this.buffer(name), 1 - share), mul(fresh, share * factor)));
      mix("running_mean", means, 1);
      mix("running_var", variances, count / (count - 1));
    });
    this.registerBuffer("num_batches_tracked", Tensor.fromArray(Int32Array.of(batches), []));
  }
}
