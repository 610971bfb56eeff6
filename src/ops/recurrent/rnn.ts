import { addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { rnnPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation/activation.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { History, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, sumOfBiases } from "./inputProduct.ts";
import type { Layout, Stretch } from "./layout.ts";
import { dropoutMask, zoneoutMask } from "./masks.ts";
import { maskedStates, type PackedWeight, runBackward, runForward } from "./pass.ts";
import { learnedBy } from "./slots.ts";

export interface RnnOptions {
  readonly activation: Activation;
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
  /** How the sequences lie when they are packed: x is [rows, I] then. */
  readonly layout?: Layout | null;
  /** Probability of dropping a number of h_{t-1} in the product, one mask for all steps. */
  readonly recurrentDropout?: number;
  /** Probability that a number of h stays what it was. */
  readonly zoneout?: number;
  readonly training?: boolean;
}

/**
 * Elman network over a whole sequence: h_t = f(x_t·W_ihᵀ + b_ih + h_{t-1}·W_hhᵀ + b_hh).
 * @param x [T, B, I], or [rows, I] with a layout.
 * @returns output [T, B, H], or [rows, H], and the last state [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves z and h for the way back: (2T + 1)·B·H numbers, and T·B·H more for the mask of zoneout, and with one of dropout.
 * Source: Elman 1990, "Finding structure in time".
 */
export function rnnSequence(x: Tensor, weights: RecurrentWeights, options: RnnOptions): { output: Tensor; h: Tensor } {
  const { activation, h0, reverse = false, layout: packed } = options;
  const { recurrentDropout = 0, zoneout = 0, training = false } = options;
  const { kernels } = engine();
  const sizes = checkSizes("RNN", x, weights, 1, packed);
  const { layout, hidden } = sizes;
  const { weightHh, biasHh } = weights;
  const history = new History("RNN h0", h0, layout, hidden, reverse);
  const product = inputProduct(x, weights, sumOfBiases(weights, sizes.gates), sizes);
  const { gates } = product;
  const pass = { layout, hidden, reverse, weight: weightHh, blocks: [hidden] };
  const mask = dropoutMask(layout, hidden, recurrentDropout, training);
  const keepHidden = zoneoutMask(layout.rows * hidden, zoneout, training);
  const learned = learnedBy(activation);
  const noGradients = { dOutput: 0, dh: 0, parameters: activation.parameters };
  const row = hidden * 4;
  const fields = (
    stretch: Stretch,
    { first, size }: Range,
    { rows: packedRows, panels }: PackedWeight,
    { dOutput, dh, parameters } = noGradients,
  ) => ({
    steps: stretch.steps,
    batch: size,
    stride: stretch.batch,
    hidden,
    reverse: Number(reverse),
    weight: weightHh.address,
    rows: packedRows,
    panels,
    table: product.table,
    tokens: product.tokens + (stretch.row + first) * 4,
    gates: gates.address + (stretch.row + first) * row,
    history: history.address(stretch) + first * row,
    ...activation.slots,
    parameters,
    dOutput: dOutput && dOutput + (stretch.row + first) * row,
    outputRow: hidden,
    dh: dh && dh + first * row,
    mask: mask && mask + first * row,
    keepHidden: keepHidden && keepHidden + (stretch.row + first) * row,
    workspace: engine().allocate(kernels.rnnWorkspaceSize(size, hidden)),
  });
  runForward("rnnForward", pass, [history], (...share) => rnnPlan(fields(...share)));

  const { output, last } = history;
  const inputs = present([product.from, weights.weightIh, weightHh, weights.biasIh, biasHh, h0]);
  record([...inputs, ...learned], [output, last], () => {
    const dh = openStateGradient(last);
    const dOutput = gradientOf(output);
    activation.takeBack((parameters) =>
      runBackward("rnnBackward", learned.length > 0 ? { ...pass, most: 1 } : pass, (...share) =>
        rnnPlan(fields(...share, { dOutput, dh, parameters })),
      ),
    );
    const [m, n] = [layout.rows, hidden];
    const dBias = product.backward(gates.address);
    const before = mask ? maskedStates(history.before(), mask, layout, hidden) : history.before();
    addGradient(weightHh, (d, accumulate) =>
      multiply(columns(gates.address, n), rows(before, n), d, { m: n, n, k: m, accumulate }),
    );
    if (biasHh) writeGradient(biasHh, (d) => copy(dBias, d, hidden));
    if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
  });
  return { output, h: last };
}
