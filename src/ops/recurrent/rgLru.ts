import { accumulateGradient, giveGradient, gradientOrZeros, record } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";

/**
 * The gates of the real-gated linear recurrent unit: keep a = e^{−s ⊙ r} and drive b = √(1 − a²) ⊙ i ⊙ x, with r and i
 * = σ of the blocks of z.
 * @param z [T, B, 2H], blocks r i; @param x [T, B, H]; @param s [H], not negative.
 * @returns keep and drive, [T, B, H], for `linearRecurrence`.
 * Keeps r and i for the way back.
 * Source: De, Smith, Fernando et al. 2024, arXiv:2402.19427.
 */
export function rgLruGates(z: Tensor, x: Tensor, s: Tensor): { keep: Tensor; drive: Tensor } {
  const hidden = s.shape[0] as number;
  requireShape("RGLRU x", x.shape, ["T", "B", hidden]);
  requireShape("RGLRU gates", z.shape, [...x.shape.slice(0, 2), 2 * hidden]);
  const gates = Tensor.inStep(z.shape);
  copy(z.address, gates.address, z.size);
  const [keep, drive] = [Tensor.inStep(x.shape), Tensor.inStep(x.shape)];
  const rows = x.size / hidden;
  companion().rgLruForward(gates.address, x.address, s.address, keep.address, drive.address, rows, hidden);
  record([z, x, s], [keep, drive], () => {
    const [da, db] = [gradientOrZeros(keep), gradientOrZeros(drive)];
    const dx = engine().allocate(x.size);
    const run = (ds: number): void =>
      companion().rgLruBackward(gates.address, x.address, s.address, keep.address, da, db, dx, ds, rows, hidden);
    if (s.requiresGrad) accumulateGradient(s, run);
    else run(engine().allocate(hidden));
    giveGradient(z, gates.address);
    giveGradient(x, dx);
  });
  return { keep, drive };
}
