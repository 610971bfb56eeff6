/** Modules round other modules: over every time step, in both directions, with a way past. */
import { add, mul } from "../ops/elementwise.ts";
import { concat, reshape } from "../ops/layout.ts";
import { reverseSequence } from "../ops/reverse.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { WeightFormat } from "../stream/format.ts";
import type { StreamStage } from "../stream/stage.ts";
import type { Lengths } from "../tensor/lengths.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import type { Link } from "./sequential.ts";

function requireModule(what: string, given: unknown): void {
  if (!(given instanceof Module)) throw new OptionError(`${what}: expected a module, got ${typeof given}`);
}

/** What a module makes of x; of a recurrent layer, its output. */
function outputOf(module: Link, x: Tensor): Tensor {
  const result = module.forward(x) as Tensor | { readonly output: Tensor };
  return result instanceof Tensor ? result : result.output;
}

/**
 * A module for single examples, applied to each time step: [T, B, …] is seen as [T·B, …] and taken apart again.
 *
 * ```ts
 * new TimeDistributed(new BatchNorm1d({ channels: 16 })).forward(normal([5, 2, 16])).shape; // [5, 2, 16]
 * ```
 *
 * [B, T, …] works as well. The module is the field `module`, its parameters `module.weight` and so on.
 */
export class TimeDistributed extends Module {
  readonly module: Link;

  /** @throws {OptionError} when `module` is none. */
  constructor(module: Link) {
    super();
    requireModule("TimeDistributed", module);
    this.module = module;
  }

  /**
   * [T, B, …] → [T, B, …].
   * @throws {ShapeError} when x has no two axes, or the module's result does not begin with T·B.
   */
  override forward(x: Tensor): Tensor {
    if (x.shape.length < 2) {
      throw new ShapeError(`TimeDistributed x: expected [T, B, ...], got ${formatShape(x.shape)}`);
    }
    const [steps, batch] = x.shape as [number, number];
    const y = outputOf(this.module, reshape(x, [steps * batch, ...x.shape.slice(2)]));
    if (y.shape[0] !== steps * batch) {
      throw new ShapeError(
        `TimeDistributed module: expected a result [${steps * batch}, ...], got ${formatShape(y.shape)}`,
      );
    }
    return reshape(y, [steps, batch, ...y.shape.slice(1)]);
  }

  override stages(weights?: WeightFormat): StreamStage[] {
    return this.module.stages(weights);
  }
}

/**
 * y = x + f(x), which lets deep stacks learn. Of a recurrent layer, f(x) is its output.
 *
 * ```ts
 * new Residual(new LSTM({ inputSize: 64, hiddenSize: 64 })).forward(normal([5, 2, 64])).shape; // [5, 2, 64]
 * ```
 *
 * The module is the field `module`. It does not stream: a stream hands each stage only what the last one made.
 * Source: He et al. 2016, "Deep residual learning for image recognition".
 */
export class Residual extends Module {
  readonly module: Link;

  /** @throws {OptionError} when `module` is none. */
  constructor(module: Link) {
    super();
    requireModule("Residual", module);
    this.module = module;
  }

  /** @throws {ShapeError} when the module changes the shape. */
  override forward(x: Tensor): Tensor {
    const y = outputOf(this.module, x);
    if (!sameShape(x.shape, y.shape)) {
      throw new ShapeError(`Residual module: expected a result ${formatShape(x.shape)}, got ${formatShape(y.shape)}`);
    }
    return add(x, y);
  }
}

/** How the two directions become one output. */
export type Merge = "concat" | "sum" | "mul" | "average";

const merges: Record<Merge, (forward: Tensor, backward: Tensor) => Tensor> = {
  concat: (forward, backward) => concat([forward, backward], -1),
  sum: add,
  mul,
  average: (forward, backward) => mul(add(forward, backward), 0.5),
};

export interface BidirectionalOptions {
  /** Default "concat". */
  merge?: Merge;
  /** Sequences are [B, T, …] instead of [T, B, …], for the layers as well; default false. */
  batchFirst?: boolean;
}

/**
 * Two layers of one kind over the same sequences, one from the start and one from the end:
 * y = merge(f(x), reverse(g(reverse(x)))).
 *
 * ```ts
 * const layer = () => new GRU({ inputSize: 8, hiddenSize: 16 });
 * const both = new Bidirectional(layer(), layer(), { merge: "sum" });
 * both.forward(normal([5, 2, 8])).shape; // [5, 2, 16]
 * ```
 *
 * The layers are any modules over sequences, recurrent or not, and are the fields `forwardLayer` and `backwardLayer`.
 * It does not stream: it reads the future.
 * Source: Schuster & Paliwal 1997, "Bidirectional recurrent neural networks".
 */
export class Bidirectional extends Module {
  readonly forwardLayer: Link;
  readonly backwardLayer: Link;
  readonly merge: Merge;
  readonly batchFirst: boolean;

  /** @throws {OptionError} when a layer is no module, or an option is unknown. */
  constructor(forwardLayer: Link, backwardLayer: Link, options: BidirectionalOptions = {}) {
    super();
    requireKnown("Bidirectional", options, ["merge", "batchFirst"]);
    requireModule("Bidirectional forwardLayer", forwardLayer);
    requireModule("Bidirectional backwardLayer", backwardLayer);
    this.forwardLayer = forwardLayer;
    this.backwardLayer = backwardLayer;
    this.merge = options.merge ?? "concat";
    if (!Object.hasOwn(merges, this.merge)) {
      throw new OptionError(`Bidirectional merge: expected ${Object.keys(merges).join(", ")}, got ${this.merge}`);
    }
    this.batchFirst = options.batchFirst ?? false;
  }

  /** @internal */
  override get sequenceArguments(): "lengths" {
    return "lengths";
  }

  /**
   * @param x [T, B, …], or [B, T, …] with `batchFirst`.
   * @param options `lengths`: where each sequence ends; it is then reversed within its length, so that padding (at the
   *   end) reaches the second layer last. Outputs at padded steps mean nothing.
   * @throws {ShapeError} when the results of the two layers do not fit together, or lengths do not fit x.
   */
  override forward(x: Tensor, options: { lengths?: Lengths } = {}): Tensor {
    requireKnown("Bidirectional forward", options, ["lengths"]);
    const reversal = { ...options, batchFirst: this.batchFirst };
    const forward = outputOf(this.forwardLayer, x);
    const backward = reverseSequence(outputOf(this.backwardLayer, reverseSequence(x, reversal)), reversal);
    if (this.merge !== "concat" && !sameShape(forward.shape, backward.shape)) {
      const got = `${formatShape(forward.shape)} and ${formatShape(backward.shape)}`;
      throw new ShapeError(`Bidirectional: expected results of one shape to ${this.merge}, got ${got}`);
    }
    return merges[this.merge](forward, backward);
  }

  override stages(): StreamStage[] {
    throw new OptionError("stream: Bidirectional reads the future");
  }
}
