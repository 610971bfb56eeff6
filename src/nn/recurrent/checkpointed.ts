/** Recurrent layers over sequences too long to keep all of. */
import { checkpointSteps } from "../../autograd/checkpoint.ts";
import { transpose } from "../../ops/layout.ts";
import { OptionError, ShapeError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { PassDraws } from "../../runtime/random.ts";
import { type StreamOptions, type WeightFormat, weightFormat } from "../../stream/format.ts";
import type { StreamStage } from "../../stream/stage.ts";
import { Stream } from "../../stream/stream.ts";
import { RemainingSteps, requireLengths } from "../../tensor/lengths.ts";
import { formatShape } from "../../tensor/shape.ts";
import { describe, tensorsIn, withTensors } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import type { RecurrentResult } from "./layer.ts";
import { withoutPadding } from "./padding.ts";
import type { SequencePass } from "./sequence.ts";
import { requireTensors } from "./state.ts";

/**
 * A module that takes a sequence [T, B, I] and a state, and returns the output of each step and the state after the last.
 * With `lengths`, of which any may be 0 here, the state of each sequence is that after its own last step.
 */
export type Steps<State> = {
  forward(x: Tensor, state?: State, pass?: SequencePass): RecurrentResult<State>;
} & Module;

export interface CheckpointedOptions {
  /** How many segments a sequence is cut into; about √T when omitted, which saves most. */
  segments?: number;
  /** Sequences are [B, T, I] instead of [T, B, I]; default false. */
  batchFirst?: boolean;
}

/**
 * A recurrent layer that keeps its states at the ends of segments only, and runs each segment again on the way back:
 * the same outputs and gradients for a fraction of the memory and one more forward pass.
 *
 * ```ts
 * const layer = new Checkpointed(new LSTM({ inputSize: 3, hiddenSize: 8 }));
 * const { output, state } = layer.forward(normal([100, 2, 3])); // as those of the LSTM
 * output.shape; // [100, 2, 8]
 * state.c.shape; // [1, 2, 8]
 * ```
 *
 * It takes any layer with `forward(x, state, pass) → { output, state }`, which is every recurrent layer in one direction,
 * and modules of your own. What follows a layer step by step, such as a `Linear` head, is best put inside, so that its input is not
 * kept either:
 *
 * ```ts
 * class Head extends Module {
 *   lstm = new LSTM({ inputSize: 3, hiddenSize: 8 });
 *   linear = new Linear({ inputSize: 8, outputSize: 10 });
 *   forward(x: Tensor, state?: LSTMState, pass?: SequencePass) { // pass: for sequences of several lengths
 *     const { output, state: last } = this.lstm.forward(x, state, pass);
 *     return { output: this.linear.forward(output), state: last };
 *   }
 * }
 * new Checkpointed(new Head()).forward(normal([100, 2, 3])).output.shape; // [100, 2, 10]
 * ```
 *
 * Memory in numbers a position: that of the output and, on the way back, of its gradient; what the layer itself keeps
 * (7H of an LSTM) for one segment at a time; a state for each segment. Dropout drops the same numbers both times, and masks
 * of which a pass has one (`recurrentDropout`, `weightDrop`, `LockedDropout`, `EmbeddingDropout`) are one for all segments;
 * `training` must not change between the passes.
 * Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost".
 */
export class Checkpointed<State> extends Module {
  readonly layer: Steps<State>;
  readonly segments: number | null;
  readonly batchFirst: boolean;

  /**
   * @throws {OptionError} when the layer reads sequences from their ends or wants [B, T, I] (say `batchFirst` here), or an
   *   option is unknown or out of range.
   */
  constructor(layer: Steps<State>, options: CheckpointedOptions = {}) {
    super();
    requireKnown("Checkpointed", options, ["segments", "batchFirst"]);
    if (!(layer instanceof Module)) {
      throw new OptionError(`Checkpointed layer: expected a module, got ${describe(layer)}`);
    }
    const { bidirectional, reverse, batchFirst } = layer as {
      bidirectional?: boolean;
      reverse?: boolean;
      batchFirst?: boolean;
    };
    if (bidirectional || reverse) {
      throw new OptionError(
        `Checkpointed layer: expected one that reads forward, got a ${bidirectional ? "bidirectional" : "reverse"} one`,
      );
    }
    if (batchFirst) {
      throw new OptionError(
        "Checkpointed layer: expected one of [T, B, I], got one with batchFirst; give batchFirst to Checkpointed instead",
      );
    }
    this.layer = layer;
    this.segments = options.segments === undefined ? null : requireCount("Checkpointed segments", options.segments);
    this.batchFirst = options.batchFirst ?? false;
  }

  /** @internal */
  override get sequenceArguments(): "state" {
    return "state";
  }

  /**
   * Runs a batch of sequences.
   * @param x [T, B, I], or [B, T, I] with `batchFirst`.
   * @param state as the layer takes it.
   * @param pass `lengths`: the layer is handed how many steps of a segment each sequence has left, 0 included, and must
   *   heed it. Outputs beyond the end are zeros, whatever it makes of them, and the layer reads zeros there.
   * @throws {ShapeError} when x is no sequence, or the layer returns something else than { output, state } of tensors;
   *   {OptionError} when a length is out of range, or a layer's masks differ in size from segment to segment.
   */
  override forward(x: Tensor, state?: State, pass: SequencePass = {}): RecurrentResult<State> {
    requireKnown("Checkpointed forward", pass, ["lengths"]);
    const [a = 0, b = 0] = x.shape;
    if (x.shape.length < 2 || a === 0 || b === 0) {
      const wanted = this.batchFirst ? "[B, T, …]" : "[T, B, …]";
      throw new ShapeError(`Checkpointed x: expected ${wanted} that is not empty, got ${formatShape(x.shape)}`);
    }
    if (state !== undefined) requireTensors("Checkpointed state", state);
    const major = this.batchFirst ? transpose(x, 0, 1) : x;
    const [steps, batch] = major.shape as [number, number];
    const lengths =
      pass.lengths === undefined ? null : requireLengths("Checkpointed lengths", pass.lengths, batch, steps);
    const size = Math.ceil(steps / (this.segments ?? Math.ceil(Math.sqrt(steps))));
    let structure = state;
    const draws = new PassDraws();
    const run = (part: Tensor, before: readonly Tensor[] | null, first: number) => {
      const from = before ? withTensors(structure as State, before) : undefined;
      const left = lengths ? stepsLeft(lengths, first, part.shape[0] as number) : null;
      const result = draws.segment(first === 0, () => runSegment(this.layer, part, from, left));
      structure ??= result.state;
      return { output: result.output, state: tensorsIn(result.state) };
    };
    const given = state === undefined ? null : tensorsIn(state);
    const result = checkpointSteps(major, given, run, { size });
    structure = withTensors(structure as State, result.state);
    return { output: this.batchFirst ? transpose(result.output, 0, 1) : result.output, state: structure };
  }

  /** Those of the layer: a stream goes nowhere back. */
  override stages(weights?: WeightFormat): StreamStage[] {
    return this.layer.stages(weights);
  }

  /** The layer, one sample at a time. @throws {OptionError} when it cannot work so, or an option is unknown or no format. */
  stream(options: StreamOptions = {}): Stream {
    return new Stream(this.stages(weightFormat(options)));
  }
}

/** How many of `count` steps from `first` on each sequence has; null: all have all. */
function stepsLeft(lengths: Int32Array, first: number, count: number): RemainingSteps | null {
  const left = RemainingSteps.from(lengths, (length) => Math.min(Math.max(length - first, 0), count)) as RemainingSteps;
  return left.every((steps) => steps === count) ? null : left;
}

function runSegment<State>(
  layer: Steps<State>,
  x: Tensor,
  state: State | undefined,
  left: RemainingSteps | null,
): RecurrentResult<State> {
  const result = left ? layer.forward(withoutPadding(x, left), state, { lengths: left }) : layer.forward(x, state);
  requireResult(result);
  return left ? { output: withoutPadding(result.output, left), state: result.state } : result;
}

function requireResult(result: { readonly output: unknown; readonly state: unknown }): void {
  if (!(result?.output instanceof Tensor)) {
    throw new ShapeError(`Checkpointed layer: expected it to return { output, state }, got ${describe(result)}`);
  }
  requireTensors("Checkpointed layer state", result.state);
}
