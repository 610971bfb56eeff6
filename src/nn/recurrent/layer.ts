/** What RNN, LSTM and GRU share: options, parameters, layers, directions, dropout between layers, streaming. */
import { dropout, requireProbability } from "../../ops/dropout.ts";
import { concat, reshape, slice, stack, transpose } from "../../ops/layout.ts";
import type { RecurrentWeights } from "../../ops/recurrent/inputProduct.ts";
import { type PackedLayout, packedLayout } from "../../ops/recurrent/layout.ts";
import { orderState, packSequences, restoreState, unpackSequences } from "../../ops/recurrent/packing.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { passGenerator } from "../../runtime/random.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Stream } from "../../stream/stream.ts";
import { type Lengths, requireLengths } from "../../tensor/lengths.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { formatShape, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { Module } from "../module.ts";
import { LayerStage, requireFloat32Weights } from "./layerStage.ts";
import { zeroTensor } from "./state.ts";

export interface RecurrentOptions {
  inputSize: number;
  hiddenSize: number;
  /** How many layers lie on each other; default 1. */
  layers?: number;
  /** A second network reads each sequence from its end; default false. */
  bidirectional?: boolean;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
  /** Probability of dropping a number between layers while training; default 0. */
  dropout?: number;
  /** Default true. */
  bias?: boolean;
  /**
   * Probability of dropping a number of h_{t-1} in the recurrent product while training, one mask for all time steps of a
   * sequence (Gal & Ghahramani 2016); default 0.
   */
  recurrentDropout?: number;
  /** Probability of dropping a number of W_hh while training, one mask for a whole pass (Merity 2017); default 0. */
  weightDrop?: number;
}

const optionNames = [
  "inputSize",
  "hiddenSize",
  "layers",
  "bidirectional",
  "batchFirst",
  "dropout",
  "bias",
  "recurrentDropout",
  "weightDrop",
];

/** The output of every time step, and the state after the last one. */
export interface RecurrentResult<State> {
  /** [T, B, H·directions], or [B, T, H·directions] with `batchFirst`. */
  readonly output: Tensor;
  readonly state: State;
}

/** What a pass over a batch may be told besides. */
export interface PassOptions {
  /**
   * How many time steps each sequence has, [B]: steps beyond are padding, whose numbers are never looked at. Default: T.
   * Outputs there are zeros; the last state of a sequence is that after its own last step, and the reverse direction begins
   * there. Padding takes no time, in whatever order the sequences are.
   */
  lengths?: Lengths;
}

/** One layer in one direction. */
export interface Direction {
  readonly weights: RecurrentWeights & { readonly weightIh: Parameter; readonly weightHh: Parameter };
  /** `l0`, `l1_reverse`: how its parameters' names end. */
  readonly suffix: string;
  readonly reverse: boolean;
}

/** What one direction of one layer works on. */
export interface LayerPass {
  /** [T, B, I], or [rows, I] when packed. */
  readonly x: Tensor;
  readonly direction: Direction;
  /** Those of the direction, W_hh with what weightDrop leaves of it. */
  readonly weights: RecurrentWeights;
  /** [B, H] states, or null for zeros. */
  readonly initial: readonly Tensor[] | null;
  /** How x is packed. */
  readonly layout: PackedLayout | null;
}

/** What distinguishes the kinds of layers. */
interface Kind {
  readonly name: string;
  /** How many blocks of H the weights have. */
  readonly gates: number;
  /** Options of its own. */
  readonly options?: readonly string[];
  /** The size of h where it is not H. */
  readonly outputSize?: number;
}

/** What one direction of one layer computes: its output and its last states (h, or h and c). */
export interface PassResult {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
}

/** A recurrent layer over whole sequences. `State` is what it carries: a tensor, or `{ h, c }`. */
export abstract class RecurrentLayer<State> extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly weightDrop: number;
  /** The size of h: hiddenSize, or projectionSize. */
  readonly outputSize: number;
  /** Layer by layer, forward before reverse. */
  protected readonly directions: readonly Direction[];

  /** @throws {OptionError} when an option is unknown or out of range. */
  protected constructor(kind: Kind, options: RecurrentOptions) {
    super();
    const { name } = kind;
    requireKnown(name, options, [...optionNames, ...(kind.options ?? [])]);
    this.inputSize = requireCount(`${name} inputSize`, options.inputSize);
    this.hiddenSize = requireCount(`${name} hiddenSize`, options.hiddenSize);
    this.outputSize = kind.outputSize ?? this.hiddenSize;
    this.layers = requireCount(`${name} layers`, options.layers ?? 1);
    this.bidirectional = options.bidirectional ?? false;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.recurrentDropout = options.recurrentDropout ?? 0;
    this.weightDrop = options.weightDrop ?? 0;
    for (const option of ["dropout", "recurrentDropout", "weightDrop"] as const) {
      requireProbability(`${name} ${option}`, this[option]);
    }
    this.directions = this.#build(kind.gates, options.bias ?? true);
  }

  #build(gates: number, bias: boolean): Direction[] {
    const rows = gates * this.hiddenSize;
    const bound = 1 / Math.sqrt(this.hiddenSize);
    const make = (name: string, shape: number[]): Parameter => {
      const parameter = this.register(name, new Parameter(shape));
      fillUniform(parameter, bound);
      return parameter;
    };
    const reversals = this.bidirectional ? [false, true] : [false];
    return Array.from({ length: this.layers }, (_, layer) =>
      reversals.map((reverse) => {
        const suffix = `l${layer}${reverse ? "_reverse" : ""}`;
        const width = layer === 0 ? this.inputSize : this.outputSize * reversals.length;
        const weights = {
          weightIh: make(`weight_ih_${suffix}`, [rows, width]),
          weightHh: make(`weight_hh_${suffix}`, [rows, this.outputSize]),
          biasIh: bias ? make(`bias_ih_${suffix}`, [rows]) : null,
          biasHh: bias ? make(`bias_hh_${suffix}`, [rows]) : null,
        };
        return { weights, suffix, reverse };
      }),
    ).flat();
  }

  /** Runs one direction of one layer. */
  protected abstract run(pass: LayerPass): PassResult;

  /** What a state is, in words. */
  protected readonly stateKind: string = "a tensor";

  /** Takes the state apart into its tensors, each [layers·directions, B, H]. */
  protected abstract unpack(state: State): readonly Tensor[];

  /** The reverse of `unpack`. */
  protected abstract pack(states: readonly Tensor[]): State;

  /** One layer of a stream. */
  protected abstract stage(direction: Direction, weights: WeightFormat): StreamStage;

  /** @internal */
  override get sequenceArguments(): "state" {
    return "state";
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state [layers·directions, B, H], or `{ h, c }` of that shape for an LSTM; zeros when omitted.
   * @throws {ShapeError} when a shape does not fit, {OptionError} when a length is not a whole number from 1 to T.
   */
  override forward(x: Tensor, state?: State, options: PassOptions = {}): RecurrentResult<State> {
    const name = this.constructor.name;
    requireKnown(`${name} forward`, options, ["lengths"]);
    if (x.shape.length !== 3) {
      const wanted = this.batchFirst ? "[B, T, I]" : "[T, B, I]";
      throw new ShapeError(`${name} x: expected ${wanted}, got ${formatShape(x.shape)}`);
    }
    const [steps, batch] = (this.batchFirst ? [x.shape[1], x.shape[0]] : x.shape) as [number, number];
    const wanted = this.batchFirst ? ["B", "T", this.inputSize] : ["T", "B", this.inputSize];
    requireShape(`${name} x`, x.shape, wanted);
    const initial = state === undefined ? null : this.#checkState(state, batch);
    const layout = layoutOf(name, options, steps, batch);
    const sequences = this.batchFirst ? transpose(x, 0, 1) : x;
    if (layout?.rows === 0) return this.#nothing(initial, steps, batch);
    const finals: PassResult[] = [];
    const read = layout ? packSequences(sequences, layout) : sequences;
    const packed = this.#runLayers(read, initial, layout, finals);
    const output = layout ? unpackSequences(packed, layout, steps) : packed;
    return {
      output: this.batchFirst ? transpose(output, 0, 1) : output,
      state: this.pack(stackStates(finals)),
    };
  }

  /** What sequences that are over give: zeros, and the states that they came with. */
  #nothing(initial: readonly Tensor[] | null, steps: number, batch: number): RecurrentResult<State> {
    const [depth, width] = [this.directions.length, this.bidirectional ? 2 : 1];
    const sizes = [this.outputSize, this.hiddenSize];
    const last = initial ?? sizes.map((size) => zeroTensor([depth, batch, size]));
    const wide = width * this.outputSize;
    return {
      output: zeroTensor(this.batchFirst ? [batch, steps, wide] : [steps, batch, wide]),
      state: this.pack(last),
    };
  }

  /** All layers, one on the other; their last states go to `finals`. */
  #runLayers(x: Tensor, initial: readonly Tensor[] | null, layout: PackedLayout | null, finals: PassResult[]): Tensor {
    const width = this.bidirectional ? 2 : 1;
    let at = x;
    for (let layer = 0; layer < this.layers; layer++) {
      if (layer > 0 && this.dropout > 0) at = dropout(at, this.dropout, this.training);
      const input = at;
      const passes = this.directions.slice(layer * width, (layer + 1) * width).map((direction, d) => {
        const index = layer * width + d;
        const own = initial?.map((s) => reshape(slice(s, 0, index, index + 1), s.shape.slice(1))) ?? null;
        const weights = this.#dropWeights(direction.weights);
        if (!layout) return this.run({ x: input, direction, weights, initial: own, layout });
        const ordered = own?.map((s) => orderState(s, layout)) ?? null;
        const { output, states } = this.run({ x: input, direction, weights, initial: ordered, layout });
        return { output, states: states.map((s) => restoreState(s, layout)) };
      });
      finals.push(...passes);
      const outputs = passes.map((pass) => pass.output);
      at = outputs.length === 1 ? (outputs[0] as Tensor) : concat(outputs, -1);
    }
    return at;
  }

  #dropWeights(weights: RecurrentWeights): RecurrentWeights {
    if (this.weightDrop === 0 || !this.training) return weights;
    return { ...weights, weightHh: dropout(weights.weightHh, this.weightDrop, true, passGenerator) };
  }

  #checkState(state: State, batch: number): readonly Tensor[] {
    if (typeof state !== "object" || state === null) {
      throw new ShapeError(`${this.constructor.name} state: expected ${this.stateKind}, got ${state}`);
    }
    const tensors = this.unpack(state);
    const depth = this.directions.length;
    tensors.forEach((t, part) => {
      if (!(t instanceof Tensor)) {
        throw new ShapeError(`${this.constructor.name} state: expected ${this.stateKind}, got something else`);
      }
      const size = part === 0 ? this.outputSize : this.hiddenSize;
      requireShape(`${this.constructor.name} state`, t.shape, [depth, batch, size]);
    });
    return tensors;
  }

  override stages(weights: WeightFormat = "float32"): StreamStage[] {
    if (this.bidirectional) {
      throw new OptionError(`stream: a bidirectional ${this.constructor.name} reads the future`);
    }
    const found = Object.entries(this.variations).flatMap(([option, has]) => (has ? [option] : []));
    if (found.length === 0) return this.directions.map((direction) => this.stage(direction, weights));
    requireFloat32Weights(`${this.constructor.name} with ${found.join(", ")}`, weights);
    return [new LayerStage<State>(this, this.inputSize, this.outputSize)];
  }

  /** What of its options the kernels of a stream cannot do, by name. */
  protected get variations(): Readonly<Record<string, boolean>> {
    return {};
  }

  /**
   * The same layer, one sample at a time, from a state of zeros, with the bits of the whole sequence.
   *
   * ```ts
   * const stream = new GRU({ inputSize: 3, hiddenSize: 8 }).stream();
   * stream.push(Float32Array.of(0.1, 0.2, 0.3)).length; // 8
   * ```
   *
   * A plain layer is one call into the engine a push. One with projection, coupled gates, layer norm, zoneout or
   * activations of its own runs a forward pass of one step instead: the same numbers several times as slowly (at
   * H = 128 about ten times), and with float32 weights only. Nothing is dropped, and zoneout is its mean, whatever `training` says.
   *
   * @throws {OptionError} when it is bidirectional, an option is unknown or no format, or weights are wanted in a format
   *   that the layer does not have.
   */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.stages(weightFormat(options)));
  }
}

/** How a batch is packed; null when all its sequences last T steps. */
function layoutOf(what: string, { lengths }: PassOptions, steps: number, batch: number): PackedLayout | null {
  if (lengths === undefined) return null;
  const numbers = requireLengths(`${what} lengths`, lengths, batch, steps, 1);
  return numbers.every((length) => length === steps) ? null : packedLayout(numbers);
}

/** The last states of all passes, [layers·directions, B, H] for each part of the state. */
function stackStates(passes: readonly PassResult[]): Tensor[] {
  const [first] = passes as [PassResult];
  return first.states.map((_, part) => {
    const parts = passes.map((pass) => pass.states[part] as Tensor);
    return parts.length === 1 ? reshape(parts[0] as Tensor, [1, ...(parts[0] as Tensor).shape]) : stack(parts, 0);
  });
}
