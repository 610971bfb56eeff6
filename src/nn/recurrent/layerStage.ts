/** One sample at a time through any recurrent layer: a forward pass of one step, with the state of the step before. */
import { withGradients } from "../../autograd/graph.ts";
import { inScope } from "../../autograd/noGrad.ts";
import { copy } from "../../ops/strided.ts";
import { OptionError } from "../../runtime/errors.ts";
import type { WeightFormat } from "../../stream/format.ts";
import { reserve } from "../../stream/reserve.ts";
import type { StepStage } from "../../stream/stage.ts";
import { zeros } from "../../tensor/create.ts";
import { tensorsIn, withTensors } from "../../tensor/structure.ts";
import { type DataType, Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../module.ts";

/** A layer over sequences, as far as a stream is concerned. */
type StreamedLayer<State> = {
  forward(x: Tensor, state?: State): { readonly output: Tensor; readonly state: State };
} & Module;

/** A tensor of the state, and its two places in memory: one is read while the other is written. */
interface StatePlace {
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly size: number;
  readonly addresses: readonly [number, number];
}

/** @throws {OptionError} where the weights of a layer that is no kernel of a stream are wanted in another format. */
export function requireFloat32Weights(layer: string, format: WeightFormat): void {
  if (format === "float32") return;
  throw new OptionError(`stream weights: expected "float32" for ${layer}, got ${JSON.stringify(format)}`);
}

/** A module and all modules in it. */
function* modulesIn(module: Module): Generator<Module> {
  yield module;
  for (const [, child] of module.children()) yield* modulesIn(child);
}

/** Runs `work` with dropout and the like off in these modules. */
function evaluating<Result>(modules: readonly Module[], work: () => Result): Result {
  const before = modules.map(({ training }) => training);
  for (const module of modules) module.training = false;
  try {
    return work();
  } finally {
    modules.forEach((module, i) => {
      module.training = before[i] as boolean;
    });
  }
}

/** How many numbers a layer makes of a sample: what it makes of zeros tells. */
export function outputSizeOf<State>(layer: StreamedLayer<State>, inputSize: number): number {
  const work = (): number => layer.forward(zeros([1, 1, inputSize])).output.size;
  return evaluating([...modulesIn(layer)], () => inScope(() => withGradients(false, work)));
}

/**
 * A layer that is no kernel of a stream, as a part of one. A step is a forward pass of one step, without gradients and
 * without dropout; its memory is that of the state, twice, and what such a pass takes while it lasts.
 */
export class LayerStage<State> implements StepStage {
  readonly input: { readonly size: number };
  readonly outputSize: number;
  readonly result: number;
  readonly #layer: StreamedLayer<State>;
  readonly #modules: readonly Module[];
  /** In the structure of the state, once it is known. */
  #places: readonly StatePlace[] | null = null;
  #structure: State | undefined;
  /** Which of the two places holds the state; null: it is the initial one. */
  #current: 0 | 1 | null = null;

  constructor(layer: StreamedLayer<State>, inputSize: number, outputSize: number) {
    this.input = { size: inputSize };
    this.outputSize = outputSize;
    this.result = reserve(this, outputSize);
    this.#layer = layer;
    this.#modules = [...modulesIn(layer)];
  }

  step(input: number): number {
    evaluating(this.#modules, () =>
      inScope(() =>
        withGradients(false, () => {
          const x = Tensor.at(input, [1, 1, this.input.size]);
          const { output, state } = this.#layer.forward(x, this.#state());
          this.#keep(state);
          copy(output.address, this.result, this.outputSize);
        }),
      ),
    );
    return this.result;
  }

  reset(): void {
    this.#current = null;
  }

  /** The state before the step; undefined: the layer's initial one. */
  #state(): State | undefined {
    const current = this.#current;
    if (current === null || this.#places === null) return undefined;
    const parts = this.#places.map(({ addresses, shape, dtype }) => Tensor.at(addresses[current], shape, dtype));
    return withTensors(this.#structure as State, parts);
  }

  #keep(state: State): void {
    const parts = tensorsIn(state);
    if (this.#places === null) {
      this.#places = parts.map(({ shape, dtype, size }) => {
        const block = (): number => reserve(this, Math.max(1, size));
        return { shape, dtype, size, addresses: [block(), block()] };
      });
      let next = 0;
      // What gives the structure holds no numbers of a step that is over.
      this.#structure = withTensors(
        state,
        parts.map(() => Tensor.fromArray(Float32Array.of(next++), [1])),
      );
    }
    const target = this.#current === 0 ? 1 : 0;
    this.#places.forEach(({ addresses, size }, i) => {
      copy((parts[i] as Tensor).address, addresses[target], size);
    });
    this.#current = target;
  }
}
