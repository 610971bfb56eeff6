import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { lstmPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { openHistory, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, sumOfBiases } from "./inputProduct.ts";
import { type PackedWeight, runPass } from "./pass.ts";

export interface LstmOptions {
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** [B, H]; zeros when omitted. */
  readonly c0?: Tensor | null;
  /** [3H], blocks i f o. */
  readonly peepholes?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
}

/** What the plan of a forward pass says of gradients. */
const noGradients = { dOutput: 0, dh: 0, dc: 0, dPeepholes: 0 };

/**
 * LSTM over a whole sequence: c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t), with i, f, o = σ(z) and g = tanh(z),
 * z = x_t·W_ihᵀ + b_ih + h_{t-1}·W_hhᵀ + b_hh in blocks i f g o; peepholes add p_i⊙c_{t-1}, p_f⊙c_{t-1}, p_o⊙c_t.
 * @param x [T, B, I]
 * @returns output [T, B, H] and the last states h, c [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves gates, h and c for the way back: (6T + 2)·B·H numbers.
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
 */
export function lstmSequence(
  x: Tensor,
  weights: RecurrentWeights,
  { h0, c0, peepholes, reverse = false }: LstmOptions = {},
): { output: Tensor; h: Tensor; c: Tensor } {
  const { kernels } = engine();
  const sizes = checkSizes("LSTM", x, weights, 4);
  const { steps, batch, hidden } = sizes;
  const { weightHh, biasHh } = weights;
  if (peepholes) requireShape("LSTM peepholes", peepholes.shape, [3 * hidden]);
  const history = openHistory("LSTM h0", h0, steps, batch, hidden, reverse);
  const cells = openHistory("LSTM c0", c0, steps, batch, hidden, reverse);
  const product = inputProduct(x, weights, sumOfBiases(weights, sizes.gates), sizes);
  const { gates } = product;
  const pass = { steps, batch, hidden, weight: weightHh, blocks: [4 * hidden] };
  const fields = ({ first, size }: Range, packed: PackedWeight, { dOutput, dh, dc, dPeepholes } = noGradients) => ({
    steps,
    batch: size,
    stride: batch,
    hidden,
    reverse: Number(reverse),
    weight: weightHh.address,
    peepholes: peepholes?.address ?? 0,
    table: product.table,
    tokens: product.tokens + first * 4,
    gates: gates.address + 4 * first * hidden * 4,
    history: history.states.address + first * hidden * 4,
    cells: cells.states.address + first * hidden * 4,
    rows: packed.rows,
    panels: packed.panels,
    dOutput: dOutput && dOutput + first * hidden * 4,
    outputRow: hidden,
    dh: dh && dh + first * hidden * 4,
    dc: dc && dc + first * hidden * 4,
    dPeepholes,
    workspace: engine().allocate(kernels.lstmWorkspaceSize(size, hidden)),
  });
  runPass("lstmForward", pass, (share, packed) => lstmPlan(fields(share, packed)));

  const { output, last } = history;
  const inputs = present([product.from, weights.weightIh, weightHh, weights.biasIh, biasHh, peepholes, h0, c0]);
  record(inputs, [output, last, cells.last], () => {
    const dh = openStateGradient(last);
    const dc = openStateGradient(cells.last);
    const run = (dPeepholes: number): void => {
      const gradients = { dOutput: gradientOf(output), dh, dc, dPeepholes };
      // The gradient of the peepholes is one sum over all sequences, taken in one order: it is not shared out.
      const split = peepholes ? { ...pass, most: 1 } : pass;
      runPass("lstmBackward", split, (share, packed) => lstmPlan(fields(share, packed, gradients)));
    };
    if (peepholes?.requiresGrad) accumulateGradient(peepholes, run);
    else run(peepholes ? engine().allocate(3 * hidden) : 0);
    const m = steps * batch;
    const n = 4 * hidden;
    const dBias = product.backward(gates.address);
    addGradient(weightHh, (d, accumulate) =>
      multiply(columns(gates.address, n), rows(history.before, hidden), d, { m: n, n: hidden, k: m, accumulate }),
    );
    if (biasHh) writeGradient(biasHh, (d) => copy(dBias, d, n));
    if (h0) writeGradient(h0, (d) => copy(dh, d, batch * hidden));
    if (c0) writeGradient(c0, (d) => copy(dc, d, batch * hidden));
  });
  return { output, h: last, c: cells.last };
}
