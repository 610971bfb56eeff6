import { addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { rnnPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { openHistory, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, sumOfBiases } from "./inputProduct.ts";
import { type PackedWeight, runPass } from "./pass.ts";

export interface RnnOptions {
  readonly activation: Activation;
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
}

/**
 * Elman network over a whole sequence: h_t = f(x_t·W_ihᵀ + b_ih + h_{t-1}·W_hhᵀ + b_hh).
 * @param x [T, B, I]
 * @returns output [T, B, H] and the last state [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves z and h for the way back: (2T + 1)·B·H numbers.
 * Source: Elman 1990, "Finding structure in time".
 */
export function rnnSequence(
  x: Tensor,
  weights: RecurrentWeights,
  { activation, h0, reverse = false }: RnnOptions,
): { output: Tensor; h: Tensor } {
  const { kernels } = engine();
  const sizes = checkSizes("RNN", x, weights, 1);
  const { steps, batch, hidden } = sizes;
  const { weightHh, biasHh } = weights;
  const history = openHistory("RNN h0", h0, steps, batch, hidden, reverse);
  const product = inputProduct(x, weights, sumOfBiases(weights, sizes.gates), sizes);
  const { gates } = product;
  const pass = { steps, batch, hidden, weight: weightHh, blocks: [hidden] };
  const { parameters } = activation;
  const { forwardSlot, backwardSlot } = activation.slots;
  const fields = ({ first, size }: Range, packed: PackedWeight, dOutput = 0, dh = 0) => ({
    steps,
    batch: size,
    stride: batch,
    hidden,
    reverse: Number(reverse),
    weight: weightHh.address,
    table: product.table,
    tokens: product.tokens + first * 4,
    gates: gates.address + first * hidden * 4,
    history: history.states.address + first * hidden * 4,
    forwardSlot,
    backwardSlot,
    parameters,
    rows: packed.rows,
    panels: packed.panels,
    dOutput: dOutput && dOutput + first * hidden * 4,
    outputRow: hidden,
    dh: dh && dh + first * hidden * 4,
    workspace: engine().allocate(kernels.rnnWorkspaceSize(size, hidden)),
  });
  runPass("rnnForward", pass, (share, packed) => rnnPlan(fields(share, packed)));

  const { output, last } = history;
  record(present([product.from, weights.weightIh, weightHh, weights.biasIh, biasHh, h0]), [output, last], () => {
    const dh = openStateGradient(last);
    const dOutput = gradientOf(output);
    runPass("rnnBackward", pass, (share, packed) => rnnPlan(fields(share, packed, dOutput, dh)));
    const m = steps * batch;
    const dBias = product.backward(gates.address);
    addGradient(weightHh, (d, accumulate) =>
      multiply(columns(gates.address, hidden), rows(history.before, hidden), d, {
        m: hidden,
        n: hidden,
        k: m,
        accumulate,
      }),
    );
    if (biasHh) writeGradient(biasHh, (d) => copy(dBias, d, hidden));
    if (h0) writeGradient(h0, (d) => copy(dh, d, batch * hidden));
  });
  return { output, h: last };
}
