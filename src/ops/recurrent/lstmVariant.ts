import { accumulateGradient, addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { lstmVariantPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { requireFloat32, requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Activation } from "../activation/activation.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { packedCopy } from "../weight.ts";
import { History, openStateGradient } from "./history.ts";
import { checkSizes, inputProduct, present, type RecurrentWeights, type Sizes, sumOfBiases } from "./inputProduct.ts";
import type { Stretch } from "./layout.ts";
import type { LstmOptions } from "./lstm.ts";
import { dropoutMask, zoneoutMask } from "./masks.ts";
import { maskedStates, runBackward, runForward } from "./pass.ts";
import { learnedBy, slotsOf, takeBack } from "./slots.ts";

export interface LstmVariantOptions extends LstmOptions {
  /** W_hr [P, H]: h = W_hr·s. */
  readonly projection?: Tensor | null;
  /** f = 1 − i: the weights have blocks i g o, peepholes i o. */
  readonly coupled?: boolean;
  /** σ, of the gates. */
  readonly gateActivation: Activation;
  /** φ, of the candidate and of the cell. */
  readonly activation: Activation;
  /** γ [GH] of x·W_ihᵀ and of h·W_hhᵀ, γ and β [H] of c: layer normalisation. */
  readonly norm?: {
    readonly input: Tensor;
    readonly recurrent: Tensor;
    readonly cell: Tensor;
    readonly cellBias: Tensor;
  } | null;
  /** Probability of dropping a number of h_{t-1} in the product, one mask for all steps. */
  readonly recurrentDropout?: number;
  /** Probabilities that a number of h and of c stays what it was. */
  readonly zoneout?: { readonly hidden: number; readonly cell: number };
  readonly training?: boolean;
}

/**
 * LSTM with projection, coupled gates, any activations, variational dropout and zoneout: the equations are those of
 * assembly/recurrent/lstmVariant.ts.
 * @param x [T, B, I], or [rows, I] with a layout.
 * @returns output [T, B, P], or [rows, P], and the last states h [B, P], c [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves what lstmSequence does, and for each position GH numbers more for activations whose slope needs their input, H + P
 * with a projection, P and H for each mask of zoneout, P with a mask of dropout.
 */
export function lstmVariantSequence(
  x: Tensor,
  weights: RecurrentWeights,
  options: LstmVariantOptions,
): { output: Tensor; h: Tensor; c: Tensor } {
  const variant = open(x, weights, options);
  const { history, cells, product, pass } = variant;
  const panels = panelsOf(variant, "packTransposed");
  runForward("lstmVariantForward", pass, [history, cells], (stretch, share) =>
    lstmVariantPlan(fieldsOf(variant, panels, stretch, share)),
  );
  const { output, last } = history;
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const { peepholes, projection, norm, h0, c0, gateActivation, activation } = options;
  const learned = learnedBy(gateActivation, activation);
  const gains = [norm?.input, norm?.recurrent, norm?.cell, norm?.cellBias];
  const inputs = present([product.from, weightIh, weightHh, biasIh, biasHh, peepholes, projection, ...gains, h0, c0]);
  record([...inputs, ...learned], [output, last, cells.last], () => goBack(variant, learned.length > 0));
  return { output, h: last, c: cells.last };
}

type Variant = ReturnType<typeof open>;

/** Checks everything and reserves what a pass works on. */
function open(x: Tensor, weights: RecurrentWeights, options: LstmVariantOptions) {
  const { h0, c0, peepholes, projection, coupled = false, reverse = false, layout: packed } = options;
  const { gateActivation, activation, recurrentDropout = 0, zoneout, training = false, norm = null } = options;
  const blocks = coupled ? 3 : 4;
  const sizes = checkSizes("LSTM", x, weights, blocks, packed, projection != null);
  const { layout, hidden } = sizes;
  const { weightHh } = weights;
  const width = weightHh.shape[1] as number;
  if (peepholes) requireShape("LSTM peepholes", peepholes.shape, [(blocks - 1) * hidden]);
  if (projection) {
    requireFloat32("LSTM projection", projection);
    requireShape("LSTM projection", projection.shape, [width, hidden]);
  }
  const history = new History("LSTM h0", h0, layout, width, reverse);
  const cells = new History("LSTM c0", c0, layout, hidden, reverse);
  if (norm) checkNorm(norm, sizes);
  const inputNorm = norm && { gain: norm.input, blocks: [sizes.gates] };
  const product = inputProduct(x, weights, sumOfBiases(weights, sizes.gates), sizes, inputNorm);
  const reserve = (wanted: boolean, count: number): number => (wanted ? engine().allocate(layout.rows * count) : 0);
  const keepsInput = !(gateActivation.derivedFromResult && activation.derivedFromResult);
  return {
    weights,
    options,
    sizes,
    width,
    history,
    cells,
    product,
    pass: { layout, hidden: width, reverse, weight: weightHh, blocks: [sizes.gates] },
    slots: slotsOf(gateActivation, activation),
    raw: reserve(keepsInput, sizes.gates),
    unprojected: reserve(projection != null, hidden),
    dProjected: reserve(projection != null, width),
    recurrent: reserve(norm != null, sizes.gates),
    dRecurrent: reserve(norm != null, sizes.gates),
    normalCell: reserve(norm != null, hidden),
    dNormalCell: reserve(norm != null, hidden),
    recurrentScales: reserve(norm != null, 1),
    cellScales: reserve(norm != null, 1),
    mask: dropoutMask(layout, width, recurrentDropout, training),
    keepHidden: zoneoutMask(layout.rows * width, zoneout?.hidden ?? 0, training),
    keepCell: zoneoutMask(layout.rows * hidden, zoneout?.cell ?? 0, training),
  };
}

/** @throws {ShapeError} when a gain or the bias is of another size. */
function checkNorm({ input, recurrent, cell, cellBias }: NonNullable<LstmVariantOptions["norm"]>, sizes: Sizes): void {
  requireShape("LSTM norm input", input.shape, [sizes.gates]);
  requireShape("LSTM norm recurrent", recurrent.shape, [sizes.gates]);
  requireShape("LSTM norm cell", cell.shape, [sizes.hidden]);
  requireShape("LSTM norm cellBias", cellBias.shape, [sizes.hidden]);
}

interface Panels {
  readonly panels: number;
  readonly projectionPanels: number;
}

function panelsOf({ pass, options, width }: Variant, packing: "packTransposed" | "packDirect"): Panels {
  const { weight, blocks, layout } = pass;
  const { projection } = options;
  return {
    panels: packedCopy(weight, packing, blocks, layout.rows),
    projectionPanels: projection ? packedCopy(projection, packing, [width], layout.rows) : 0,
  };
}

/** What the plan of a forward pass says of gradients. */
const noGradients = { dOutput: 0, dh: 0, dc: 0, dPeepholes: 0 };

/** The plan of a share of a stretch. */
function fieldsOf(variant: Variant, panels: Panels, stretch: Stretch, { first, size }: Range, d = noGradients) {
  const { options, sizes, width, history, cells, product, slots } = variant;
  const { hidden } = sizes;
  const row = stretch.row + first;
  const at = (address: number, place: number, count: number): number => address && address + place * count * 4;
  return {
    ...panels,
    ...slots,
    steps: stretch.steps,
    batch: size,
    stride: stretch.batch,
    hidden,
    output: width,
    reverse: Number(options.reverse ?? false),
    coupled: Number(options.coupled ?? false),
    peepholes: options.peepholes?.address ?? 0,
    mask: at(variant.mask, first, width),
    keepHidden: at(variant.keepHidden, row, width),
    keepCell: at(variant.keepCell, row, hidden),
    recurrentGain: options.norm?.recurrent.address ?? 0,
    recurrent: at(variant.recurrent, row, sizes.gates),
    recurrentScales: at(variant.recurrentScales, row, 1),
    dRecurrent: at(variant.dRecurrent, row, sizes.gates),
    cellGain: options.norm?.cell.address ?? 0,
    cellBias: options.norm?.cellBias.address ?? 0,
    normalCell: at(variant.normalCell, row, hidden),
    cellScales: at(variant.cellScales, row, 1),
    dNormalCell: at(variant.dNormalCell, row, hidden),
    table: product.table,
    tokens: product.tokens + row * 4,
    gates: at(product.gates.address, row, sizes.gates),
    raw: at(variant.raw, row, sizes.gates),
    history: at(history.address(stretch), first, width),
    cells: at(cells.address(stretch), first, hidden),
    unprojected: at(variant.unprojected, row, hidden),
    dOutput: at(d.dOutput, row, width),
    outputRow: width,
    dh: at(d.dh, first, width),
    dc: at(d.dc, first, hidden),
    dPeepholes: d.dPeepholes,
    dProjected: at(variant.dProjected, row, width),
    workspace: engine().allocate(engine().kernels.lstmVariantWorkspaceSize(size, hidden, width)),
  };
}

/** The way back: the pass, then one product a weight. @param learns whether an activation sums gradients of its own. */
function goBack(variant: Variant, learns: boolean): void {
  const { weights, options, sizes, width, history, cells, product, pass, mask } = variant;
  const { peepholes, projection, norm, h0, c0, gateActivation, activation } = options;
  const { hidden, layout } = sizes;
  const dh = openStateGradient(history.last);
  const dc = openStateGradient(cells.last);
  const panels = panelsOf(variant, "packDirect");
  const run = (dPeepholes: number): void => {
    const gradients = { dOutput: gradientOf(history.output), dh, dc, dPeepholes };
    // A gradient that is one sum over all sequences is taken in one order: the pass is not shared out.
    const split = peepholes || learns ? { ...pass, most: 1 } : pass;
    takeBack(gateActivation, activation, (slots) =>
      runBackward("lstmVariantBackward", split, (stretch, share) =>
        lstmVariantPlan(fieldsOf({ ...variant, slots }, panels, stretch, share, gradients)),
      ),
    );
  };
  if (peepholes?.requiresGrad) accumulateGradient(peepholes, run);
  else run(peepholes ? engine().allocate(peepholes.size) : 0);
  const k = layout.rows;
  const m = sizes.gates;
  const { weightHh, biasHh } = weights;
  const dGates = product.gates.address;
  if (norm) sendNormGradients(norm, variant);
  // The input's own normalisation changes dGates where it lies.
  const dBias = product.backward(dGates);
  const before = mask ? maskedStates(history.before(), mask, layout, width) : history.before();
  addGradient(weightHh, (d, accumulate) =>
    multiply(columns(norm ? variant.dRecurrent : dGates, m), rows(before, width), d, { m, n: width, k, accumulate }),
  );
  if (projection) {
    addGradient(projection, (d, accumulate) => {
      const dProjected = columns(variant.dProjected, width);
      multiply(dProjected, rows(variant.unprojected, hidden), d, { m: width, n: hidden, k, accumulate });
    });
  }
  if (biasHh) writeGradient(biasHh, (d) => copy(dBias, d, m));
  if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
  if (c0) writeGradient(c0, (d) => copy(dc, d, c0.size));
}

/** The gradients of γ and β inside the recurrence. */
function sendNormGradients(norm: NonNullable<LstmVariantOptions["norm"]>, variant: Variant): void {
  const { kernels } = engine();
  const { product, sizes } = variant;
  const { layout, hidden, gates } = sizes;
  const { rows: count } = layout;
  writeGradient(norm.recurrent, (d) => kernels.gainGradient(product.gates.address, variant.recurrent, d, count, gates));
  writeGradient(norm.cell, (d) => kernels.gainGradient(variant.dNormalCell, variant.normalCell, d, count, hidden));
  writeGradient(norm.cellBias, (d) => kernels.sumAxis(variant.dNormalCell, d, 1, count, hidden));
}
