import { reshape, slice } from "../ops/layout.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../stream/format.ts";
import type { StreamStage } from "../stream/stage.ts";
import { Stream } from "../stream/stream.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A module that takes and gives one tensor, or a recurrent layer, whose output is handed on. */
export type Link = Module & { forward(x: Tensor): Tensor | { readonly output: Tensor } };

/**
 * Modules one after the other; of a recurrent layer the output goes on and the state is dropped.
 *
 * ```ts
 * const model = new Sequential(
 *   new LSTM({ inputSize: 3, hiddenSize: 16 }),
 *   new LastStep(),
 *   new Linear({ inputSize: 16, outputSize: 2 }),
 * );
 * model.forward(normal([7, 5, 3])).shape; // [5, 2]
 * ```
 */
export class Sequential extends Module {
  readonly #links: readonly Link[];

  /** @throws {OptionError} when there is nothing in it, or something that is no module. */
  constructor(...links: Link[]) {
    super();
    if (links.length === 0) throw new OptionError("Sequential: expected at least one module, got none");
    const stranger = links.findIndex((link) => !(link instanceof Module));
    if (stranger >= 0)
      throw new OptionError(`Sequential: expected modules, got ${typeof links[stranger]} at ${stranger}`);
    this.#links = links;
  }

  /** The modules in their order, then those in the fields of a class that extends this one. */
  override *children(): Generator<[string, Module]> {
    for (const [i, link] of this.#links.entries()) yield [String(i), link];
    yield* super.children();
  }

  override forward(x: Tensor): Tensor {
    let at = x;
    for (const link of this.#links) {
      const result = link.forward(at) as Tensor | { readonly output: Tensor };
      at = result instanceof Tensor ? result : result.output;
    }
    return at;
  }

  override stages(weights: WeightFormat = "float32"): StreamStage[] {
    return this.#links.flatMap((link) => link.stages(weights));
  }

  /**
   * The same network, one sample at a time.
   * @throws {OptionError} when a module cannot work so (a bidirectional layer reads the future), or an option is unknown
   *   or no format.
   */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.stages(weightFormat(options)));
  }
}

/**
 * The last time step of a sequence: [T, B, H] → [B, H], or [B, T, H] → [B, H] with `batchFirst`.
 *
 * ```ts
 * new LastStep().forward(tensor([[[1]], [[2]], [[3]]])); // [[3]]
 * ```
 */
export class LastStep extends Module {
  readonly batchFirst: boolean;

  /** @throws {OptionError} when an option is unknown. */
  constructor(options: { batchFirst?: boolean } = {}) {
    super();
    requireKnown("LastStep", options, ["batchFirst"]);
    this.batchFirst = options.batchFirst ?? false;
  }

  /** @throws {ShapeError} when x is not a non-empty sequence. */
  override forward(x: Tensor): Tensor {
    const axis = this.batchFirst ? 1 : 0;
    const steps = x.shape[axis] ?? 0;
    if (x.shape.length !== 3 || steps === 0) {
      throw new ShapeError(`LastStep x: expected a sequence of three axes, got ${formatShape(x.shape)}`);
    }
    return reshape(slice(x, axis, steps - 1, steps), x.shape.toSpliced(axis, 1));
  }

  /** In a stream every step is the last one so far. */
  override stages(): StreamStage[] {
    return [];
  }
}
