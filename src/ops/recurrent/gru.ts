import { addGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { gruPlan } from "../../runtime/plan.ts";
import type { Range } from "../../runtime/threads/ranges.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { columns, type Matrix, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";
import { History, openStateGradient } from "./history.ts";
import {
  checkSizes,
  type InputProduct,
  inputProduct,
  present,
  type RecurrentWeights,
  type Sizes,
} from "./inputProduct.ts";
import type { Layout, Stretch } from "./layout.ts";
import { type PackedWeight, runBackward, runForward } from "./pass.ts";

export interface GruOptions {
  /** [B, H]; zeros when omitted. */
  readonly h0?: Tensor | null;
  /** Walk from the last time step to the first. */
  readonly reverse?: boolean;
  /** How the sequences lie when they are packed: x is [rows, I] then. */
  readonly layout?: Layout | null;
  /** The reset gate multiplies h·U_nᵀ + b_n (PyTorch) rather than h (the paper); default true. */
  readonly resetAfter?: boolean;
}

/** address[3H] := the biases outside the reset gate's reach: all of b_ih, and of b_hh all or those of r and z. */
export function foldedBiasInto(
  { biasIh, biasHh }: RecurrentWeights,
  address: number,
  hidden: number,
  resetAfter: boolean,
): void {
  const { kernels } = engine();
  if (biasIh) copy(biasIh.address, address, 3 * hidden);
  else kernels.fill(address, 3 * hidden, 0);
  if (biasHh) kernels.accumulate(biasHh.address, address, resetAfter ? 2 * hidden : 3 * hidden);
}

/** The folded bias in the step's memory, or 0 when the layer has none. */
export function foldedBias(weights: RecurrentWeights, hidden: number, resetAfter: boolean): number {
  if (!weights.biasIh && !weights.biasHh) return 0;
  const bias = engine().allocate(3 * hidden);
  foldedBiasInto(weights, bias, hidden, resetAfter);
  return bias;
}

/** address[H] := b_n of b_hh, or zeros. */
export function candidateBiasInto({ biasHh }: RecurrentWeights, address: number, hidden: number): void {
  if (biasHh) copy(biasHh.address + 2 * hidden * 4, address, hidden);
  else engine().kernels.fill(address, hidden, 0);
}

/** b_n as the kernel reads it: that of b_hh, or zeros. */
export function candidateBias({ biasHh }: RecurrentWeights, hidden: number): number {
  if (biasHh) return biasHh.address + 2 * hidden * 4;
  const zeros = engine().allocate(hidden);
  engine().kernels.fill(zeros, hidden, 0);
  return zeros;
}

/**
 * GRU over a whole sequence, blocks r z n: h_t = (1 − z)⊙n + z⊙h_{t-1}, r and z = σ(x_t·Wᵀ + b + h_{t-1}·Uᵀ),
 * n = tanh(x_t·W_nᵀ + b_in + r⊙(h_{t-1}·U_nᵀ + b_hn)), or with reset before tanh(… + (r⊙h_{t-1})·U_nᵀ + b_hn).
 * @param x [T, B, I], or [rows, I] with a layout.
 * @returns output [T, B, H], or [rows, H], and the last state [B, H].
 * @throws {ShapeError} when a shape does not fit.
 * Saves gates, candidate and h for the way back: (5T + 1)·B·H numbers.
 * Source: Cho et al. 2014, arXiv:1406.1078.
 */
export function gruSequence(
  x: Tensor,
  weights: RecurrentWeights,
  { h0, reverse = false, resetAfter = true, layout: packed }: GruOptions = {},
): { output: Tensor; h: Tensor } {
  const { kernels } = engine();
  const sizes = checkSizes("GRU", x, weights, 3, packed);
  const { layout, hidden } = sizes;
  const { weightHh } = weights;
  const history = new History("GRU h0", h0, layout, hidden, reverse);
  const product = inputProduct(x, weights, foldedBias(weights, hidden, resetAfter), sizes);
  const { gates } = product;
  const candidate = Tensor.inStep([...layout.axes, hidden]);
  const pass = { layout, hidden, reverse, weight: weightHh, blocks: [2 * hidden, hidden] };
  const biasCandidate = candidateBias(weights, hidden);
  const row = hidden * 4;
  const fields = (
    stretch: Stretch,
    { first, size }: Range,
    { rows: packedRows, panels }: PackedWeight,
    dOutput = 0,
    dh = 0,
  ) => ({
    steps: stretch.steps,
    batch: size,
    stride: stretch.batch,
    hidden,
    reverse: Number(reverse),
    resetAfter: Number(resetAfter),
    weight: weightHh.address,
    rows: packedRows,
    panels,
    biasCandidate,
    table: product.table,
    tokens: product.tokens + (stretch.row + first) * 4,
    gates: gates.address + 3 * (stretch.row + first) * row,
    history: history.address(stretch) + first * row,
    candidate: candidate.address + (stretch.row + first) * row,
    dOutput: dOutput && dOutput + (stretch.row + first) * row,
    outputRow: hidden,
    dh: dh && dh + first * row,
    workspace: engine().allocate(kernels.gruWorkspaceSize(size, hidden)),
  });
  runForward("gruForward", pass, [history], (...share) => gruPlan(fields(...share)));

  const { output, last } = history;
  record(
    present([product.from, weights.weightIh, weightHh, weights.biasIh, weights.biasHh, h0]),
    [output, last],
    () => {
      const dh = openStateGradient(last);
      const dOutput = gradientOf(output);
      runBackward("gruBackward", pass, (...share) => gruPlan(fields(...share, dOutput, dh)));
      weightGradients(weights, product, { gates, candidate, before: history.before() }, { ...sizes, resetAfter });
      if (h0) writeGradient(h0, (d) => copy(dh, d, h0.size));
    },
  );
  return { output, h: last };
}

/** What a pass leaves for the gradients of the weights: dL/dz, candidate as the kernel leaves it, and h_{t-1} as U saw it. */
interface Remains {
  readonly gates: Tensor;
  readonly candidate: Tensor;
  readonly before: number;
  /** [T, B, 3H], the gradient of h·Uᵀ where that was normalised; 0: it is dL/dz and candidate. */
  readonly dRecurrent?: number;
}

/** Sends the gradients of a pass to x, both weights and both biases. */
export function weightGradients(
  { weightHh, biasHh }: RecurrentWeights,
  product: InputProduct,
  { gates, candidate, before, dRecurrent = 0 }: Remains,
  { layout, hidden, resetAfter }: Sizes & { readonly resetAfter: boolean },
): void {
  const m = layout.rows;
  const n = hidden;
  const dBias = product.backward(gates.address);
  const dGates = dRecurrent || gates.address;
  // The rows of U_n saw h through the reset gate, one way or the other.
  const dn: Matrix =
    resetAfter && !dRecurrent
      ? columns(candidate.address, hidden)
      : { address: dGates + 2 * hidden * 4, row: 1, column: 3 * hidden };
  const seen = rows(resetAfter ? before : candidate.address, hidden);
  addGradient(weightHh, (d, accumulate) => {
    multiply(columns(dGates, 3 * hidden), rows(before, n), d, { m: 2 * hidden, n, k: m, accumulate });
    multiply(dn, seen, d + 2 * hidden * hidden * 4, { m: hidden, n, k: m, accumulate });
  });
  if (!biasHh) return;
  writeGradient(biasHh, (d) => {
    copy(dBias, d, 3 * hidden);
    if (resetAfter) engine().kernels.sumAxis(candidate.address, d + 2 * hidden * 4, 1, m, hidden);
  });
}
