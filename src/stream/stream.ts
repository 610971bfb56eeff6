/**
 * Streaming: one sample in, one result out, the state kept between. A stream is a chain of stages, each of which reads
 * its input where the stage before it left it; a push moves no memory but the sample itself and allocates nothing.
 */
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";

/** One layer of a stream. */
export interface StreamStage {
  /** Takes numbers of this size, or one token out of `tokens`. */
  readonly input: { readonly size: number } | { readonly tokens: number };
  readonly outputSize: number;
  /** Reads the sample at an address and returns the address of the result, valid until the next step. */
  step(input: number): number;
  /** Goes back to the initial state; a stage without one needs no `reset`. */
  reset?(): void;
}

const registry = new FinalizationRegistry<number>((address) => engine().heap.release(address));

/** Memory of a stage: `count` numbers, zeros at first, held as long as `owner` is. */
export function reserve(owner: object, count: number): number {
  const e = engine();
  const address = e.heap.allocate(count * 4);
  e.kernels.fill(address, count, 0);
  registry.register(owner, address);
  return address;
}

/**
 * A network that reads one sample at a time. Uses the weights as they are at each push; costs one state of memory and a
 * packed copy of the weights.
 */
export class Stream {
  readonly #stages: readonly StreamStage[];
  readonly #input: number;
  readonly #result: Float32Array;

  /** @throws {OptionError} when there are no stages, or one does not take what the one before it gives. */
  constructor(stages: readonly StreamStage[]) {
    const first = stages[0];
    if (!first) throw new OptionError("stream: expected at least one layer, got none");
    stages.slice(1).forEach((stage, i) => {
      const given = (stages[i] as StreamStage).outputSize;
      const wanted = "size" in stage.input ? stage.input.size : "tokens";
      if (wanted !== given)
        throw new OptionError(`stream layer ${i + 1}: expected an input of ${wanted}, got ${given}`);
    });
    this.#stages = stages;
    this.#input = reserve(this, "size" in first.input ? first.input.size : 1);
    this.#result = new Float32Array((stages.at(-1) as StreamStage).outputSize);
  }

  /**
   * Reads one sample: a `Float32Array` of the first layer's input size, or a token where that layer is an embedding.
   * @returns the result, in an array that the next push overwrites.
   * @throws {ShapeError} when the sample has another size; {OptionError} when the token is outside the table.
   */
  push(sample: Float32Array | number): Float32Array {
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
      engine().f32.set(sample, this.#input >>> 2);
    }
    let at = this.#input;
    for (const stage of this.#stages) at = stage.step(at);
    const start = at >>> 2;
    this.#result.set(engine().f32.subarray(start, start + this.#result.length));
    return this.#result;
  }

  /** Goes back to the initial state. */
  reset(): void {
    for (const stage of this.#stages) stage.reset?.();
  }
}
