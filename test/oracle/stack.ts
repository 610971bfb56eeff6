/** Layers and directions around a recurrence, as torch.nn.LSTM arranges them, in float64. */

import type { Recurrence, Run, Weights } from "./recurrent.ts";
import { add, join, parts, type Vector, zeros } from "./vector.ts";

/** weights[layer][direction] */
export type StackWeights = Weights[][];

/** A sequence that has been run through every layer; states are listed layer by layer, forward before reverse. */
export interface StackRun {
  /** y_1 … y_T, each forward ⧺ reverse when bidirectional. */
  readonly output: Vector[];
  readonly state: Vector[][];
  backward(dOutput: Vector[], dState: Vector[][], gradients: StackWeights): { dx: Vector[]; dState: Vector[][] };
}

/** Layer l reads layer l - 1's output; the reverse direction reads the sequence from its end. */
export function runStack(recurrence: Recurrence, weights: StackWeights, x: Vector[], state: Vector[][]): StackRun {
  const directions = weights[0].length;
  const runs: Run[][] = [];
  let sequence = x;
  for (const [layer, layerWeights] of weights.entries()) {
    const input = sequence;
    const layerRuns = layerWeights.map((block, direction) =>
      recurrence(block, inDirection(input, direction), state[layer * directions + direction]),
    );
    const outputs = layerRuns.map((run, direction) => inDirection(run.output, direction));
    sequence = input.map((_, t) => join(...outputs.map((output) => output[t])));
    runs.push(layerRuns);
  }
  return {
    output: sequence,
    state: runs.flat().map((run) => run.state),
    backward(dOutput, dState, gradients) {
      const dInitial: Vector[][] = [];
      let dSequence = dOutput;
      for (let layer = weights.length - 1; layer >= 0; layer -= 1) {
        const dHidden = dSequence.map((vector) => parts(vector, directions));
        dSequence = dHidden.map(() => zeros(weights[layer][0].weightIh.columns));
        for (const [direction, run] of runs[layer].entries()) {
          const block = layer * directions + direction;
          const dOutputs = inDirection(dHidden, direction).map((both) => both[direction]);
          const result = run.backward(dOutputs, dState[block], gradients[layer][direction]);
          dInitial[block] = result.dState;
          const dx = inDirection(result.dx, direction);
          dSequence = dSequence.map((sum, t) => add(sum, dx[t]));
        }
      }
      return { dx: dSequence, dState: dInitial };
    },
  };
}

function inDirection<T>(sequence: T[], direction: number): T[] {
  return direction === 0 ? sequence : sequence.toReversed();
}
