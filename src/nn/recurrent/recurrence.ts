/** A recurrent layer made of any cell: the loop over time, and what belongs to it. */
import { checkpointSteps } from "../../autograd/checkpoint.ts";
import { stack, transpose } from "../../ops/layout.ts";
import { selectRows, unbind } from "../../ops/pieces.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Stream } from "../../stream/stream.ts";
import { type Lengths, requireLengths } from "../../tensor/lengths.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { describe, tensorsIn, withTensors } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import type { RecurrentResult } from "./layer.ts";
import { LayerStage, outputSizeOf, requireFloat32Weights } from "./layerStage.ts";
import { withoutPadding } from "./padding.ts";
import { requireLike, requireTensors, type StateSizes, zeroState } from "./state.ts";

/**
 * One step of a recurrent network. `State` is a tensor, or arrays and plain objects of tensors, whose first axis is the
 * batch. It may be a `Module` or any object; modules and parameters in its fields are found.
 */
export interface Cell<State> {
  /** x [B, I] and the state before the step → the output [B, H] of the step and the state after it. */
  step(x: Tensor, state: State): { readonly output: Tensor; readonly state: State };
  /** The state before the first step, where none is given. */
  initialState?(batch: number): State;
  /** How many numbers a sample has, for a stream. */
  readonly inputSize?: number;
  /** Where there is no `initialState`: sizes of tensors [B, size] of zeros, in the structure of the state. */
  readonly stateSizes?: StateSizes;
}

export interface RecurrenceOptions {
  /** Read each sequence from its end; default false. Outputs stay where their inputs are. */
  reverse?: boolean;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
  /**
   * Keep only the states at every so many steps, and compute those in between again on the way back: about √T saves
   * most. Default: keep everything.
   */
  checkpointEvery?: number;
}

/** Options of one pass. */
export interface RecurrencePass {
  /**
   * How many steps, from 0 to T, each of the B sequences has; the rest is padding. A sequence that is over keeps its state, its outputs
   * are zeros, and no gradient comes from there, whatever the padding is. The cell may know the batch from elsewhere, so
   * each step is one of all sequences, and what it does for those that are over is dropped.
   */
  lengths?: Lengths;
}

/** Holds a cell that is no module, as it is now, so that what is in its fields is found. */
class Holder extends Module {
  constructor(cell: object) {
    super();
    Object.assign(this, cell);
  }

  override forward(): never {
    throw new OptionError("Recurrence: the cell is not a module; call the Recurrence");
  }
}

/**
 * Scans a cell of your own over a sequence.
 *
 * ```ts
 * class Leaky {
 *   input = new Linear({ inputSize: 3, outputSize: 8 });
 *   recurrent = new Linear({ inputSize: 8, outputSize: 8, bias: false });
 *   stateSizes = 8;
 *   step(x: Tensor, h: Tensor) {
 *     const drive = activations.tanh(add(this.input.forward(x), this.recurrent.forward(h)));
 *     const next = add(mul(h, 0.9), mul(drive, 0.1));
 *     return { output: next, state: next };
 *   }
 * }
 * const layer = new Recurrence(new Leaky());
 * const { output, state } = layer.forward(normal([5, 2, 3])); // [T, B, I]
 * output.shape; // [5, 2, 8]
 * state.shape; // [2, 8]
 * ```
 *
 * Layers and directions are put together in a module, which may hand on lengths and states:
 *
 * ```ts
 * class Both extends Module {
 *   ahead = new Recurrence(new GRUCell({ inputSize: 3, hiddenSize: 8 }));
 *   back = new Recurrence(new GRUCell({ inputSize: 3, hiddenSize: 8 }), { reverse: true });
 *   forward(x: Tensor, pass?: RecurrencePass) {
 *     const results = [this.ahead, this.back].map((layer) => layer.forward(x, undefined, pass));
 *     return { output: concat(results.map(({ output }) => output), -1), state: results.map(({ state }) => state) };
 *   }
 * }
 * new Both().forward(normal([5, 2, 3]), { lengths: [5, 4] }).output.shape; // [5, 2, 16]
 * ```
 *
 * `RNNCell`, `LSTMCell` and `GRUCell` are such cells. Each step is recorded operation by operation, so memory for the way
 * back is what the cell's operations keep, times T, or with `checkpointEvery: k` times k, and T/k states.
 */
export class Recurrence<State> extends Module {
  readonly cell: Cell<State>;
  readonly reverse: boolean;
  readonly batchFirst: boolean;
  readonly checkpointEvery: number | null;

  /** @throws {OptionError} when the cell has no `step`, or an option is unknown or out of range. */
  constructor(cell: Cell<State>, options: RecurrenceOptions = {}) {
    super();
    requireKnown("Recurrence", options, ["reverse", "batchFirst", "checkpointEvery"]);
    if (typeof cell?.step !== "function") {
      throw new OptionError(`Recurrence cell: expected an object with a function step, got ${describe(cell)}`);
    }
    const { reverse = false, batchFirst = false, checkpointEvery } = options;
    this.cell = cell;
    this.reverse = reverse;
    this.batchFirst = batchFirst;
    this.checkpointEvery =
      checkpointEvery === undefined ? null : requireCount("Recurrence checkpointEvery", checkpointEvery);
  }

  /** The cell, whether it is a module or an object that has some, and what a class that extends this one has. */
  override *children(): Generator<[string, Module]> {
    if (!(this.cell instanceof Module)) yield ["cell", new Holder(this.cell)];
    yield* super.children();
  }

  /** @internal */
  override get sequenceArguments(): "state" {
    return "state";
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I] (or more axes behind B), or [B, T, I] with `batchFirst`.
   * @param state what the cell carries; where omitted, its `initialState`, or zeros of its `stateSizes`.
   * @returns output [T, B, H], or [B, T, H] with `batchFirst`, and the state after the last step.
   * @throws {ShapeError} when x is no sequence, or the cell returns at some step what does not fit: the message names the
   *   step; {OptionError} when there is no state to start from, or a length is out of range.
   */
  override forward(x: Tensor, state?: State, pass: RecurrencePass = {}): RecurrentResult<State> {
    requireKnown("Recurrence forward", pass, ["lengths"]);
    const major = this.#timeMajor(x);
    const [steps, batch] = major.shape as [number, number];
    const lengths = pass.lengths === undefined ? null : readLengths(pass.lengths, steps, batch);
    const initial = this.#initial(state, batch);
    const scan = new Scan(this.cell, initial, { batch, reverse: this.reverse, lengths });
    const given = lengths ? withoutPadding(major, lengths.all) : major;
    const from = tensorsIn(initial);
    const result =
      this.checkpointEvery === null
        ? scan.run(given, from, 0)
        : checkpointSteps(given, from, (part, at, first) => scan.run(part, at as readonly Tensor[], first), {
            size: this.checkpointEvery,
            reverse: this.reverse,
          });
    const output = this.batchFirst ? transpose(result.output, 0, 1) : result.output;
    return { output, state: withTensors(initial, result.state) };
  }

  override stages(weights: WeightFormat = "float32"): StreamStage[] {
    if (this.reverse) throw new OptionError("stream: a reverse Recurrence reads the future");
    requireFloat32Weights("a Recurrence", weights);
    const inputSize = requireCount("stream: inputSize of the cell of a Recurrence", this.cell.inputSize ?? Number.NaN);
    return [new LayerStage<State>(this, inputSize, outputSizeOf<State>(this, inputSize))];
  }

  /**
   * The same network, one sample at a time, from its initial state. The cell says in `inputSize` how many numbers a sample
   * has. A push is one step of the cell, and what that and its operations take in JavaScript; `training` is off in every
   * module that the cell holds.
   * @throws {OptionError} when it reads from the end, the cell has no `inputSize`, an option is unknown, or weights are wanted
   *   in another format than float32.
   */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.stages(weightFormat(options)));
  }

  #timeMajor(x: Tensor): Tensor {
    const wanted = this.batchFirst ? "[B, T, …]" : "[T, B, …]";
    const [a = 0, b = 0] = x.shape;
    if (x.shape.length < 2 || a === 0 || b === 0) {
      const got = formatShape(x.shape);
      throw new ShapeError(`Recurrence x: expected ${wanted} with at least one step and one sequence, got ${got}`);
    }
    return this.batchFirst ? transpose(x, 0, 1) : x;
  }

  #initial(state: State | undefined, batch: number): State {
    const { cell } = this;
    if (state !== undefined) {
      requireTensors("Recurrence state", state);
      const usual = cell.stateSizes === undefined ? null : zeroState(cell.stateSizes, batch);
      if (usual !== null) requireLike(() => "Recurrence state", usual, state);
      return state;
    }
    if (cell.initialState) {
      const initial = cell.initialState(batch);
      requireTensors("Recurrence initialState", initial);
      return initial;
    }
    if (cell.stateSizes === undefined) {
      throw new OptionError("Recurrence: expected a state, or a cell with initialState or stateSizes, got neither");
    }
    return zeroState(cell.stateSizes, batch) as State;
  }
}

/** What all steps of a pass have in common. */
interface ScanOptions {
  readonly batch: number;
  readonly reverse: boolean;
  readonly lengths: Durations | null;
}

/** One pass of a cell over a sequence, whole or in segments. */
class Scan<State> {
  readonly #cell: Cell<State>;
  readonly #initial: State;
  readonly #options: ScanOptions;
  /** Of the first output, which all others must have. */
  #outputShape: readonly number[] | null = null;

  constructor(cell: Cell<State>, initial: State, options: ScanOptions) {
    this.#cell = cell;
    this.#initial = initial;
    this.#options = options;
  }

  /** Steps through x, which begins at step `first` of the whole sequence. */
  run(x: Tensor, from: readonly Tensor[], first: number): { output: Tensor; state: readonly Tensor[] } {
    const { reverse, lengths } = this.#options;
    const inputs = unbind(x);
    const outputs = new Array<Tensor>(inputs.length);
    let state = withTensors(this.#initial, from);
    for (let i = 0; i < inputs.length; i++) {
      const at = reverse ? inputs.length - 1 - i : i;
      const result = this.#cell.step(inputs[at] as Tensor, state);
      this.#check(result, first + at);
      const active = lengths?.activeAt(first + at) ?? null;
      outputs[at] = active ? selectRows(active, result.output, null) : result.output;
      state = active ? kept(active, result.state, state) : result.state;
    }
    return { output: stack(outputs), state: tensorsIn(state) };
  }

  #check(result: { readonly output: Tensor; readonly state: State }, step: number): void {
    const name = `Recurrence step ${step}`;
    if (result === null || typeof result !== "object") {
      throw new ShapeError(`${name}: expected { output, state }, got ${describe(result)}`);
    }
    const { output, state } = result;
    if (!(output instanceof Tensor) || output.dtype !== "float32") {
      const got = output instanceof Tensor ? `one of ${output.dtype}` : describe(output);
      throw new ShapeError(`${name} output: expected a tensor of float32 numbers, got ${got}`);
    }
    const { batch } = this.#options;
    if (this.#outputShape === null && output.shape.length > 0 && output.shape[0] === batch) {
      this.#outputShape = output.shape;
    }
    if (!sameShape(output.shape, this.#outputShape ?? [])) {
      const wanted = this.#outputShape ? formatShape(this.#outputShape) : `[${batch}, …]`;
      throw new ShapeError(`${name} output: expected ${wanted}, got ${formatShape(output.shape)}`);
    }
    requireLike(() => `${name} state`, this.#initial, state);
  }
}

/** The new state of sequences that go on, the old one of those that are over. */
function kept<State>(active: readonly boolean[], after: State, before: State): State {
  const old = tensorsIn(before);
  const merged = tensorsIn(after).map((t, i) => selectRows(active, t, old[i] as Tensor));
  return withTensors(after, merged);
}

/** How long sequences are. */
class Durations {
  readonly all: readonly number[];
  readonly #shortest: number;

  constructor(all: readonly number[]) {
    this.all = all;
    this.#shortest = Math.min(...all);
  }

  /** Which sequences have a step number t; null: all. */
  activeAt(t: number): boolean[] | null {
    return t < this.#shortest ? null : this.all.map((length) => t < length);
  }
}

function readLengths(given: Lengths, steps: number, batch: number): Durations {
  return new Durations(Array.from(requireLengths("Recurrence lengths", given, batch, steps)));
}
