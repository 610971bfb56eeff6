import { accumulateGradient, giveGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation/activation.ts";
import { copy } from "../strided.ts";
import { openStateGradient } from "./history.ts";
import { present } from "./inputProduct.ts";
import { learnedBy } from "./slots.ts";
import { openStates } from "./states.ts";

export interface IndRnnOptions {
  readonly activation: Activation;
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
}

/**
 * Independently recurrent network over a whole sequence: h_t = f(z_t + u ⊙ h_{t-1}).
 * @param z [T, B, H], x_t·Wᵀ + b; @param u [H].
 * @returns output [T, B, H] and the last state h [B, H].
 * Keeps z and h for the way back: (2T + 1)·B·H numbers.
 * Source: Li, Li, Cook, Zhu & Gao 2018, arXiv:1803.04831.
 */
export function indRnnSequence(z: Tensor, u: Tensor, options: IndRnnOptions): { output: Tensor; h: Tensor } {
  const { activation, h0, reverse = false } = options;
  requireShape("IndRNN z", z.shape, ["T", "B", u.shape[0] as number]);
  const [steps, batch, hidden] = z.shape as [number, number, number];
  const { all: states, output, last } = openStates("IndRNN state", h0, [steps, batch, hidden], reverse);
  // z itself stays as it was: who made it may need it.
  const gates = Tensor.inStep(z.shape);
  copy(z.address, gates.address, z.size);
  const { forwardSlot, backwardSlot } = activation.slots;
  const sizes = [steps, batch, hidden, reverse] as const;
  const { parameters } = activation;
  companion().indRnnForward(gates.address, u.address, states.address, ...sizes, forwardSlot, parameters);
  record([...present([z, u, h0]), ...learnedBy(activation)], [output, last], () => {
    const dh = openStateGradient(last);
    const dOutput = gradientOf(output);
    const run = (du: number): void =>
      activation.takeBack((numbers) =>
        companion().indRnnBackward(
          gates.address,
          u.address,
          states.address,
          dOutput,
          dh,
          du,
          ...sizes,
          backwardSlot,
          numbers,
        ),
      );
    if (u.requiresGrad) accumulateGradient(u, run);
    else run(engine().allocate(hidden));
    giveGradient(z, gates.address);
    if (h0) writeGradient(h0, (d) => copy(dh, d, batch * hidden));
  });
  return { output, h: last };
}
