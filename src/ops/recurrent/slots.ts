import type { Activation } from "../activation/activation.ts";

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
