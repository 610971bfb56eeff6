import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { gruVariantPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation.ts";
import { copy } from "../strided.ts";
import { packedCopy } from "../weight.ts";
import { candidateBias, foldedBias, type GruOptions, weightGradients } from "./gru.ts";
import { History, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights } from "./inputProduct.ts";
import type { Stretch } from "./layout.ts";
import { dropoutMask, zoneoutMask } from "./masks.ts";
import { maskedStates, runBackward, runForward } from "./pass.ts";
import { slotsOf } from "./slots.ts";

export interface GruVariantOptions extends GruOptions {
  /** σ, of the gates. */
  readonly gateActivation: Activation;
  /** φ, of the candidate. */
  readonly activation: Activation;
  /** Probability of dropping a number of h_{t-1} in the products, one mask for all steps. */
  readonly recurrentDropout?: number;
  /** Probability that a number of h stays what it was. */
  readonly zoneout?: number;
  readonly training?: boolean;
}

/**
 * GRU with any activations, variational dropout and zoneout: the equations are those of assembly/recurrent/gruVariant.ts.
 * @param x [T, B, I], or [rows, I] with a layout.
 * @returns output [T, B, H], or [rows, H], and the last state [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves what gruSequence does, and for each position 3H numbers more for activations whose slope needs their input, H for
 * the mask of zoneout, and H with a mask of dropout.
 */
export function gruVariantSequence(
  x: Tensor,
  weights: RecurrentWeights,
  options: GruVariantOptions,
): { output: Tensor; h: Tensor } {
  const { kernels } = engine();
  const { h0, reverse = false, resetAfter = true, layout: packed } = options;
  const { gateActivation, activation, recurrentDropout = 0, zoneout = 0, training = false } = options;
  const sizes = checkSizes("GRU", x, weights, 3, packed);
  const { layout, hidden } = sizes;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const history = new History("GRU h0", h0, layout, hidden, reverse);
  const product = inputProduct(x, weights, foldedBias(weights, hidden, resetAfter), sizes);
  const { gates } = product;
  const allocate = (count: number): number => engine().allocate(count);
  const candidate = Tensor.inStep([...layout.axes, hidden]);
  const keepsInput = !(gateActivation.derivedFromResult && activation.derivedFromResult);
  const raw = keepsInput ? allocate(layout.rows * sizes.gates) : 0;
  const mask = dropoutMask(layout.batch * hidden, recurrentDropout, training);
  const keepHidden = zoneoutMask(layout.rows * hidden, zoneout, training);
  const biasCandidate = candidateBias(weights, hidden);
  const slots = slotsOf(gateActivation, activation);
  const blocks = [2 * hidden, hidden];
  const pass = { layout, hidden, reverse, weight: weightHh, blocks };
  const fields = (panels: number, stretch: Stretch, { first, size }: Range, dOutput = 0, dh = 0) => {
    const row = stretch.row + first;
    const at = (address: number, place: number, count: number): number => address && address + place * count * 4;
    return {
      ...slots,
      steps: stretch.steps,
      batch: size,
      stride: stretch.batch,
      hidden,
      reverse: Number(reverse),
      resetAfter: Number(resetAfter),
      panels,
      biasCandidate,
      mask: at(mask, first, hidden),
      keepHidden: at(keepHidden, row, hidden),
      table: product.table,
      tokens: product.tokens + row * 4,
      gates: at(gates.address, row, sizes.gates),
      raw: at(raw, row, sizes.gates),
      history: at(history.address(stretch), first, hidden),
      candidate: at(candidate.address, row, hidden),
      dOutput: at(dOutput, row, hidden),
      outputRow: hidden,
      dh: at(dh, first, hidden),
      workspace: allocate(kernels.gruVariantWorkspaceSize(size, hidden)),
    };
  };
  const forwardPanels = packedCopy(weightHh, "packTransposed", blocks, layout.rows);
  runForward("gruVariantForward", pass, [history], (stretch, share) =>
    gruVariantPlan(fields(forwardPanels, stretch, share)),
  );

  const { output, last } = history;
  record(present([product.from, weightIh, weightHh, biasIh, biasHh, h0]), [output, last], () => {
    const dh = openStateGradient(last);
    const dOutput = gradientOf(output);
    const panels = packedCopy(weightHh, "packDirect", blocks, layout.rows);
    runBackward("gruVariantBackward", pass, (stretch, share) =>
      gruVariantPlan(fields(panels, stretch, share, dOutput, dh)),
    );
    const before = mask ? maskedStates(history.before(), mask, layout, hidden) : history.before();
    weightGradients(weights, product, { gates, candidate, before }, { ...sizes, resetAfter });
    if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
  });
  return { output, h: last };
}
