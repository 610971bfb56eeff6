import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { lstmPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { History, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, sumOfBiases } from "./inputProduct.ts";
import type { Layout, Stretch } from "./layout.ts";
import { type PackedWeight, runBackward, runForward } from "./pass.ts";

export interface LstmOptions {
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** [B, H]; zeros when omitted. */
  readonly c0?: Tensor | null;
  /** [3H], blocks i f o. */
  readonly peepholes?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
  /** How the sequences lie when they are packed: x is [rows, I] then. */
  readonly layout?: Layout | null;
}

/** What the plan of a forward pass says of gradients. */
const noGradients = { dOutput: 0, dh: 0, dc: 0, dPeepholes: 0 };

/**
 * LSTM over a whole sequence: c_t = f⊙c_{t-1} + i⊙g, h_t = o⊙tanh(c_t), with i, f, o = σ(z) and g = tanh(z),
 * z = x_t·W_ihᵀ + b_ih + h_{t-1}·W_hhᵀ + b_hh in blocks i f g o; peepholes add p_i⊙c_{t-1}, p_f⊙c_{t-1}, p_o⊙c_t.
 * @param x [T, B, I], or [rows, I] with a layout.
 * @returns output [T, B, H], or [rows, H], and the last states h, c [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves gates, h and c for the way back: (6T + 2)·B·H numbers.
 * Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
 */
export function lstmSequence(
  x: Tensor,
  weights: RecurrentWeights,
  { h0, c0, peepholes, reverse = false, layout: packed }: LstmOptions = {},
): { output: Tensor; h: Tensor; c: Tensor } {
  const { kernels } = engine();
  const sizes = checkSizes("LSTM", x, weights, 4, packed);
  const { layout, hidden } = sizes;
  const { weightHh, biasHh } = weights;
  if (peepholes) requireShape("LSTM peepholes", peepholes.shape, [3 * hidden]);
  const history = new History("LSTM h0", h0, layout, hidden, reverse);
  const cells = new History("LSTM c0", c0, layout, hidden, reverse);
  const product = inputProduct(x, weights, sumOfBiases(weights, sizes.gates), sizes);
  const { gates } = product;
  const pass = { layout, hidden, reverse, weight: weightHh, blocks: [4 * hidden] };
  const row = hidden * 4;
  const fields = (
    stretch: Stretch,
    { first, size }: Range,
    { rows: packedRows, panels }: PackedWeight,
    { dOutput, dh, dc, dPeepholes } = noGradients,
  ) => ({
    steps: stretch.steps,
    batch: size,
    stride: stretch.batch,
    hidden,
    reverse: Number(reverse),
    weight: weightHh.address,
    rows: packedRows,
    panels,
    peepholes: peepholes?.address ?? 0,
    table: product.table,
    tokens: product.tokens + (stretch.row + first) * 4,
    gates: gates.address + 4 * (stretch.row + first) * row,
    history: history.address(stretch) + first * row,
    cells: cells.address(stretch) + first * row,
    dOutput: dOutput && dOutput + (stretch.row + first) * row,
    outputRow: hidden,
    dh: dh && dh + first * row,
    dc: dc && dc + first * row,
    dPeepholes,
    workspace: engine().allocate(kernels.lstmWorkspaceSize(size, hidden)),
  });
  runForward("lstmForward", pass, [history, cells], (...share) => lstmPlan(fields(...share)));

  const { output, last } = history;
  const inputs = present([product.from, weights.weightIh, weightHh, weights.biasIh, biasHh, peepholes, h0, c0]);
  record(inputs, [output, last, cells.last], () => {
    const dh = openStateGradient(last);
    const dc = openStateGradient(cells.last);
    const run = (dPeepholes: number): void => {
      const gradients = { dOutput: gradientOf(output), dh, dc, dPeepholes };
      // The gradient of the peepholes is one sum over all sequences, taken in one order: it is not shared out.
      const split = peepholes ? { ...pass, most: 1 } : pass;
      runBackward("lstmBackward", split, (...share) => lstmPlan(fields(...share, gradients)));
    };
    if (peepholes?.requiresGrad) accumulateGradient(peepholes, run);
    else run(peepholes ? engine().allocate(3 * hidden) : 0);
    const m = layout.rows;
    const n = 4 * hidden;
    const dBias = product.backward(gates.address);
    addGradient(weightHh, (d, accumulate) =>
      multiply(columns(gates.address, n), rows(history.before(), hidden), d, { m: n, n: hidden, k: m, accumulate }),
    );
    if (biasHh) writeGradient(biasHh, (d) => copy(dBias, d, n));
    if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
    if (c0) writeGradient(c0, (d) => copy(dc, d, c0.size));
  });
  return { output, h: last, c: cells.last };
}
