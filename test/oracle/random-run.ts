import type { Numbers } from "./compare.ts";
import { type LayerOptions, type Named, parameterShapes } from "./layer.ts";
import { randomNumbers, randomVector } from "./random.ts";

export interface RunSize {
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  /** Without one, h0 and c0 are absent: zeros. */
  readonly hasInitialState: boolean;
}

/** Random x, initial state, weights and cotangents for a layer, under the names layerOracle reads. */
export function randomRun(options: LayerOptions, { steps, batch, seed, hasInitialState }: RunSize): Named {
  const { inputSize, hiddenSize, layers = 1, bidirectional, batchFirst } = options;
  const next = randomNumbers(seed);
  const random = (shape: number[], scale = 1): Numbers => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { shape, data: randomVector(next, count).map((value) => Math.fround(scale * value)) };
  };
  const directions = bidirectional ? 2 : 1;
  const sequence = (size: number) => (batchFirst ? [batch, steps, size] : [steps, batch, size]);
  const given: Named = new Map([["x", random(sequence(inputSize))]]);
  given.set("cotangent.output", random(sequence(hiddenSize * directions)));
  const stateShape = [layers * directions, batch, hiddenSize];
  for (const state of options.kind === "LSTM" ? ["h", "c"] : ["h"]) {
    given.set(`cotangent.${state}`, random(stateShape));
    if (hasInitialState) given.set(`${state}0`, random(stateShape));
  }
  // As PyTorch starts them, ±1/√H; no less than ±0.3, so that the recurrence matters at any size.
  const bound = Math.max(0.3, hiddenSize ** -0.5);
  for (const [name, shape] of parameterShapes(options)) given.set(`weights.${name}`, random(shape, bound));
  return given;
}
