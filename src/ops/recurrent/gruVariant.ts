import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { OptionError } from "../../runtime/errors.ts";
import { gruVariantPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation/activation.ts";
import { copy, gatherStrided } from "../strided.ts";
import { packedCopy } from "../weight.ts";
import { candidateBias, foldedBias, type GruOptions, weightGradients } from "./gru.ts";
import { History, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, type Sizes } from "./inputProduct.ts";
import type { Stretch } from "./layout.ts";
import { dropoutMask, zoneoutMask } from "./masks.ts";
import { maskedStates, runBackward, runForward } from "./pass.ts";
import { learnedBy, slotsOf, takeBack } from "./slots.ts";

export interface GruVariantOptions extends GruOptions {
  /** σ, of the gates. */
  readonly gateActivation: Activation;
  /** φ, of the candidate. */
  readonly activation: Activation;
  /** γ [3H] of x·W_ihᵀ and of h·W_hhᵀ: layer normalisation of r and z together, and of n. Reset comes after. */
  readonly norm?: { readonly input: Tensor; readonly recurrent: Tensor } | null;
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
  const variant = open(x, weights, options);
  const { history, product, pass } = variant;
  const { weight, blocks, layout } = pass;
  const panels = packedCopy(weight, "packTransposed", blocks, layout.rows);
  runForward("gruVariantForward", pass, [history], (stretch, share) =>
    gruVariantPlan(fieldsOf(variant, panels, stretch, share)),
  );
  const { output, last } = history;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const { norm, h0, gateActivation, activation } = options;
  const inputs = [product.from, weightIh, weightHh, biasIh, biasHh, norm?.input, norm?.recurrent, h0];
  const learned = learnedBy(gateActivation, activation);
  record([...present(inputs), ...learned], [output, last], () => goBack(variant, learned.length > 0));
  return { output, h: last };
}

type Variant = ReturnType<typeof open>;

/** Checks everything and reserves what a pass works on. */
function open(x: Tensor, weights: RecurrentWeights, options: GruVariantOptions) {
  const { h0, reverse = false, resetAfter = true, layout: packed, gateActivation, activation } = options;
  const { recurrentDropout = 0, zoneout = 0, training = false, norm = null } = options;
  const sizes = checkSizes("GRU", x, weights, 3, packed);
  const { layout, hidden } = sizes;
  const blocks = [2 * hidden, hidden];
  if (norm) checkNorm(norm, sizes.gates, resetAfter);
  const inputNorm = norm && { gain: norm.input, blocks };
  const history = new History("GRU h0", h0, layout, hidden, reverse);
  const reserve = (wanted: boolean, count: number): number => (wanted ? engine().allocate(layout.rows * count) : 0);
  const keepsInput = !(gateActivation.derivedFromResult && activation.derivedFromResult);
  return {
    weights,
    options: { ...options, reverse, resetAfter },
    sizes,
    history,
    product: inputProduct(x, weights, foldedBias(weights, hidden, resetAfter), sizes, inputNorm),
    candidate: Tensor.inStep([...layout.axes, hidden]),
    biasCandidate: candidateBias(weights, hidden),
    pass: { layout, hidden, reverse, weight: weights.weightHh, blocks },
    slots: slotsOf(gateActivation, activation),
    raw: reserve(keepsInput, sizes.gates),
    recurrent: reserve(norm !== null, sizes.gates),
    dRecurrent: reserve(norm !== null, sizes.gates),
    recurrentScales: reserve(norm !== null, 2),
    mask: dropoutMask(layout, hidden, recurrentDropout, training),
    keepHidden: zoneoutMask(layout.rows * hidden, zoneout, training),
  };
}

/** The plan of a share of a stretch. */
function fieldsOf(variant: Variant, panels: number, stretch: Stretch, { first, size }: Range, dOutput = 0, dh = 0) {
  const { options, sizes, history, product, candidate, slots } = variant;
  const { hidden, gates } = sizes;
  const row = stretch.row + first;
  const at = (address: number, place: number, count: number): number => address && address + place * count * 4;
  return {
    ...slots,
    steps: stretch.steps,
    batch: size,
    stride: stretch.batch,
    hidden,
    reverse: Number(options.reverse),
    resetAfter: Number(options.resetAfter),
    panels,
    biasCandidate: variant.biasCandidate,
    mask: at(variant.mask, first, hidden),
    keepHidden: at(variant.keepHidden, row, hidden),
    recurrentGain: options.norm?.recurrent.address ?? 0,
    recurrent: at(variant.recurrent, row, gates),
    recurrentScales: at(variant.recurrentScales, row, 2),
    dRecurrent: at(variant.dRecurrent, row, gates),
    table: product.table,
    tokens: product.tokens + row * 4,
    gates: at(product.gates.address, row, gates),
    raw: at(variant.raw, row, gates),
    history: at(history.address(stretch), first, hidden),
    candidate: at(candidate.address, row, hidden),
    dOutput: at(dOutput, row, hidden),
    outputRow: hidden,
    dh: at(dh, first, hidden),
    workspace: engine().allocate(engine().kernels.gruVariantWorkspaceSize(size, hidden)),
  };
}

/** The way back: the pass, then the products of the weights. @param learns whether an activation sums gradients of its own. */
function goBack(variant: Variant, learns: boolean): void {
  const { weights, options, sizes, history, product, candidate, pass, mask, recurrent, dRecurrent } = variant;
  const { norm, h0, resetAfter, gateActivation, activation } = options;
  const { layout, hidden } = sizes;
  const { gates } = product;
  const dh = openStateGradient(history.last);
  const dOutput = gradientOf(history.output);
  const panels = packedCopy(pass.weight, "packDirect", pass.blocks, layout.rows);
  takeBack(gateActivation, activation, (slots) =>
    runBackward("gruVariantBackward", learns ? { ...pass, most: 1 } : pass, (stretch, share) =>
      gruVariantPlan(fieldsOf({ ...variant, slots }, panels, stretch, share, dOutput, dh)),
    ),
  );
  const before = mask ? maskedStates(history.before(), mask, layout, hidden) : history.before();
  // The input's own normalisation changes the gates where they lie: this comes first.
  if (norm) recurrentGainGradient(norm.recurrent, { gates, candidate, recurrent }, sizes);
  weightGradients(weights, product, { gates, candidate, before, dRecurrent }, { ...sizes, resetAfter });
  if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
}

/** @throws {ShapeError} when a gain is of another size; {OptionError} when reset comes before the product. */
function checkNorm({ input, recurrent }: NonNullable<GruVariantOptions["norm"]>, gates: number, after: boolean): void {
  requireShape("GRU norm input", input.shape, [gates]);
  requireShape("GRU norm recurrent", recurrent.shape, [gates]);
  if (!after) throw new OptionError("GRU norm: expected the reset gate after the product, got resetAfter: false");
}

/** γ of r and z from dL/dz, γ of n from the gradient that came through the reset gate. */
function recurrentGainGradient(
  gain: Tensor,
  { gates, candidate, recurrent }: { readonly gates: Tensor; readonly candidate: Tensor; readonly recurrent: number },
  { layout, hidden }: Sizes,
): void {
  const { kernels } = engine();
  writeGradient(gain, (d) => {
    const all = engine().allocate(3 * hidden);
    kernels.gainGradient(gates.address, recurrent, all, layout.rows, 3 * hidden);
    copy(all, d, 2 * hidden);
    const normal = engine().allocate(layout.rows * hidden);
    const sizes = [layout.rows, hidden];
    gatherStrided(recurrent + 2 * hidden * 4, normal, sizes, [3 * hidden, 1]);
    kernels.gainGradient(candidate.address, normal, d + 2 * hidden * 4, layout.rows, hidden);
  });
}
