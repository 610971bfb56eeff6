/**
 * A whole recurrent layer in float64, tensors in and tensors out, under the names the fixtures use:
 * output, h, c, gradient.x, gradient.h0, gradient.c0 and gradient.<PyTorch name>.
 */

import type { Numbers } from "./compare.ts";
import { gru, lstm, type Recurrence, rnn, type Weights, zerosLike } from "./recurrent.ts";
import { runStack, type StackWeights } from "./stack.ts";
import { matrix, type Vector, zeros } from "./vector.ts";

export interface LayerOptions {
  readonly kind: "RNN" | "LSTM" | "GRU";
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly batchFirst?: boolean;
  readonly bias?: boolean;
  readonly activation?: "tanh" | "relu";
  readonly resetAfter?: boolean;
  readonly peepholes?: boolean;
}

export type Named = Map<string, Numbers>;

const GATES = { RNN: 1, LSTM: 4, GRU: 3 };

/** PyTorch's parameter names of such a layer, and their shapes. */
export function parameterShapes(options: LayerOptions): Map<string, number[]> {
  const { kind, inputSize, hiddenSize, layers = 1, bidirectional = false, bias = true, peepholes = false } = options;
  const rows = GATES[kind] * hiddenSize;
  const shapes = new Map<string, number[]>();
  for (let layer = 0; layer < layers; layer += 1) {
    for (const suffix of suffixes(layer, bidirectional)) {
      const columns = layer === 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1);
      shapes.set(`weight_ih${suffix}`, [rows, columns]).set(`weight_hh${suffix}`, [rows, hiddenSize]);
      if (bias) shapes.set(`bias_ih${suffix}`, [rows]).set(`bias_hh${suffix}`, [rows]);
      if (peepholes) shapes.set(`weight_peephole${suffix}`, [3 * hiddenSize]);
    }
  }
  return shapes;
}

function suffixes(layer: number, bidirectional = false): string[] {
  return bidirectional ? [`_l${layer}`, `_l${layer}_reverse`] : [`_l${layer}`];
}

/** All there is to know about one run. `given` holds x, weights.<name>, and h0, c0, cotangent.<name> where not zeros. */
export function layerOracle(options: LayerOptions, given: Named): Named {
  const { hiddenSize, layers = 1, bidirectional = false, batchFirst = false } = options;
  const directions = bidirectional ? 2 : 1;
  const blocks = layers * directions;
  const stateNames = options.kind === "LSTM" ? ["h", "c"] : ["h"];
  const x = given.get("x")!;
  const [steps, batch] = batchFirst ? [x.shape[1], x.shape[0]] : x.shape;
  const sequenceAt = batchFirst ? (t: number, b: number) => b * steps + t : (t: number, b: number) => t * batch + b;
  const stateAt = (block: number, b: number) => block * batch + b;

  const weights = stackWeights(options, given);
  const gradients = weights.map((layer) => layer.map(zerosLike));
  const result: Named = new Map();
  const output = empty(result, "output", [x.shape[0], x.shape[1], hiddenSize * directions]);
  const dx = empty(result, "gradient.x", x.shape);
  const states = stateNames.map((name) => empty(result, name, [blocks, batch, hiddenSize]));
  const dInitials = stateNames.map((name) => empty(result, `gradient.${name}0`, [blocks, batch, hiddenSize]));

  for (let b = 0; b < batch; b += 1) {
    const sequence = (tensor: Numbers) => Array.from({ length: steps }, (_, t) => row(tensor, sequenceAt(t, b)));
    const stateOf = (name: (state: string) => string) =>
      Array.from({ length: blocks }, (_, block) =>
        stateNames.map((state) => {
          const tensor = given.get(name(state));
          return tensor ? row(tensor, stateAt(block, b)) : zeros(hiddenSize);
        }),
      );
    const run = runStack(
      recurrenceOf(options),
      weights,
      sequence(x),
      stateOf((state) => `${state}0`),
    );
    const cotangent = given.get("cotangent.output");
    const dOutput = cotangent
      ? sequence(cotangent)
      : Array.from({ length: steps }, () => zeros(hiddenSize * directions));
    const back = run.backward(
      dOutput,
      stateOf((state) => `cotangent.${state}`),
      gradients,
    );
    for (let t = 0; t < steps; t += 1) {
      setRow(output, sequenceAt(t, b), run.output[t]);
      setRow(dx, sequenceAt(t, b), back.dx[t]);
    }
    for (let block = 0; block < blocks; block += 1) {
      for (const [index, state] of states.entries()) setRow(state, stateAt(block, b), run.state[block][index]);
      for (const [index, state] of dInitials.entries()) setRow(state, stateAt(block, b), back.dState[block][index]);
    }
  }
  for (const [name, shape] of parameterShapes(options)) {
    result.set(`gradient.${name}`, { shape, data: storage(gradients, name) });
  }
  return result;
}

function recurrenceOf({ kind, activation = "tanh", resetAfter = true }: LayerOptions): Recurrence {
  return kind === "LSTM" ? lstm : kind === "GRU" ? gru(resetAfter) : rnn(activation);
}

function stackWeights(options: LayerOptions, given: Named): StackWeights {
  const { kind, hiddenSize, layers = 1, bidirectional } = options;
  const rows = GATES[kind] * hiddenSize;
  const vector = (name: string, length: number) =>
    Float64Array.from(given.get(`weights.${name}`)?.data ?? zeros(length));
  return Array.from({ length: layers }, (_, layer) =>
    suffixes(layer, bidirectional).map((suffix): Weights => {
      const weightIh = given.get(`weights.weight_ih${suffix}`)!;
      const weightHh = given.get(`weights.weight_hh${suffix}`)!;
      return {
        weightIh: matrix(rows, weightIh.shape[1], weightIh.data),
        weightHh: matrix(rows, hiddenSize, weightHh.data),
        biasIh: vector(`bias_ih${suffix}`, rows),
        biasHh: vector(`bias_hh${suffix}`, rows),
        peephole: vector(`weight_peephole${suffix}`, 3 * hiddenSize),
      };
    }),
  );
}

/** The numbers of one parameter (`bias_hh_l1_reverse`) among the weights or gradients of a stack. */
function storage(stack: StackWeights, name: string): Float64Array {
  const { stem, layer, reverse } = /^(?<stem>\w+)_l(?<layer>\d+)(?<reverse>_reverse)?$/.exec(name)!.groups!;
  const block = stack[Number(layer)][reverse ? 1 : 0];
  switch (stem) {
    case "weight_ih":
      return block.weightIh.data;
    case "weight_hh":
      return block.weightHh.data;
    case "bias_ih":
      return block.biasIh;
    case "bias_hh":
      return block.biasHh;
    default:
      return block.peephole;
  }
}

interface Filling extends Numbers {
  readonly data: Float64Array;
}

function empty(result: Named, name: string, shape: readonly number[]): Filling {
  const tensor = { shape, data: zeros(shape.reduce((product, size) => product * size, 1)) };
  result.set(name, tensor);
  return tensor;
}

function row({ shape, data }: Numbers, index: number): Vector {
  const length = shape.at(-1)!;
  return Float64Array.from({ length }, (_, column) => data[index * length + column]);
}

function setRow({ shape, data }: Filling, index: number, values: Vector): void {
  data.set(values, index * shape.at(-1)!);
}
