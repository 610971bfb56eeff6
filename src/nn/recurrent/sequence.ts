/** What the newer recurrences share: sizes, layers, directions, sequences in either layout and of several lengths. */
import { dropout, requireProbability } from "../../ops/dropout.ts";
import { concat, reshape, stack, transpose } from "../../ops/layout.ts";
import { cutAt, unbind } from "../../ops/pieces.ts";
import { type PackedLayout, packedLayout } from "../../ops/recurrent/layout.ts";
import { packSequences, unpackSequences } from "../../ops/recurrent/packing.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Stream } from "../../stream/stream.ts";
import { type Lengths, requireLengths } from "../../tensor/lengths.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import { describe, isPlainObject } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import type { RecurrentResult } from "./layer.ts";
import { LayerStage, requireFloat32Weights } from "./layerStage.ts";
import { zeroTensor } from "./state.ts";
import { type Walk, type Walked, walkThrough } from "./stretches.ts";

export interface SequenceLayerOptions {
  inputSize: number;
  hiddenSize: number;
  /** How many layers lie on each other; default 1. */
  layers?: number;
  /** A second network reads each sequence from its end, and outputs lie side by side; default false. */
  bidirectional?: boolean;
  /** Read each sequence from its end; default false. Outputs stay where their inputs are. Not with `bidirectional`. */
  reverse?: boolean;
  /** Probability of dropping a number between layers while training; default 0. */
  dropout?: number;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
}

const optionNames = ["inputSize", "hiddenSize", "layers", "bidirectional", "reverse", "dropout", "batchFirst"];

/** Options of one pass. */
export interface SequencePass {
  /**
   * How many steps, from 0 to T, each of the B sequences has; the rest is padding, whose numbers are never looked at and
   * take no time, in whatever order the sequences are. Outputs there are zeros; the last state of a sequence is that after
   * its own last step, and a reverse direction begins there. Default: T.
   */
  lengths?: Lengths;
}

/** One tensor of what a layer in one direction carries: [...before, B, size]. */
export interface StatePart {
  /** Its name in the state; "": it is the whole state. */
  readonly name: string;
  readonly size: number;
  /** The axis before B, where there is one. */
  readonly before?: number;
}

/** What a further layer or direction differs in from the first. */
export type FurtherOptions = Required<Omit<SequenceLayerOptions, "hiddenSize">>;

function shapeOf({ before, size }: StatePart, batch: number): number[] {
  return before === undefined ? [batch, size] : [before, batch, size];
}

/**
 * A recurrent layer, or several, in one direction or both. The object itself is the first layer, forward (or, with
 * `reverse`, from the end); further ones are modules of the same class, called `l1`, `l0_reverse`, `l1_reverse` and so on in
 * the names of parameters.
 */
export abstract class SequenceLayer<State = Tensor> extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly reverse: boolean;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly #name: string;
  /** Each layer in each direction, bottom first, forward before reverse. */
  #units: readonly SequenceLayer<State>[] = [this];

  /** @throws {OptionError} when an option is unknown or out of range. */
  protected constructor(name: string, options: SequenceLayerOptions, more: readonly string[] = []) {
    super();
    requireKnown(name, options, [...optionNames, ...more]);
    this.#name = name;
    this.inputSize = requireCount(`${name} inputSize`, options.inputSize);
    this.hiddenSize = requireCount(`${name} hiddenSize`, options.hiddenSize);
    this.layers = requireCount(`${name} layers`, options.layers ?? 1);
    this.bidirectional = options.bidirectional ?? false;
    this.reverse = options.reverse ?? false;
    this.dropout = options.dropout ?? 0;
    this.batchFirst = options.batchFirst ?? false;
    requireProbability(`${name} dropout`, this.dropout);
    if (this.bidirectional && this.reverse) {
      throw new OptionError(
        `${name} reverse: expected false for a bidirectional layer, which reads both ways, got true`,
      );
    }
  }

  /** Makes what lies above and beside the first layer. Every constructor of a layer ends with it. */
  protected addLayers(make: (further: FurtherOptions) => SequenceLayer<State>): void {
    const directions = this.bidirectional ? [false, true] : [this.reverse];
    this.#units = Array.from({ length: this.layers }, (_, layer) =>
      directions.map((reverse, d) => {
        if (layer === 0 && d === 0) return this;
        const inputSize = layer === 0 ? this.inputSize : this.hiddenSize * directions.length;
        return make({ inputSize, layers: 1, bidirectional: false, reverse, dropout: 0, batchFirst: false });
      }),
    ).flat();
  }

  override *children(): Generator<[string, Module]> {
    yield* super.children();
    const width = this.bidirectional ? 2 : 1;
    for (const [i, unit] of this.#units.entries()) {
      if (i > 0) yield [`l${Math.floor(i / width)}${i % width === 1 ? "_reverse" : ""}`, unit];
    }
  }

  /**
   * What this layer alone makes of each position, whatever came before it: tensors [T, B, ·] of x [T, B, I] and of what
   * comes with it, [T, B, n]. Called once for all steps of all sequences, which are [1, positions, ·] when packed.
   */
  protected drives(x: Tensor, _beside: Tensor | null): readonly Tensor[] {
    return [x];
  }

  /** Walks through sequences of one length with this layer alone. */
  protected abstract walk(walk: Walk): Walked;

  /** What this layer alone carries in one direction. */
  protected stateParts(): readonly StatePart[] {
    return [{ name: "", size: this.hiddenSize }];
  }

  /** @internal */
  override get sequenceArguments(): "state" {
    return "state";
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state what the layer carries, time first in either layout; zeros when omitted. Where there are several layers or
   *   directions, parts [B, ·] are [layers·directions, B, ·], the bottom first and forward before reverse.
   * @returns output [T, B, H·directions] (or [B, T, H·directions]) and the last state, like the first.
   * @throws {ShapeError} when a shape does not fit; {OptionError} when an option is unknown, or a length is out of range.
   */
  override forward(x: Tensor, state?: State, pass: SequencePass = {}): RecurrentResult<State> {
    requireKnown(`${this.#name} forward`, pass, ["lengths"]);
    return this.runAll(this.timeMajor(x), state, pass.lengths);
  }

  override stages(weights: WeightFormat = "float32"): StreamStage[] {
    if (this.bidirectional || this.reverse) {
      throw new OptionError(
        `stream: a ${this.bidirectional ? "bidirectional" : "reverse"} ${this.#name} reads the future`,
      );
    }
    requireFloat32Weights(this.#name, weights);
    return [new LayerStage<State>(this, this.inputSize, this.hiddenSize)];
  }

  /**
   * The same layer, one sample at a time, from a state of zeros, with the bits of the whole sequence. A push is a forward
   * pass of one step: besides the arithmetic, some ten microseconds a layer where the gates do not look at the state, up to
   * fifty where the step is put together from operations. Nothing is dropped.
   *
   * ```ts
   * const stream = new MinGRU({ inputSize: 3, hiddenSize: 8 }).stream();
   * stream.push(Float32Array.of(0.1, 0.2, 0.3)).length; // 8
   * ```
   *
   * @throws {OptionError} when it reads from the end, an option is unknown, or weights are wanted in another format than
   *   float32.
   */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.stages(weightFormat(options)));
  }

  /** All layers over x [T, B, I], and [T, B, n] that comes with every step of each. */
  protected runAll(
    x: Tensor,
    state: State | undefined,
    lengths: Lengths | undefined,
    beside: Tensor | null = null,
  ): RecurrentResult<State> {
    const [steps, batch] = x.shape as [number, number];
    const initial = this.#initial(state, batch);
    const layout = this.#layout(lengths, steps, batch);
    const width = this.bidirectional ? 2 : 1;
    if (layout?.rows === 0) {
      const output = zeroTensor([steps, batch, this.hiddenSize * width]);
      const last = this.#units.map((unit, u) => initial?.[u] ?? unit.#zeros(batch));
      return { output: this.#asGiven(output), state: this.#collect(last) };
    }
    const pack = (t: Tensor): Tensor => (layout ? reshape(packSequences(t, layout), [1, layout.rows, -1]) : t);
    const timed = beside && pack(beside);
    const finals: (readonly Tensor[])[] = [];
    let at = pack(x);
    for (let layer = 0; layer < this.layers; layer++) {
      if (layer > 0 && this.dropout > 0) at = dropout(at, this.dropout, this.training);
      const outputs = this.#units.slice(layer * width, (layer + 1) * width).map((unit) => {
        const drives = unit.drives(at, timed);
        const result = unit.#walk({ drives, state: initial?.[finals.length] ?? null, reverse: unit.reverse }, layout);
        finals.push(result.state);
        return result.output;
      });
      at = outputs.length === 1 ? (outputs[0] as Tensor) : concat(outputs, -1);
    }
    const output = layout ? unpackSequences(at, layout, steps) : at;
    return { output: this.#asGiven(output), state: this.#collect(finals) };
  }

  /** This layer alone, over sequences of one length, or of several. */
  #walk(walk: Walk, layout: PackedLayout | null): Walked {
    if (!layout) return this.walk(walk);
    const state = walk.state ?? this.#zeros(layout.batch);
    const axes = this.stateParts().map(({ before }) => (before === undefined ? 0 : 1));
    return walkThrough((stretch) => this.walk(stretch), { ...walk, state }, axes, layout);
  }

  #zeros(batch: number): Tensor[] {
    return this.stateParts().map((part) => zeroTensor(shapeOf(part, batch)));
  }

  /** How a batch is packed; null when all its sequences last T steps. */
  #layout(lengths: Lengths | undefined, steps: number, batch: number): PackedLayout | null {
    if (lengths === undefined) return null;
    const numbers = requireLengths(`${this.#name} lengths`, lengths, batch, steps);
    return numbers.every((length) => length === steps) ? null : packedLayout(numbers);
  }

  /** x as [T, B, I]. @throws {ShapeError} when it is no sequence of float32 numbers, or empty. */
  protected timeMajor(x: Tensor): Tensor {
    const what = `${this.#name} x`;
    requireShape(what, x.shape, [...(this.batchFirst ? ["B", "T"] : ["T", "B"]), this.inputSize]);
    requireFloat32(what, x);
    if (x.size === 0) {
      throw new ShapeError(`${what}: expected at least one step and one sequence, got ${formatShape(x.shape)}`);
    }
    return this.batchFirst ? transpose(x, 0, 1) : x;
  }

  /** [T, B, H] in the layout of x. */
  #asGiven(output: Tensor): Tensor {
    return this.batchFirst ? transpose(output, 0, 1) : output;
  }

  /** The state taken apart: for each layer and direction its parts; null: none was given. */
  #initial(state: State | undefined, batch: number): (readonly Tensor[])[] | null {
    if (state === undefined) return null;
    const units = this.#units;
    const parts = this.stateParts();
    if ((parts[0] as StatePart).name !== "" && !isPlainObject(state)) {
      const wanted = `{ ${parts.map(({ name }) => name).join(", ")} }`;
      throw new ShapeError(`${this.#name} state: expected ${wanted}, got ${describe(state)}`);
    }
    const taken = parts.map((part, p) => {
      const sizes = units.map((unit) => (unit.stateParts()[p] as StatePart).size);
      const single = shapeOf(part, batch);
      const several =
        part.before === undefined
          ? [units.length, ...single]
          : single.with(
              2,
              sizes.reduce((a, b) => a + b),
            );
      const given = part.name === "" ? state : (state as Record<string, unknown>)[part.name];
      const whole = this.#statePart(part.name, given, units.length === 1 ? single : several);
      if (units.length === 1) return [whole];
      return part.before === undefined ? unbind(whole) : cutAt(whole, sizes, 2);
    });
    return units.map((_, u) => taken.map((part) => part[u] as Tensor));
  }

  /** The reverse of `#initial`. */
  #collect(states: readonly (readonly Tensor[])[]): State {
    const parts = this.stateParts();
    const joined = parts.map(({ before }, p) => {
      const all = states.map((state) => state[p] as Tensor);
      if (all.length === 1) return all[0] as Tensor;
      return before === undefined ? stack(all) : concat(all, 2);
    });
    if ((parts[0] as StatePart).name === "") return joined[0] as State;
    return Object.fromEntries(parts.map(({ name }, p) => [name, joined[p]])) as State;
  }

  /** @throws {ShapeError} when a part of the state is not of this shape. */
  #statePart(own: string, part: unknown, shape: readonly number[]): Tensor {
    const name = `${this.#name} state${own && `.${own}`}`;
    if (!(part instanceof Tensor)) {
      throw new ShapeError(`${name}: expected a tensor ${formatShape(shape)}, got ${describe(part ?? null)}`);
    }
    requireFloat32(name, part);
    requireShape(name, part.shape, shape);
    return part;
  }
}
