/**
 * Streaming: one sample in, one result out, the state kept between. A stream is a program of stages in the engine's
 * memory, one a layer; a push writes the sample, makes one call whatever the number of layers, reads the result, and
 * allocates nothing.
 */
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { stagePlan } from "../runtime/plan.ts";
import { reserve } from "./reserve.ts";
import { type StreamStage, stageKinds } from "./stage.ts";

/** Packs a stage's weights before the first step, and whenever they have changed. */
class Freshness {
  readonly #stage: StreamStage;
  #version = -1;

  constructor(stage: StreamStage) {
    this.#stage = stage;
  }

  refresh(): void {
    // Versions only grow, so a sum that is the same says that none of them has changed.
    let version = 0;
    for (const parameter of this.#stage.parameters) version += parameter.version;
    if (version === this.#version) return;
    this.#stage.pack();
    this.#version = version;
  }
}

/**
 * A network that reads one sample at a time. Uses the weights as they are at each push; costs one state of memory and a
 * packed copy of the weights, in the format that the `weights` option of `stream()` says.
 *
 * ```ts
 * const lstm = new LSTM({ inputSize: 1, hiddenSize: 4 });
 * const stream = lstm.stream();
 * stream instanceof Stream; // true
 * let h: Float32Array = new Float32Array();
 * for (const sample of [1, 2, 3]) h = stream.push(Float32Array.of(sample));
 * const { state } = noGrad(() => lstm.forward(tensor([[[1]], [[2]], [[3]]])));
 * max(abs(sub(tensor(h, [1, 1, 4]), state.h))).item() < 1e-6; // true
 * ```
 */
export class Stream {
  readonly #stages: readonly StreamStage[];
  readonly #freshness: readonly Freshness[];
  readonly #program: number;
  readonly #input: number;
  readonly #output: number;
  readonly #result: Float32Array;
  /** The sample and the result where they lie in the engine's memory; made anew when the memory has grown or moved. */
  #inputView = new Float32Array();
  #outputView = new Float32Array();
  #generation = -1;

  /** @throws {OptionError} when there are no stages, or one does not take what the one before it gives. */
  constructor(stages: readonly StreamStage[]) {
    const first = stages[0];
    const last = stages.at(-1);
    if (!first || !last) throw new OptionError("stream: expected at least one layer, got none");
    stages.slice(1).forEach((stage, i) => {
      const given = (stages[i] as StreamStage).outputSize;
      const wanted = "size" in stage.input ? stage.input.size : "tokens";
      if (wanted !== given)
        throw new OptionError(`stream layer ${i + 1}: expected an input of ${wanted}, got ${given}`);
    });
    this.#stages = stages;
    this.#freshness = stages.map((stage) => new Freshness(stage));
    this.#input = reserve(this, "size" in first.input ? first.input.size : 1);
    this.#output = last.fields.state;
    this.#result = new Float32Array(last.outputSize);
    this.#program = reserve(this, stages.length * stagePlan.length);
    const { kernels } = engine();
    stages.forEach(({ kind, fields }, i) => {
      stagePlan({ ...fields, kernel: kernels.stageSlot(stageKinds[kind]) }, this.#program + i * stagePlan.length * 4);
    });
  }

  /**
   * Reads one sample: a `Float32Array` of the first layer's input size, or a token where that layer is an embedding.
   * @returns the result, in an array that the next push overwrites.
   * @throws {ShapeError} when the sample has another size; {OptionError} when the token is outside the table.
   */
  push(sample: Float32Array | number): Float32Array {
    this.#write(sample);
    for (const freshness of this.#freshness) freshness.refresh();
    engine().kernels.streamStep(this.#program, this.#stages.length, this.#input);
    this.#look();
    this.#result.set(this.#outputView);
    return this.#result;
  }

  #write(sample: Float32Array | number): void {
    const { input } = this.#stages[0] as StreamStage;
    if ("tokens" in input) {
      if (typeof sample !== "number" || !Number.isInteger(sample) || sample < 0 || sample >= input.tokens) {
        const got = typeof sample === "number" ? sample : `${sample.length} numbers`;
        throw new OptionError(`push: expected a token from 0 to ${input.tokens - 1}, got ${got}`);
      }
      engine().i32[this.#input >>> 2] = sample;
    } else {
      if (typeof sample === "number" || sample.length !== input.size) {
        const got = typeof sample === "number" ? "one number" : `${sample.length} numbers`;
        throw new ShapeError(`push: expected a sample of ${input.size} numbers, got ${got}`);
      }
      this.#look();
      this.#inputView.set(sample);
    }
  }

  #look(): void {
    const { heap, f32 } = engine();
    if (this.#generation === heap.generation) return;
    const { input } = this.#stages[0] as StreamStage;
    this.#inputView = new Float32Array(f32.buffer, this.#input, "size" in input ? input.size : 1);
    this.#outputView = new Float32Array(f32.buffer, this.#output, this.#result.length);
    this.#generation = heap.generation;
  }

  /** Goes back to the initial state. */
  reset(): void {
    for (const stage of this.#stages) stage.reset?.();
  }
}
