/**
 * Long short-term memory over a whole sequence:
 *
 *     i = σ(z_i + p_i⊙c_{t-1})   f = σ(z_f + p_f⊙c_{t-1})   g = tanh(z_g)
 *     c_t = f⊙c_{t-1} + i⊙g      o = σ(z_o + p_o⊙c_t)       h_t = o⊙tanh(c_t)
 *
 * with z = x_t·W_ihᵀ + b + h_{t-1}·W_hhᵀ in blocks i f g o; the peephole weights p are optional.
 *
 * Layouts: gates [T, B, 4H] holds x·W_ihᵀ + b on entry and i f g o on exit; histories of h and c are [T + 1, B, H]
 * (see product.ts) with the initial states in their places on entry. No buffer overlaps another.
 *
 * Error: that of the products (gemm.ts) and of σ and tanh (≤ 2 ulp), carried from step to step by the recurrence.
 * Source: Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins 2000; peepholes: Gers 2002.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { binary, MULTIPLY } from "../elementwise/binary";
import { sigmoidForward, tanhForward } from "../elementwise/unary";
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

/** What one call of `lstmForward` or `lstmBackward` works on; addresses in bytes, counts in elements. */
@unmanaged
class LstmPlan {
  steps: i32;
  /** Sequences that this call computes. */
  batch: i32;
  /** Sequences from one time step to the next, in every buffer of T steps: those of the whole batch. */
  stride: i32;
  hidden: i32;
  /** 1: from the last time step to the first. */
  reverse: i32;
  /** [4H, H], blocks i f g o */
  weight: usize;
  /** the same packed by `packRows`, for a single sequence; 0: multiply by the weight as it lies. Forward only. */
  rows: usize;
  /** the same packed: by `packTransposed` forward, `packDirect` backward; 0: packed here, into the workspace */
  panels: usize;
  /** [3H], blocks i f o, or 0 for none */
  peepholes: usize;
  /** The input products of each of some tokens, [·, 4H], and the tokens [T, B], to be looked up into gates; 0: gates holds them. Forward only. */
  table: usize;
  tokens: usize;
  /** [T, B, 4H] */
  gates: usize;
  /** [T + 1, B, H] */
  history: usize;
  /** [T + 1, B, H] */
  cells: usize;
  /** Backward only: [T, B, ·] with rows `outputRow` apart, or 0. */
  dOutput: usize;
  outputRow: i32;
  /** Backward only: [B, H], dL/dh_T on entry, dL/dh_0 on exit; the same for c. */
  dh: usize;
  dc: usize;
  /** Backward only: [3H], += ; used when `peepholes` is. */
  dPeepholes: usize;
  /** `lstmWorkspaceSize(batch, hidden)` numbers. */
  workspace: usize;
}

/** Numbers of workspace that either direction wants: for the products, the panels, and one row. */
export function lstmWorkspaceSize(batch: i32, hidden: i32): i32 {
  return productWorkspaceSize(batch, 4 * hidden) + panelsSize(4 * hidden, hidden) + hidden;
}

/** z += p⊙c: what a peephole lets a gate see. */
function addPeephole(z: usize, p: usize, c: usize, hidden: i32): void {
  let rest = hidden;
  while (rest > 0) {
    const full = rest >= 4;
    accumulateLanes(z, f32x4.mul(loadLanes(p, full), loadLanes(c, full)), full);
    const step = full ? 4 : 1;
    const bytes = <usize>step << 2;
    z += bytes;
    p += bytes;
    c += bytes;
    rest -= step;
  }
}

/** Four lanes of `lstmCell`, or one. */
// @ts-ignore: decorator
@inline
function lstmCellLanes(gates: usize, before: usize, c: usize, gate: usize, full: bool): void {
  const kept = f32x4.mul(loadLanes(gates + gate, full), loadLanes(before, full));
  const added = f32x4.mul(loadLanes(gates, full), loadLanes(gates + 2 * gate, full));
  storeLanes(c, f32x4.add(kept, added), full);
}

/** c := f⊙before + i⊙g, given the gates. */
function lstmCell(gates: usize, before: usize, c: usize, hidden: i32): void {
  const gate = <usize>hidden << 2;
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    lstmCellLanes(gates, before, c, gate, true);
    gates += 16;
    before += 16;
    c += 16;
  }
  for (; rest > 0; rest--) {
    lstmCellLanes(gates, before, c, gate, false);
    gates += 4;
    before += 4;
    c += 4;
  }
}

/**
 * One step of one sequence: z → i f g o in place, c and h; c may be `before`. Each map runs over its block while it is in
 * the cache.
 */
export function lstmGates(z: usize, before: usize, c: usize, h: usize, hidden: i32, peepholes: usize): void {
  const gate = <usize>hidden << 2;
  const output = z + 3 * gate;
  if (peepholes) {
    addPeephole(z, peepholes, before, hidden);
    addPeephole(z + gate, peepholes + gate, before, hidden);
  }
  sigmoidForward(z, z, 2 * hidden, 0);
  tanhForward(z + 2 * gate, z + 2 * gate, hidden, 0);
  lstmCell(z, before, c, hidden);
  if (peepholes) addPeephole(output, peepholes + 2 * gate, c, hidden);
  sigmoidForward(output, output, hidden, 0);
  tanhForward(c, h, hidden, 0);
  binary(MULTIPLY, h, output, h, 1, hidden, 0, 1, 0, 1);
}

/** Fills gates with i f g o, and the histories with h_1 … h_T and c_1 … c_T. Assigns. */
export function lstmForward(plan: usize): void {
  const p = changetype<LstmPlan>(plan);
  const hidden = p.hidden;
  const row = <usize>hidden << 2;
  const bytes = row * p.stride;
  const reverse = p.reverse != 0;
  let packed = p.panels;
  if (needsPanels(p.batch, p.steps, packed, p.rows)) {
    packed = p.workspace + (<usize>productWorkspaceSize(p.batch, 4 * hidden) << 2);
    packTransposed(p.weight, 4 * hidden, hidden, packed);
  }
  for (let step = 0; step < p.steps; step++) {
    const t = timeOf(step, p.steps, reverse);
    const z = p.gates + 4 * <usize>t * bytes;
    const before = <usize>slotBefore(t, reverse) * bytes;
    const after = <usize>slotAfter(t, reverse) * bytes;
    const h = p.history + before;
    lookUp(p.table, p.tokens, t * p.stride, z, p.batch, 4 * hidden);
    multiplyByTransposed(h, p.weight, packed, p.rows, z, 4 * hidden, p.batch, 4 * hidden, hidden, true, p.workspace);
    for (let b: usize = 0; b < <usize>p.batch; b++) {
      const at = b * row;
      lstmGates(z + 4 * at, p.cells + before + at, p.cells + after + at, p.history + after + at, hidden, p.peepholes);
    }
  }
}

/** Four lanes of `lstmGatesBackward`, or one. */
// @ts-ignore: decorator
@inline
function lstmGatesBackwardLanes(
  z: usize,
  before: usize,
  c: usize,
  dh: usize,
  dc: usize,
  peepholes: usize,
  dPeepholes: usize,
  gate: usize,
  at: usize,
  squashed: v128,
  full: bool,
): void {
  const one = f32x4.splat(1);
  const i = loadLanes(z, full);
  const f = loadLanes(z + gate, full);
  const g = loadLanes(z + 2 * gate, full);
  const o = loadLanes(z + 3 * gate, full);
  const cell = loadLanes(c + at, full);
  const previous = loadLanes(before + at, full);
  const dhHere = loadLanes(dh + at, full);
  const dzo = f32x4.mul(f32x4.mul(dhHere, squashed), f32x4.mul(o, f32x4.sub(one, o)));
  let dcHere = f32x4.mul(f32x4.mul(dhHere, o), f32x4.sub(one, f32x4.mul(squashed, squashed)));
  dcHere = f32x4.add(loadLanes(dc + at, full), dcHere);
  if (peepholes) dcHere = f32x4.add(dcHere, f32x4.mul(loadLanes(peepholes + 2 * gate + at, full), dzo));
  const dzi = f32x4.mul(f32x4.mul(dcHere, g), f32x4.mul(i, f32x4.sub(one, i)));
  const dzf = f32x4.mul(f32x4.mul(dcHere, previous), f32x4.mul(f, f32x4.sub(one, f)));
  const dzg = f32x4.mul(f32x4.mul(dcHere, i), f32x4.sub(one, f32x4.mul(g, g)));
  let dcPrevious = f32x4.mul(dcHere, f);
  if (peepholes) {
    dcPrevious = f32x4.add(dcPrevious, f32x4.mul(loadLanes(peepholes + at, full), dzi));
    dcPrevious = f32x4.add(dcPrevious, f32x4.mul(loadLanes(peepholes + gate + at, full), dzf));
    accumulateLanes(dPeepholes + at, f32x4.mul(dzi, previous), full);
    accumulateLanes(dPeepholes + gate + at, f32x4.mul(dzf, previous), full);
    accumulateLanes(dPeepholes + 2 * gate + at, f32x4.mul(dzo, cell), full);
  }
  storeLanes(z, dzi, full);
  storeLanes(z + gate, dzf, full);
  storeLanes(z + 2 * gate, dzg, full);
  storeLanes(z + 3 * gate, dzo, full);
  storeLanes(dc + at, dcPrevious, full);
}

/**
 * One step of one sequence backward: i f g o → dL/dz in place, dc: dL/dc_t → dL/dc_{t-1}; dh is read. `squashed` is room
 * for tanh(c_t) [H], which costs less to compute again, several vectors at a time, than to keep for all steps.
 */
function lstmGatesBackward(
  z: usize,
  before: usize,
  c: usize,
  dh: usize,
  dc: usize,
  hidden: i32,
  peepholes: usize,
  dPeepholes: usize,
  squashed: usize,
): void {
  const gate = <usize>hidden << 2;
  tanhForward(c, squashed, hidden, 0);
  let at: usize = 0;
  let rest = hidden;
  for (; rest >= 4; rest -= 4) {
    lstmGatesBackwardLanes(z, before, c, dh, dc, peepholes, dPeepholes, gate, at, v128.load(squashed + at), true);
    z += 16;
    at += 16;
  }
  for (; rest > 0; rest--) {
    lstmGatesBackwardLanes(z, before, c, dh, dc, peepholes, dPeepholes, gate, at, v128.load32_zero(squashed + at), false);
    z += 4;
    at += 4;
  }
}

// @ts-ignore: decorator
@inline
function accumulateLanes(to: usize, v: v128, full: bool): void {
  storeLanes(to, f32x4.add(loadLanes(to, full), v), full);
}

/**
 * Turns gates from i f g o into dL/dz, dh and dc from the gradients of the last state into those of the first, and
 * adds to dPeepholes. The gradient of W_hh is one product afterwards.
 */
export function lstmBackward(plan: usize): void {
  const p = changetype<LstmPlan>(plan);
  const hidden = p.hidden;
  const row = <usize>hidden << 2;
  const bytes = row * p.stride;
  const reverse = p.reverse != 0;
  const squashed = p.workspace + (<usize>(lstmWorkspaceSize(p.batch, hidden) - hidden) << 2);
  let packed = p.panels;
  if (needsPanels(p.batch, p.steps, packed, 0)) {
    packed = p.workspace + (<usize>productWorkspaceSize(p.batch, 4 * hidden) << 2);
    packDirect(p.weight, 4 * hidden, hidden, packed);
  }
  for (let step = p.steps - 1; step >= 0; step--) {
    const t = timeOf(step, p.steps, reverse);
    const z = p.gates + 4 * <usize>t * bytes;
    const before = p.cells + <usize>slotBefore(t, reverse) * bytes;
    const after = p.cells + <usize>slotAfter(t, reverse) * bytes;
    const dOutput = p.dOutput == 0 ? <usize>0 : p.dOutput + (<usize>(t * p.stride * p.outputRow) << 2);
    addOutputGradient(p.dh, dOutput, p.outputRow, p.batch, hidden);
    for (let b: usize = 0; b < <usize>p.batch; b++) {
      const at = b * row;
      lstmGatesBackward(
        z + 4 * at,
        before + at,
        after + at,
        p.dh + at,
        p.dc + at,
        hidden,
        p.peepholes,
        p.dPeepholes,
        squashed,
      );
    }
    multiplyBy(z, 4 * hidden, p.weight, packed, p.dh, p.batch, 4 * hidden, hidden, false, p.workspace);
  }
}
