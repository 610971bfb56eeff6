import { indexSelect } from "../ops/axes.ts";
import { reshape, slice } from "../ops/layout.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../stream/format.ts";
import type { StreamStage } from "../stream/stage.ts";
import { Stream } from "../stream/stream.ts";
import { type Lengths, requireLengths } from "../tensor/lengths.ts";
import { formatShape } from "../tensor/shape.ts";
import { describe } from "../tensor/structure.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A module that takes and gives one tensor, or a recurrent layer, whose output is handed on. */
export type Link = Module & { forward(x: Tensor): Tensor | { readonly output: Tensor } };

/** What modules in a row hand on: the output of the last, and the states of the recurrent layers in their order. */
export interface SequentialResult {
  readonly output: Tensor;
  readonly state: readonly unknown[];
}

/**
 * Modules one after the other; of a recurrent layer the output goes on, and the state where it is asked for.
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

  override forward(x: Tensor): Tensor;
  /**
   * As a recurrent layer is asked, with states and lengths for those inside.
   * @param state the states of the recurrent layers in their order, as a pass before has returned them; each begins with
   *   its own when omitted.
   * @param pass `lengths`: how many time steps each sequence has, [B].
   * @returns the output, and the states after the last step.
   * @throws {ShapeError} when there are more or fewer states than recurrent layers.
   */
  override forward(x: Tensor, state: readonly unknown[] | undefined, pass?: { lengths?: Lengths }): SequentialResult;
  override forward(
    x: Tensor,
    ...rest: [] | [state: readonly unknown[] | undefined, pass?: { lengths?: Lengths }]
  ): Tensor | SequentialResult {
    const [given, pass = {}] = rest;
    requireKnown("Sequential forward", pass, ["lengths"]);
    if (given !== undefined) this.#requireStates(given);
    const states: unknown[] = [];
    let output = x;
    for (const link of this.#links) {
      const result = ask(link, output, given?.[states.length], pass);
      output = result instanceof Tensor ? result : result.output;
      if (carries(link)) states.push((result as unknown as { readonly state: unknown }).state);
    }
    return rest.length === 0 ? output : { output, state: states };
  }

  #requireStates(given: readonly unknown[]): void {
    const wanted = this.#links.filter(carries).length;
    if (Array.isArray(given) && given.length === wanted) return;
    throw new ShapeError(`Sequential state: expected an array of ${wanted} states, got ${describe(given)}`);
  }

  /** @internal */
  override get sequenceArguments(): "state" {
    return "state";
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

/** Whether a module takes a state and returns the next; the last step is only told of lengths. */
function carries(link: Link): boolean {
  return link.sequenceArguments === "state";
}

/** Calls a module with as much as it takes. */
function ask(link: Link, x: Tensor, state: unknown, pass: { lengths?: Lengths }): Tensor | { readonly output: Tensor } {
  const forward = (...more: unknown[]) =>
    (link.forward as (...all: unknown[]) => ReturnType<Link["forward"]>).call(link, x, ...more);
  if (carries(link)) return forward(state, pass);
  return link.sequenceArguments === "lengths" ? forward(pass) : forward();
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

  /**
   * @param pass `lengths`: how many time steps each sequence has, [B]; its own last one is taken.
   * @throws {ShapeError} when x is not a non-empty sequence; {OptionError} when a length is not from 1 to T.
   */
  override forward(x: Tensor, pass: { lengths?: Lengths } = {}): Tensor {
    requireKnown("LastStep forward", pass, ["lengths"]);
    const axis = this.batchFirst ? 1 : 0;
    const steps = x.shape[axis] ?? 0;
    if (x.shape.length !== 3 || steps === 0) {
      throw new ShapeError(`LastStep x: expected a sequence of three axes, got ${formatShape(x.shape)}`);
    }
    if (pass.lengths !== undefined) return this.#lastOf(x, steps, pass.lengths);
    return reshape(slice(x, axis, steps - 1, steps), x.shape.toSpliced(axis, 1));
  }

  #lastOf(x: Tensor, steps: number, lengths: Lengths): Tensor {
    const [batch, size] = [x.shape[this.batchFirst ? 0 : 1] as number, x.shape[2] as number];
    const ends = requireLengths("LastStep lengths", lengths, batch, steps, 1);
    const rows = ends.map((length, b) => (this.batchFirst ? b * steps + length - 1 : (length - 1) * batch + b));
    return indexSelect(reshape(x, [steps * batch, size]), 0, Tensor.fromArray(rows, [batch]));
  }

  /** @internal */
  override get sequenceArguments(): "lengths" {
    return "lengths";
  }

  /** In a stream every step is the last one so far. */
  override stages(): StreamStage[] {
    return [];
  }
}
