import type { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation/activation.ts";

/** The tensors that activations learn. */
export function learnedBy(...activations: readonly Activation[]): Tensor[] {
  return activations.flatMap(({ learned }) => [...learned.values()]);
}

/** The fields of a plan that name a cell's two activations: σ of the gates, φ of the rest. */
export function slotsOf(gate: Activation, cell: Activation) {
  return {
    gateForward: gate.slots.forwardSlot,
    gateBackward: gate.slots.backwardSlot,
    gateParameters: gate.parameters,
    cellForward: cell.slots.forwardSlot,
    cellBackward: cell.slots.backwardSlot,
    cellParameters: cell.parameters,
  };
}

/** Takes a pass back through a cell's two activations, whose fields of the plan `run` is given (see Activation.takeBack). */
export function takeBack(gate: Activation, cell: Activation, run: (slots: ReturnType<typeof slotsOf>) => void): void {
  gate.takeBack((gateParameters) => {
    cell.takeBack((cellParameters) => run({ ...slotsOf(gate, cell), gateParameters, cellParameters }));
  });
}
