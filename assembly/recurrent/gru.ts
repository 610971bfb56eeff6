/**
 * Gated recurrent unit over a whole sequence, blocks r z n:
 *
 *     r = σ(a_r + h_{t-1}·U_rᵀ)   z = σ(a_z + h_{t-1}·U_zᵀ)   h_t = (1 − z)⊙n + z⊙h_{t-1}
 *     n = tanh(a_n + r⊙(h_{t-1}·U_nᵀ + b_n))       reset after the product (PyTorch, cuDNN)
 *     n = tanh(a_n + b_n + (r⊙h_{t-1})·U_nᵀ)       reset before the product (the paper)
 *
 * Layouts: gates [T, B, 3H] holds a = x·W_ihᵀ + b (with the recurrent biases of r and z, and with b_n too when reset
 * comes before) on entry and r z n on exit; history is [T + 1, B, H] (see product.ts); candidate [T, B, H] keeps
 * h·U_nᵀ + b_n (reset after) or r⊙h (reset before) for the way back. No buffer overlaps another.
 *
 * Error: that of the products (gemm.ts) and of σ and tanh (≤ 2 ulp), carried from step to step by the recurrence.
 * Source: Cho et al. 2014, arXiv:1406.1078; the reset-after form: Appleyard, Kočiský & Blunsom 2016.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { binary, MULTIPLY } from "../elementwise/binary";
import { sigmoidForward, tanhForward } from "../elementwise/unary";
import { packedRowsSize } from "../gemm/gemv";
import {
  addOutputGradient,
  lookUp,
  multiplyBy,
  multiplyByTransposed,
  needsPanels,
  packDirect,
  packTransposed,
  panelsSize,
  productWorkspaceSize,
  slotAfter,
  slotBefore,
  timeOf,
} from "./product";

/** What one call of `gruForward` or `gruBackward` works on; addresses in bytes, counts in elements. */
@unmanaged
class GruPlan {
  steps: i32;
  /** Sequences that this call computes. */
  batch: i32;
  /** Sequences from one time step to the next, in every buffer of T steps: those of the whole batch. */
  stride: i32;
  hidden: i32;
  /** 1: from the last time step to the first. */
  reverse: i32;
  /** 1: the reset gate multiplies h·U_nᵀ + b_n; 0: it multiplies h. */
  resetAfter: i32;
  /** [3H, H], blocks r z n */
  weight: usize;
  /** U_rz and U_n, each packed by `packRows`, for a single sequence; 0: multiply by the weight as it lies. Forward only. */
  rows: usize;
  /**
   * U_rz and U_n, each packed: by `packTransposed` forward, `packDirect` backward, the second
   * `panelsSize(2·hidden, hidden)` numbers after the first; 0: packed here, into the workspace
   */
  panels: usize;
  /** [H], b_n; read only when reset comes after */
  biasCandidate: usize;
  /** The input products of each of some tokens, [·, 3H], and the tokens [T, B], to be looked up into gates; 0: gates holds them. Forward only. */
  table: usize;
  tokens: usize;
  /** [T, B, 3H] */
  gates: usize;
  /** [T + 1, B, H] */
  history: usize;
  /** [T, B, H] */
  candidate: usize;
  /** Backward only: [T, B, ·] with rows `outputRow` apart, or 0. */
  dOutput: usize;
  outputRow: i32;
  /** Backward only: [B, H], dL/dh_T on entry, dL/dh_0 on exit. */
  dh: usize;
  /** `gruWorkspaceSize(batch, hidden)` numbers. */
  workspace: usize;
}

/** Workspace: what the products want, the panels of U_rz and of U_n, and one block [B, H]. */
export function gruWorkspaceSize(batch: i32, hidden: i32): i32 {
  const panels = panelsSize(2 * hidden, hidden) + panelsSize(hidden, hidden);
  return productWorkspaceSize(batch, 2 * hidden) + panels + batch * hidden;
}

/** Four lanes of `gruResetAfter`, or one. */
// @ts-ignore: decorator
@inline
function gruResetAfterLanes(a: usize, candidate: usize, bias: usize, gate: usize, full: bool): void {
  const recurrent = f32x4.add(loadLanes(candidate, full), loadLanes(bias, full));
  storeLanes(candidate, recurrent, full);
  const n = f32x4.add(loadLanes(a + 2 * gate, full), f32x4.mul(loadLanes(a, full), recurrent));
  storeLanes(a + 2 * gate, n, full);
}

/** n = a_n + r⊙(candidate + b_n) before its tanh, in place; candidate is h·U_nᵀ on entry and has b_n added on exit. */
export function gruResetAfter(a: usize, candidate: usize, bias: usize, hidden: i32): void {
  const gate = <usize>hidden << 2;
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    gruResetAfterLanes(a, candidate, bias, gate, true);
    a += 16;
    candidate += 16;
    bias += 16;
  }
  for (; rest > 0; rest--) {
    gruResetAfterLanes(a, candidate, bias, gate, false);
    a += 4;
    candidate += 4;
    bias += 4;
  }
}

/** Four lanes of `gruState`, or one. */
// @ts-ignore: decorator
@inline
function gruStateLanes(gates: usize, before: usize, after: usize, gate: usize, full: bool): void {
  const n = loadLanes(gates + 2 * gate, full);
  const difference = f32x4.sub(loadLanes(before, full), n);
  storeLanes(after, f32x4.add(n, f32x4.mul(loadLanes(gates + gate, full), difference)), full);
}

/** h := (1 − z)⊙n + z⊙before = n + z⊙(before − n), given the gates; after may be before. */
export function gruState(gates: usize, before: usize, after: usize, hidden: i32): void {
  const gate = <usize>hidden << 2;
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    gruStateLanes(gates, before, after, gate, true);
    gates += 16;
    before += 16;
    after += 16;
  }
  for (; rest > 0; rest--) {
    gruStateLanes(gates, before, after, gate, false);
    gates += 4;
    before += 4;
    after += 4;
  }
}

/** Fills gates with r z n, candidate, and history with h_1 … h_T. Assigns. */
export function gruForward(plan: usize): void {
  const p = changetype<GruPlan>(plan);
  const hidden = p.hidden;
  const batch = p.batch;
  const row = <usize>hidden << 2;
  const bytes = row * p.stride;
  const reverse = p.reverse != 0;
  const resetAfter = p.resetAfter != 0;
  const weightCandidate = p.weight + 2 * <usize>hidden * row;
  const rowsCandidate = p.rows == 0 ? <usize>0 : p.rows + (<usize>packedRowsSize(2 * hidden, hidden) << 2);
  const candidateAt = <usize>panelsSize(2 * hidden, hidden) << 2;
  let panels = p.panels;
  let panelsCandidate = panels ? panels + candidateAt : 0;
  if (needsPanels(batch, p.steps, panels, p.rows)) {
    panels = p.workspace + (<usize>productWorkspaceSize(batch, 2 * hidden) << 2);
    panelsCandidate = panels + candidateAt;
    packTransposed(p.weight, 2 * hidden, hidden, panels);
    packTransposed(weightCandidate, hidden, hidden, panelsCandidate);
  }
  for (let step = 0; step < p.steps; step++) {
    const t = timeOf(step, p.steps, reverse);
    const a = p.gates + 3 * <usize>t * bytes;
    const candidate = p.candidate + <usize>t * bytes;
    const before = p.history + <usize>slotBefore(t, reverse) * bytes;
    const after = p.history + <usize>slotAfter(t, reverse) * bytes;
    lookUp(p.table, p.tokens, t * p.stride, a, batch, 3 * hidden);
    multiplyByTransposed(before, p.weight, panels, p.rows, a, 3 * hidden, batch, 2 * hidden, hidden, true, p.workspace);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const gates = a + 3 * b * row;
      sigmoidForward(gates, gates, 2 * hidden, 0);
      if (!resetAfter) binary(MULTIPLY, gates, before + b * row, candidate + b * row, 1, hidden, 0, 1, 0, 1);
    }
    const from = resetAfter ? before : candidate;
    const to = resetAfter ? candidate : a + 2 * row;
    const toRow = resetAfter ? hidden : 3 * hidden;
    multiplyByTransposed(from, weightCandidate, panelsCandidate, rowsCandidate, to, toRow, batch, hidden, hidden, !resetAfter, p.workspace);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const at = b * row;
      const gates = a + 3 * at;
      if (resetAfter) gruResetAfter(gates, candidate + at, p.biasCandidate, hidden);
      tanhForward(gates + 2 * row, gates + 2 * row, hidden, 0);
      gruState(gates, before + at, after + at, hidden);
    }
  }
}

/** Four lanes of `gruStateBackward`, or one. */
// @ts-ignore: decorator
@inline
function gruStateBackwardLanes(
  a: usize,
  before: usize,
  candidate: usize,
  dh: usize,
  resetAfter: bool,
  gate: usize,
  full: bool,
): void {
  const one = f32x4.splat(1);
  const z = loadLanes(a + gate, full);
  const n = loadLanes(a + 2 * gate, full);
  const dhHere = loadLanes(dh, full);
  const dn = f32x4.mul(dhHere, f32x4.sub(one, z));
  const dzn = f32x4.mul(dn, f32x4.sub(one, f32x4.mul(n, n)));
  const dz = f32x4.mul(dhHere, f32x4.sub(loadLanes(before, full), n));
  if (resetAfter) {
    const r = loadLanes(a, full);
    const dr = f32x4.mul(dzn, loadLanes(candidate, full));
    storeLanes(a, f32x4.mul(dr, f32x4.mul(r, f32x4.sub(one, r))), full);
    storeLanes(candidate, f32x4.mul(dzn, r), full);
  }
  storeLanes(a + gate, f32x4.mul(dz, f32x4.mul(z, f32x4.sub(one, z))), full);
  storeLanes(a + 2 * gate, dzn, full);
  storeLanes(dh, f32x4.mul(dhHere, z), full);
}

/**
 * The way back through h and n: z → dL/dz_z, n → dL/dz_n, dh → z⊙dh. With reset after it also finishes r → dL/dz_r and
 * candidate → dL/d(h·U_nᵀ); with reset before those wait for the product with U_n.
 */
function gruStateBackward(a: usize, before: usize, candidate: usize, dh: usize, hidden: i32, resetAfter: bool): void {
  const gate = <usize>hidden << 2;
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    gruStateBackwardLanes(a, before, candidate, dh, resetAfter, gate, true);
    a += 16;
    before += 16;
    candidate += 16;
    dh += 16;
  }
  for (; rest > 0; rest--) {
    gruStateBackwardLanes(a, before, candidate, dh, resetAfter, gate, false);
    a += 4;
    before += 4;
    candidate += 4;
    dh += 4;
  }
}

/** Four lanes of `gruResetBackward`, or one. */
// @ts-ignore: decorator
@inline
function gruResetBackwardLanes(a: usize, before: usize, dReset: usize, dh: usize, full: bool): void {
  const one = f32x4.splat(1);
  const r = loadLanes(a, full);
  const d = loadLanes(dReset, full);
  const dr = f32x4.mul(d, loadLanes(before, full));
  storeLanes(a, f32x4.mul(dr, f32x4.mul(r, f32x4.sub(one, r))), full);
  storeLanes(dh, f32x4.add(loadLanes(dh, full), f32x4.mul(d, r)), full);
}

/** Reset before: dReset = dL/d(r⊙h) gives r → dL/dz_r and dh += r⊙dReset. */
function gruResetBackward(a: usize, before: usize, dReset: usize, dh: usize, hidden: i32): void {
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    gruResetBackwardLanes(a, before, dReset, dh, true);
    a += 16;
    before += 16;
    dReset += 16;
    dh += 16;
  }
  for (; rest > 0; rest--) {
    gruResetBackwardLanes(a, before, dReset, dh, false);
    a += 4;
    before += 4;
    dReset += 4;
    dh += 4;
  }
}

/**
 * Turns gates from r z n into dL/dz (before the activations), candidate into dL/d(h·U_nᵀ + b_n) when reset comes after
 * (it stays r⊙h when reset comes before), and dh from dL/dh_T into dL/dh_0. Weight gradients are products afterwards.
 */
export function gruBackward(plan: usize): void {
  const p = changetype<GruPlan>(plan);
  const hidden = p.hidden;
  const batch = p.batch;
  const row = <usize>hidden << 2;
  const bytes = row * p.stride;
  const reverse = p.reverse != 0;
  const resetAfter = p.resetAfter != 0;
  const weightCandidate = p.weight + 2 * <usize>hidden * row;
  const dReset = p.workspace + (<usize>(gruWorkspaceSize(batch, hidden) - batch * hidden) << 2);
  const candidateAt = <usize>panelsSize(2 * hidden, hidden) << 2;
  let panels = p.panels;
  let panelsCandidate = panels ? panels + candidateAt : 0;
  if (needsPanels(batch, p.steps, panels, 0)) {
    panels = p.workspace + (<usize>productWorkspaceSize(batch, 2 * hidden) << 2);
    panelsCandidate = panels + candidateAt;
    packDirect(p.weight, 2 * hidden, hidden, panels);
    packDirect(weightCandidate, hidden, hidden, panelsCandidate);
  }
  for (let step = p.steps - 1; step >= 0; step--) {
    const t = timeOf(step, p.steps, reverse);
    const a = p.gates + 3 * <usize>t * bytes;
    const candidate = p.candidate + <usize>t * bytes;
    const before = p.history + <usize>slotBefore(t, reverse) * bytes;
    const dOutput = p.dOutput == 0 ? <usize>0 : p.dOutput + (<usize>(t * p.stride * p.outputRow) << 2);
    addOutputGradient(p.dh, dOutput, p.outputRow, batch, hidden);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const at = b * row;
      gruStateBackward(a + 3 * at, before + at, candidate + at, p.dh + at, hidden, resetAfter);
    }
    if (resetAfter) {
      multiplyBy(candidate, hidden, weightCandidate, panelsCandidate, p.dh, batch, hidden, hidden, true, p.workspace);
    } else {
      const dn = a + 2 * row;
      multiplyBy(dn, 3 * hidden, weightCandidate, panelsCandidate, dReset, batch, hidden, hidden, false, p.workspace);
      for (let b: usize = 0; b < <usize>batch; b++) {
        const at = b * row;
        gruResetBackward(a + 3 * at, before + at, dReset + at, p.dh + at, hidden);
      }
    }
    multiplyBy(a, 3 * hidden, p.weight, panels, p.dh, batch, 2 * hidden, hidden, true, p.workspace);
  }
}
