/**
 * Streaming: one sample in, one result out, the state kept between. A stream is a program of stages in the engine's
 * memory, one a layer; a push writes the sample, makes one call whatever the number of layers, reads the result, and
 * allocates nothing. Layers that no kernel of a stream is for take their steps between the programs before and after them.
 */
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { stagePlan } from "../runtime/plan.ts";
import { reserve } from "./reserve.ts";
import { type KernelStage, type StepStage, type StreamStage, stageKinds } from "./stage.ts";

/** Packs a stage's weights before the first step, and whenever they have changed. */
class Freshness {
  readonly #stage: KernelStage;
  #version = -1;

  constructor(stage: KernelStage) {
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

/** Neighbouring kernels, which one call runs. */
interface Program {
  readonly address: number;
  count: number;
}

/**
 * A network that reads one sample at a time. Uses the weights as they are at each push; costs one state of memory and a
 * packed copy of the weights, in the format that the `weights` option of `stream()` says. Layers without a kernel of their
 * own for this (their documentation says so) run a forward pass of one step at each push instead, and pack nothing.
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
  /** What a push goes through, in its order. */
  readonly #parts: readonly (Program | StepStage)[];
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
    this.#freshness = stages.filter((stage) => "kind" in stage).map((stage) => new Freshness(stage));
    this.#input = reserve(this, "size" in first.input ? first.input.size : 1);
    this.#output = "kind" in last ? last.fields.state : last.result;
    this.#result = new Float32Array(last.outputSize);
    this.#parts = this.#arrange(stages);
  }

  /** Writes the program of all kernels; neighbours among them are one part of it. */
  #arrange(stages: readonly StreamStage[]): (Program | StepStage)[] {
    const parts: (Program | StepStage)[] = [];
    let address = reserve(this, stages.length * stagePlan.length);
    for (const stage of stages) {
      if ("step" in stage) {
        parts.push(stage);
        continue;
      }
      const kernel = engine().kernels.stageSlot(stageKinds[stage.kind]);
      stagePlan({ ...stage.fields, kernel }, address);
      const last = parts.at(-1);
      if (last && !("step" in last)) last.count++;
      else parts.push({ address, count: 1 });
      address += stagePlan.length * 4;
    }
    return parts;
  }

  /**
   * Reads one sample: a `Float32Array` of the first layer's input size, or a token where that layer is an embedding.
   * @returns the result, in an array that the next push overwrites.
   * @throws {ShapeError} when the sample has another size; {OptionError} when the token is outside the table.
   */
  push(sample: Float32Array | number): Float32Array {
    this.#write(sample);
    for (const freshness of this.#freshness) freshness.refresh();
    let at = this.#input;
    for (const part of this.#parts) {
      at = "step" in part ? part.step(at) : engine().kernels.streamStep(part.address, part.count, at);
    }
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
