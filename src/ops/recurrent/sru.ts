import { accumulateGradient, giveGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";
import { openStateGradient } from "./history.ts";
import { present } from "./inputProduct.ts";
import { openStates } from "./states.ts";

export interface SruOptions {
  /** [B, H]; zeros when omitted. */
  readonly c0?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
}

/**
 * Simple recurrent unit over a whole sequence: f and r = σ(z + v ⊙ c_{t-1}), c_t = f ⊙ c_{t-1} + (1 − f) ⊙ x̃,
 * h_t = r ⊙ c_t + (1 − r) ⊙ s.
 * @param gates [T, B, 3H] in blocks x̃ z_f z_r; @param v [2H] in blocks f r; @param skip s, [T, B, H].
 * @returns output [T, B, H] and the last state c [B, H].
 * Keeps gates and c for the way back: (4T + 1)·B·H numbers.
 * Source: Lei, Zhang, Wang, Dai & Artzi 2018, arXiv:1709.02755.
 */
export function sruSequence(
  gates: Tensor,
  v: Tensor,
  skip: Tensor,
  options: SruOptions = {},
): { output: Tensor; c: Tensor } {
  const { c0, reverse = false } = options;
  const hidden = (v.shape[0] as number) / 2;
  requireShape("SRU gates", gates.shape, ["T", "B", 3 * hidden]);
  const [steps, batch] = gates.shape as [number, number];
  requireShape("SRU skip", skip.shape, [steps, batch, hidden]);
  const cells = openStates("SRU state", c0, [steps, batch, hidden], reverse);
  const output = Tensor.inStep(skip.shape);
  const kept = Tensor.inStep(gates.shape);
  copy(gates.address, kept.address, gates.size);
  const sizes = [steps, batch, hidden, reverse] as const;
  const states = cells.all.address;
  companion().sruForward(kept.address, v.address, states, skip.address, output.address, ...sizes);
  record(present([gates, v, skip, c0]), [output, cells.last], () => {
    const dc = openStateGradient(cells.last);
    const dOutput = gradientOf(output);
    const dSkip = engine().allocate(skip.size);
    const run = (dv: number): void =>
      companion().sruBackward(kept.address, v.address, states, skip.address, dOutput, dc, dSkip, dv, ...sizes);
    if (v.requiresGrad) accumulateGradient(v, run);
    else run(engine().allocate(2 * hidden));
    giveGradient(gates, kept.address);
    giveGradient(skip, dSkip);
    if (c0) writeGradient(c0, (d) => copy(dc, d, batch * hidden));
  });
  return { output, c: cells.last };
}
