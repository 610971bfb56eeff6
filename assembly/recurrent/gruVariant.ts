/**
 * The GRU with everything that gru.ts leaves out for speed, each part optional:
 *
 *     h' = m⊙h_{t-1}                                            one mask for all steps (variational dropout)
 *     r = σ(a_r + h'·U_rᵀ)   z = σ(a_z + h'·U_zᵀ)
 *     n = φ(a_n + r⊙(h'·U_nᵀ + b_n)), or φ(a_n + b_n + (r⊙h')·U_nᵀ)
 *     h̃ = n + z⊙(h_{t-1} − n)   h_t = h̃ + k⊙(h_{t-1} − h̃)      (zoneout)
 *
 * With layer normalisation h'·U_rzᵀ and h'·U_nᵀ are normalised, each for itself; reset comes after then. `recurrent`
 * [T, B, 3H] keeps them, `dRecurrent` receives the gradient before the normalisation, `recurrentScales` [T, B, 2] keeps
 * 1/√var.
 *
 * σ and φ are any activations, reached through function-table slots, once a block. Layouts are those of gru.ts; `raw`
 * [T, B, 3H], where it is given, keeps what σ and φ were applied to, for those whose slope does not follow from their value.
 *
 * Sources: Ba, Kiros & Hinton 2016; Gal & Ghahramani 2016; Krueger et al. 2017.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { sigmoidForward } from "../elementwise/unary";
import { gruResetAfter, gruState } from "./gru";
import {
  addOutputGradient,
  lookUp,
  multiplyBy,
  multiplyByTransposed,
  panelsSize,
  productWorkspaceSize,
  slotAfter,
  slotBefore,
  timeOf,
} from "./product";
import { normaliseRow, normaliseRowBackward, scaleRow } from "./normalise";
import { addNumbers, copyNumbers, product, throughSigmoid } from "./row";
import { keepPrevious, keepPreviousBackward } from "./zoneout";

/** What one call of `gruVariantForward` or `gruVariantBackward` works on; addresses in bytes, counts in elements. */
@unmanaged
class GruVariantPlan {
  steps: i32;
  /** Sequences that this call computes, and sequences from one time step to the next. */
  batch: i32;
  stride: i32;
  hidden: i32;
  reverse: i32;
  resetAfter: i32;
  /** U_rz and U_n, packed: by `packTransposed` forward, `packDirect` backward, as in gru.ts. */
  panels: usize;
  biasCandidate: usize;
  /** Function-table slots of σ and φ, forward and backward, and what they are handed. */
  gateForward: i32;
  gateBackward: i32;
  gateParameters: usize;
  cellForward: i32;
  cellBackward: i32;
  cellParameters: usize;
  /** [B, H], m, or 0 */
  mask: usize;
  /** [T, B, H], k, or 0 */
  keepHidden: usize;
  /** γ [3H] of h'·Uᵀ, or 0: not normalised; then what goes with it. */
  recurrentGain: usize;
  recurrent: usize;
  recurrentScales: usize;
  dRecurrent: usize;
  table: usize;
  tokens: usize;
  /** [T, B, 3H] */
  gates: usize;
  /** [T, B, 3H], or 0 */
  raw: usize;
  /** [T + 1, B, H] */
  history: usize;
  /** [T, B, H] */
  candidate: usize;
  /** Backward only. */
  dOutput: usize;
  outputRow: i32;
  dh: usize;
  /** `gruVariantWorkspaceSize(batch, hidden)` numbers. */
  workspace: usize;
}

/** What the products want, three blocks [B, H], and three rows. */
export function gruVariantWorkspaceSize(batch: i32, hidden: i32): i32 {
  return productWorkspaceSize(batch, 2 * hidden) + 3 * batch * hidden + 3 * hidden;
}

/** Where 1/√var of a step of a sequence lies. */
// @ts-ignore: decorator
@inline
function scaleAt(p: GruVariantPlan, t: i32, b: usize): usize {
  return p.recurrentScales + ((<usize>(t * p.stride) + b) << 3);
}

/** Fills gates, raw, candidate, and history with h_1 … h_T. Assigns. */
export function gruVariantForward(plan: usize): void {
  const p = changetype<GruVariantPlan>(plan);
  const hidden = p.hidden;
  const batch = p.batch;
  const row = <usize>hidden << 2;
  const stride = p.stride;
  const reverse = p.reverse != 0;
  const resetAfter = p.resetAfter != 0;
  const panelsCandidate = p.panels + (<usize>panelsSize(2 * hidden, hidden) << 2);
  const masked = p.workspace + (<usize>productWorkspaceSize(batch, 2 * hidden) << 2);
  for (let step = 0; step < p.steps; step++) {
    const t = timeOf(step, p.steps, reverse);
    const first = <usize>(t * stride) * row;
    const a = p.gates + 3 * first;
    const candidate = p.candidate + first;
    const before = p.history + <usize>(slotBefore(t, reverse) * stride) * row;
    const after = p.history + <usize>(slotAfter(t, reverse) * stride) * row;
    lookUp(p.table, p.tokens, t * stride, a, batch, 3 * hidden);
    let h = before;
    if (p.mask) {
      h = masked;
      product(before, p.mask, masked, batch * hidden, false);
    }
    const gain = p.recurrentGain;
    const u = gain ? p.recurrent + 3 * first : a;
    multiplyByTransposed(h, 0, p.panels, 0, u, 3 * hidden, batch, 2 * hidden, hidden, gain == 0, p.workspace);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const gates = a + 3 * b * row;
      if (gain) {
        const normal = u + 3 * b * row;
        store<f32>(scaleAt(p, t, b), normaliseRow(normal, normal, 2 * hidden));
        scaleRow(normal, gain, 0, gates, 2 * hidden, true);
      }
      if (p.raw) copyNumbers(gates, p.raw + 3 * (first + b * row), 2 * hidden);
      call_indirect<void>(p.gateForward, gates, gates, 2 * hidden, p.gateParameters);
      if (!resetAfter) product(gates, h + b * row, candidate + b * row, hidden, false);
    }
    const from = resetAfter ? h : candidate;
    const to = gain ? u + 2 * row : resetAfter ? candidate : a + 2 * row;
    const toRow = resetAfter && !gain ? hidden : 3 * hidden;
    multiplyByTransposed(from, 0, panelsCandidate, 0, to, toRow, batch, hidden, hidden, !resetAfter, p.workspace);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const at = b * row;
      const n = a + 3 * at + 2 * row;
      if (gain) {
        const normal = u + 3 * at + 2 * row;
        store<f32>(scaleAt(p, t, b) + 4, normaliseRow(normal, normal, hidden));
        scaleRow(normal, gain + 2 * row, 0, candidate + at, hidden, false);
      }
      if (resetAfter) gruResetAfter(a + 3 * at, candidate + at, p.biasCandidate, hidden);
      if (p.raw) copyNumbers(n, p.raw + 3 * (first + at) + 2 * row, hidden);
      call_indirect<void>(p.cellForward, n, n, hidden, p.cellParameters);
      gruState(a + 3 * at, before + at, after + at, hidden);
    }
    if (p.keepHidden) keepPrevious(p.keepHidden + first, before, after, batch * hidden);
  }
}

/** Four lanes of `stateBackward`, or one. */
// @ts-ignore: decorator
@inline
function stateBackwardLanes(
  a: usize,
  before: usize,
  dh: usize,
  dz: usize,
  dn: usize,
  gate: usize,
  sigmoid: bool,
  at: usize,
  full: bool,
): void {
  const z = loadLanes(a + gate + at, full);
  const n = loadLanes(a + 2 * gate + at, full);
  const d = loadLanes(dh + at, full);
  const dHere = f32x4.mul(d, f32x4.sub(loadLanes(before + at, full), n));
  storeLanes(dz + at, sigmoid ? throughSigmoid(dHere, z) : dHere, full);
  storeLanes(dn + at, f32x4.mul(d, f32x4.sub(f32x4.splat(1), z)), full);
  storeLanes(dh + at, f32x4.mul(d, z), full);
}

/** dz := dL/dz, and behind a sigmoid; dn := dL/dn; dh: dL/dh̃ → z⊙dL/dh̃. dz may be z. */
function stateBackward(a: usize, before: usize, dh: usize, dz: usize, dn: usize, sigmoid: bool, hidden: i32): void {
  const gate = <usize>hidden << 2;
  let at: usize = 0;
  for (; hidden >= 4; hidden -= 4) {
    stateBackwardLanes(a, before, dh, dz, dn, gate, sigmoid, at, true);
    at += 16;
  }
  for (; hidden > 0; hidden--) {
    stateBackwardLanes(a, before, dh, dz, dn, gate, sigmoid, at, false);
    at += 4;
  }
}

/** Four lanes of `resetAfterBackward`, or one. */
// @ts-ignore: decorator
@inline
function resetAfterBackwardLanes(
  dn: usize,
  reset: usize,
  candidate: usize,
  dr: usize,
  sigmoid: bool,
  at: usize,
  full: bool,
): void {
  const d = loadLanes(dn + at, full);
  const r = loadLanes(reset + at, full);
  const dHere = f32x4.mul(d, loadLanes(candidate + at, full));
  storeLanes(dr + at, sigmoid ? throughSigmoid(dHere, r) : dHere, full);
  storeLanes(candidate + at, f32x4.mul(d, r), full);
}

/** dr := dn⊙candidate, and behind a sigmoid; candidate := dn⊙r. dr may be r. */
function resetAfterBackward(dn: usize, r: usize, candidate: usize, dr: usize, sigmoid: bool, hidden: i32): void {
  let at: usize = 0;
  for (; hidden >= 4; hidden -= 4) {
    resetAfterBackwardLanes(dn, r, candidate, dr, sigmoid, at, true);
    at += 16;
  }
  for (; hidden > 0; hidden--) {
    resetAfterBackwardLanes(dn, r, candidate, dr, sigmoid, at, false);
    at += 4;
  }
}

/**
 * Turns gates from r z n into dL/dz, candidate as `gruBackward` does, and dh from dL/dh_T into dL/dh_0. Weight gradients
 * are products afterwards.
 */
export function gruVariantBackward(plan: usize): void {
  const p = changetype<GruVariantPlan>(plan);
  const hidden = p.hidden;
  const batch = p.batch;
  const block = batch * hidden;
  const row = <usize>hidden << 2;
  const stride = p.stride;
  const reverse = p.reverse != 0;
  const resetAfter = p.resetAfter != 0;
  const panelsCandidate = p.panels + (<usize>panelsSize(2 * hidden, hidden) << 2);
  const seen = p.workspace + (<usize>productWorkspaceSize(batch, 2 * hidden) << 2);
  const dSeen = seen + (<usize>block << 2);
  const kept = dSeen + (<usize>block << 2);
  const room = kept + (<usize>block << 2);
  const gain = p.recurrentGain;
  const sigmoid = p.gateForward == sigmoidForward.index;
  for (let step = p.steps - 1; step >= 0; step--) {
    const t = timeOf(step, p.steps, reverse);
    const first = <usize>(t * stride) * row;
    const a = p.gates + 3 * first;
    const candidate = p.candidate + first;
    const before = p.history + <usize>(slotBefore(t, reverse) * stride) * row;
    const dOutput = p.dOutput == 0 ? <usize>0 : p.dOutput + (<usize>(t * stride * p.outputRow) << 2);
    addOutputGradient(p.dh, dOutput, p.outputRow, batch, hidden);
    if (p.keepHidden) keepPreviousBackward(p.keepHidden + first, p.dh, kept, block);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const at = b * row;
      const gates = a + 3 * at;
      const raw = p.raw ? p.raw + 3 * (first + at) : 0;
      const x = raw ? raw : gates;
      // What σ's slope is not inlined for goes to `room` first.
      const d = sigmoid ? gates : room;
      const n = gates + 2 * row;
      stateBackward(gates, before + at, p.dh + at, d + row, room + 2 * row, sigmoid, hidden);
      call_indirect<void>(p.cellBackward, x + 2 * row, n, room + 2 * row, n, hidden, p.cellParameters);
      if (!resetAfter) {
        const z = gates + row;
        if (!sigmoid) call_indirect<void>(p.gateBackward, x + row, z, room + row, z, hidden, p.gateParameters);
        continue;
      }
      resetAfterBackward(n, gates, candidate + at, d, sigmoid, hidden);
      if (!sigmoid) call_indirect<void>(p.gateBackward, x, gates, room, gates, 2 * hidden, p.gateParameters);
      if (!gain) continue;
      const normal = p.recurrent + 3 * (first + at);
      const du = p.dRecurrent + 3 * (first + at);
      const scale = scaleAt(p, t, b);
      normaliseRowBackward(gates, gain, normal, load<f32>(scale), du, 2 * hidden);
      const dn = du + 2 * row;
      normaliseRowBackward(candidate + at, gain + 2 * row, normal + 2 * row, load<f32>(scale, 4), dn, hidden);
    }
    const du = p.dRecurrent + 3 * first;
    if (gain) {
      multiplyBy(du + 2 * row, 3 * hidden, 0, panelsCandidate, dSeen, batch, hidden, hidden, false, p.workspace);
    } else if (resetAfter) {
      multiplyBy(candidate, hidden, 0, panelsCandidate, dSeen, batch, hidden, hidden, false, p.workspace);
    } else {
      let h = before;
      if (p.mask) {
        h = seen;
        product(before, p.mask, seen, block, false);
      }
      multiplyBy(a + 2 * row, 3 * hidden, 0, panelsCandidate, dSeen, batch, hidden, hidden, false, p.workspace);
      for (let b: usize = 0; b < <usize>batch; b++) {
        const at = b * row;
        const r = a + 3 * at;
        const raw = p.raw ? p.raw + 3 * (first + at) : r;
        product(dSeen + at, h + at, room, hidden, false);
        product(dSeen + at, r, dSeen + at, hidden, false);
        call_indirect<void>(p.gateBackward, raw, r, room, r, hidden, p.gateParameters);
      }
    }
    multiplyBy(gain ? du : a, 3 * hidden, 0, p.panels, dSeen, batch, 2 * hidden, hidden, true, p.workspace);
    if (p.mask) product(dSeen, p.mask, dSeen, block, false);
    addNumbers(dSeen, p.dh, block);
    if (p.keepHidden) addNumbers(kept, p.dh, block);
  }
}
