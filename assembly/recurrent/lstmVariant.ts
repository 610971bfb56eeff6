/**
 * The LSTM with everything that lstm.ts leaves out for speed, each part optional:
 *
 *     h' = m⊙h_{t-1}                                    one mask for all steps (variational dropout)
 *     i = σ(z_i + p_i⊙c_{t-1})   f = σ(z_f + p_f⊙c_{t-1}), or 1 − i (coupled)   g = φ(z_g)
 *     c̃ = f⊙c_{t-1} + i⊙g        c_t = c̃ + k_c⊙(c_{t-1} − c̃)                   (zoneout)
 *     o = σ(z_o + p_o⊙c_t)       s = o⊙φ(c_t), or o⊙φ(LN(c_t))
 *     h̃ = W_hr·s, or s           h_t = h̃ + k_h⊙(h_{t-1} − h̃)
 *
 * with z = x_t·W_ihᵀ + b + h'·W_hhᵀ, or x_t's part and LN(h'·W_hhᵀ), in blocks i f g o, or i g o when coupled; σ and φ are any activations, reached through
 * function-table slots, once a block.
 *
 * Layouts: as in lstm.ts, with G = 4 or 3 blocks; states of h have P numbers, P = H without W_hr. `raw` [T, B, GH], where it
 * is given, keeps z for activations whose slope does not follow from their value; `unprojected` [T, B, H] keeps s, and
 * `dProjected` [T, B, P] receives dL/dh̃, both for the gradient of W_hr. No buffer overlaps another.
 *
 * With layer normalisation, `recurrent` [T, B, GH] keeps the normalised h'·W_hhᵀ and `dRecurrent` receives the gradient
 * before the normalisation, `normalCell` and `dNormalCell` [T, B, H] do so for c with the gradient behind it, and the two
 * `…Scales` [T, B] keep 1/√var.
 *
 * Sources: layer normalisation: Ba, Kiros & Hinton 2016; projection: Sak, Senior & Beaufays 2014; coupled gates: Greff et al. 2017; variational dropout: Gal &
 * Ghahramani 2016; zoneout: Krueger et al. 2017.
 */
import { sigmoidForward } from "../elementwise/unary";
import { cellBackward, nextCell, squashedBackward } from "./lstmCell";
import { normaliseRow, normaliseRowBackward, scaleRow } from "./normalise";
import { addNumbers, copyNumbers, product } from "./row";
import {
  addOutputGradient,
  lookUp,
  multiplyBy,
  multiplyByTransposed,
  productWorkspaceSize,
  slotAfter,
  slotBefore,
  timeOf,
} from "./product";
import { keepPrevious, keepPreviousBackward } from "./zoneout";

/** What one call of `lstmVariantForward` or `lstmVariantBackward` works on; addresses in bytes, counts in elements. */
@unmanaged
class LstmVariantPlan {
  steps: i32;
  /** Sequences that this call computes, and sequences from one time step to the next. */
  batch: i32;
  stride: i32;
  hidden: i32;
  /** P, the size of h. */
  output: i32;
  reverse: i32;
  /** 1: f = 1 − i, and there are three blocks. */
  coupled: i32;
  /** W_hh [GH, P] and W_hr [P, H], packed: by `packTransposed` forward, `packDirect` backward. W_hr: 0 for none. */
  panels: usize;
  projectionPanels: usize;
  /** [3H], blocks i f o (i o when coupled: [2H]), or 0 */
  peepholes: usize;
  /** Function-table slots of σ and φ, forward and backward, and what they are handed. */
  gateForward: i32;
  gateBackward: i32;
  gateParameters: usize;
  cellForward: i32;
  cellBackward: i32;
  cellParameters: usize;
  /** [B, P], m, or 0 */
  mask: usize;
  /** [T, B, P] and [T, B, H], k_h and k_c, or 0 */
  keepHidden: usize;
  keepCell: usize;
  /** γ [GH] of h'·W_hhᵀ, or 0: not normalised; then what goes with it. */
  recurrentGain: usize;
  recurrent: usize;
  recurrentScales: usize;
  dRecurrent: usize;
  /** γ and β [H] of c, or 0; then what goes with them. */
  cellGain: usize;
  cellBias: usize;
  normalCell: usize;
  cellScales: usize;
  dNormalCell: usize;
  table: usize;
  tokens: usize;
  /** [T, B, GH] */
  gates: usize;
  /** [T, B, GH], or 0 */
  raw: usize;
  /** [T + 1, B, P] and [T + 1, B, H] */
  history: usize;
  cells: usize;
  /** [T, B, H], or 0 */
  unprojected: usize;
  /** Backward only. */
  dOutput: usize;
  outputRow: i32;
  dh: usize;
  dc: usize;
  dPeepholes: usize;
  dProjected: usize;
  /** `lstmVariantWorkspaceSize(batch, hidden, output)` numbers. */
  workspace: usize;
}

/** What the products want, two blocks [B, P], four [B, H], and a row of three blocks. */
export function lstmVariantWorkspaceSize(batch: i32, hidden: i32, output: i32): i32 {
  return productWorkspaceSize(batch, 4 * hidden) + batch * (2 * output + 4 * hidden) + 3 * hidden;
}

/**
 * z → the gates in place and c: one step of one sequence, which stands at `place` in [T, B]. s receives LN(c) where the
 * cell is normalised.
 */
function variantRow(
  p: LstmVariantPlan,
  z: usize,
  raw: usize,
  before: usize,
  c: usize,
  s: usize,
  keepCell: usize,
  place: usize,
): void {
  const hidden = p.hidden;
  const gate = <usize>hidden << 2;
  const coupled = p.coupled != 0;
  const candidate = coupled ? z + gate : z + 2 * gate;
  const output = candidate + gate;
  const peepholes = p.peepholes;
  if (peepholes) {
    product(peepholes, before, z, hidden, true);
    if (!coupled) product(peepholes + gate, before, z + gate, hidden, true);
  }
  if (raw) copyNumbers(z, raw, coupled ? 2 * hidden : 3 * hidden);
  call_indirect<void>(p.gateForward, z, z, coupled ? hidden : 2 * hidden, p.gateParameters);
  call_indirect<void>(p.cellForward, candidate, candidate, hidden, p.cellParameters);
  nextCell(z, candidate, before, c, keepCell, coupled ? 0 : gate, hidden);
  if (peepholes) product(peepholes + (coupled ? gate : 2 * gate), c, output, hidden, true);
  if (raw) copyNumbers(output, raw + (output - z), hidden);
  call_indirect<void>(p.gateForward, output, output, hidden, p.gateParameters);
  if (p.cellGain == 0) return;
  const normal = p.normalCell + place * gate;
  store<f32>(p.cellScales + (place << 2), normaliseRow(c, normal, hidden));
  scaleRow(normal, p.cellGain, p.cellBias, s, hidden, false);
}

/** Fills gates, raw, unprojected, and the histories with h_1 … h_T and c_1 … c_T. Assigns. */
export function lstmVariantForward(plan: usize): void {
  const p = changetype<LstmVariantPlan>(plan);
  const hidden = p.hidden;
  const output = p.output;
  const width = p.coupled ? 3 * hidden : 4 * hidden;
  const batch = p.batch;
  const stride = p.stride;
  const reverse = p.reverse != 0;
  const gateRow = <usize>width << 2;
  const cellRow = <usize>hidden << 2;
  const row = <usize>output << 2;
  const masked = p.workspace + (<usize>productWorkspaceSize(batch, 4 * hidden) << 2);
  for (let step = 0; step < p.steps; step++) {
    const t = timeOf(step, p.steps, reverse);
    const first = <usize>(t * stride);
    const z = p.gates + first * gateRow;
    const slot = <usize>(slotBefore(t, reverse) * stride);
    const next = <usize>(slotAfter(t, reverse) * stride);
    const before = p.history + slot * row;
    const after = p.history + next * row;
    lookUp(p.table, p.tokens, t * stride, z, batch, width);
    let h = before;
    if (p.mask) {
      h = masked;
      product(before, p.mask, masked, batch * output, false);
    }
    const recurrent = p.recurrentGain ? p.recurrent + first * gateRow : z;
    const accumulate = p.recurrentGain == 0;
    multiplyByTransposed(h, 0, p.panels, 0, recurrent, width, batch, width, output, accumulate, p.workspace);
    const s = p.projectionPanels ? p.unprojected + first * cellRow : after;
    for (let b: usize = 0; b < <usize>batch; b++) {
      const raw = p.raw ? p.raw + (first + b) * gateRow : 0;
      const keep = p.keepCell ? p.keepCell + (first + b) * cellRow : 0;
      const previous = p.cells + (slot + b) * cellRow;
      const place = first + b;
      if (p.recurrentGain) {
        const normal = recurrent + b * gateRow;
        store<f32>(p.recurrentScales + (place << 2), normaliseRow(normal, normal, width));
        scaleRow(normal, p.recurrentGain, 0, z + b * gateRow, width, true);
      }
      variantRow(p, z + b * gateRow, raw, previous, p.cells + (next + b) * cellRow, s + b * cellRow, keep, place);
    }
    const unsquashed = p.cellGain ? s : p.cells + next * cellRow;
    call_indirect<void>(p.cellForward, unsquashed, s, batch * hidden, p.cellParameters);
    const o = z + gateRow - cellRow;
    for (let b: usize = 0; b < <usize>batch; b++) product(o + b * gateRow, s + b * cellRow, s + b * cellRow, hidden, false);
    if (p.projectionPanels) {
      multiplyByTransposed(s, 0, p.projectionPanels, 0, after, output, batch, output, hidden, false, p.workspace);
    }
    if (p.keepHidden) keepPrevious(p.keepHidden + first * row, before, after, batch * output);
  }
}

/** Whether σ is the sigmoid itself, whose slope is inlined then. */
// @ts-ignore: decorator
@inline
function gatesAreSigmoid(p: LstmVariantPlan): bool {
  return p.gateForward == sigmoidForward.index;
}

/**
 * s = o⊙φ(c), or o⊙φ(LN(c)), of all sequences of a step backward: o → dL/dz_o in place, and `dCell` [B, H] receives
 * what reaches c_t from s alone. `squashed` is room for as much. `first` is the step's place in [T, B].
 */
function outputBackward(
  p: LstmVariantPlan,
  first: usize,
  c: usize,
  ds: usize,
  dCell: usize,
  squashed: usize,
  room: usize,
): void {
  const hidden = p.hidden;
  const batch = <usize>p.batch;
  const cellRow = <usize>hidden << 2;
  const gateRow = (p.coupled ? 3 : 4) * cellRow;
  const o = p.gates + (first + 1) * gateRow - cellRow;
  const x = p.raw ? p.raw + (first + 1) * gateRow - cellRow : o;
  const sigmoid = gatesAreSigmoid(p);
  let unsquashed = c;
  const normal = p.normalCell + first * cellRow;
  if (p.cellGain) {
    unsquashed = squashed + batch * cellRow;
    for (let b: usize = 0; b < batch; b++) {
      scaleRow(normal + b * cellRow, p.cellGain, p.cellBias, unsquashed + b * cellRow, hidden, false);
    }
  }
  call_indirect<void>(p.cellForward, unsquashed, squashed, p.batch * hidden, p.cellParameters);
  for (let b: usize = 0; b < batch; b++) {
    const at = b * cellRow;
    const row = b * gateRow;
    const dOutput = sigmoid ? o + row : room;
    squashedBackward(ds + at, squashed + at, o + row, dOutput, dCell + at, sigmoid, hidden);
    if (sigmoid) continue;
    call_indirect<void>(p.gateBackward, x + row, o + row, room, o + row, hidden, p.gateParameters);
  }
  call_indirect<void>(p.cellBackward, unsquashed, squashed, dCell, dCell, p.batch * hidden, p.cellParameters);
  if (p.cellGain == 0) return;
  copyNumbers(dCell, p.dNormalCell + first * cellRow, p.batch * hidden);
  for (let b: usize = 0; b < batch; b++) {
    const d = dCell + b * cellRow;
    const scale = load<f32>(p.cellScales + ((first + b) << 2));
    normaliseRowBackward(d, p.cellGain, normal + b * cellRow, scale, d, hidden);
  }
}

/**
 * The gates but o → dL/dz in place, dc: dL/dc_t → dL/dc_{t-1}; o is dL/dz_o, dCell what c_t gets from s. `room` holds
 * 3H numbers.
 */
function variantRowBackward(
  p: LstmVariantPlan,
  z: usize,
  raw: usize,
  before: usize,
  c: usize,
  dCell: usize,
  dc: usize,
  keepCell: usize,
  room: usize,
): void {
  const hidden = p.hidden;
  const gate = <usize>hidden << 2;
  const coupled = p.coupled != 0;
  const candidate = coupled ? z + gate : z + 2 * gate;
  const output = candidate + gate;
  const peepholes = p.peepholes;
  const x = raw ? raw : z;
  if (peepholes) product(peepholes + (coupled ? gate : 2 * gate), output, dCell, hidden, true);
  const sigmoid = gatesAreSigmoid(p);
  cellBackward(z, candidate, before, dCell, dc, keepCell, room, coupled ? 0 : gate, sigmoid, hidden);
  if (!sigmoid) call_indirect<void>(p.gateBackward, x, z, room, z, coupled ? hidden : 2 * hidden, p.gateParameters);
  const dCandidate = room + (candidate - z);
  call_indirect<void>(p.cellBackward, x + (candidate - z), candidate, dCandidate, candidate, hidden, p.cellParameters);
  if (peepholes) {
    product(peepholes, z, dc, hidden, true);
    product(z, before, p.dPeepholes, hidden, true);
    if (!coupled) {
      product(peepholes + gate, z + gate, dc, hidden, true);
      product(z + gate, before, p.dPeepholes + gate, hidden, true);
    }
    product(output, c, p.dPeepholes + (coupled ? gate : 2 * gate), hidden, true);
  }
}

/**
 * Turns gates into dL/dz, dh and dc from the gradients of the last state into those of the first, fills dProjected, and
 * adds to dPeepholes. The gradients of W_hh and W_hr are products afterwards.
 */
export function lstmVariantBackward(plan: usize): void {
  const p = changetype<LstmVariantPlan>(plan);
  const hidden = p.hidden;
  const output = p.output;
  const width = p.coupled ? 3 * hidden : 4 * hidden;
  const batch = p.batch;
  const stride = p.stride;
  const reverse = p.reverse != 0;
  const gateRow = <usize>width << 2;
  const cellRow = <usize>hidden << 2;
  const row = <usize>output << 2;
  const kept = p.workspace + (<usize>productWorkspaceSize(batch, 4 * hidden) << 2);
  const unprojected = kept + 2 * <usize>batch * row;
  const room = unprojected + <usize>batch * cellRow;
  const dCell = room + 3 * cellRow;
  for (let step = p.steps - 1; step >= 0; step--) {
    const t = timeOf(step, p.steps, reverse);
    const first = <usize>(t * stride);
    const z = p.gates + first * gateRow;
    const slot = <usize>(slotBefore(t, reverse) * stride);
    const next = <usize>(slotAfter(t, reverse) * stride);
    const dOutput = p.dOutput == 0 ? <usize>0 : p.dOutput + (<usize>(t * stride * p.outputRow) << 2);
    addOutputGradient(p.dh, dOutput, p.outputRow, batch, output);
    if (p.keepHidden) keepPreviousBackward(p.keepHidden + first * row, p.dh, kept, batch * output);
    let ds = p.dh;
    if (p.projectionPanels) {
      const projected = p.dProjected + first * row;
      copyNumbers(p.dh, projected, batch * output);
      multiplyBy(projected, output, 0, p.projectionPanels, unprojected, batch, output, hidden, false, p.workspace);
      ds = unprojected;
    }
    outputBackward(p, first, p.cells + next * cellRow, ds, dCell, dCell + <usize>batch * cellRow, room);
    for (let b: usize = 0; b < <usize>batch; b++) {
      const raw = p.raw ? p.raw + (first + b) * gateRow : 0;
      const keep = p.keepCell ? p.keepCell + (first + b) * cellRow : 0;
      const at = b * cellRow;
      const before = p.cells + (slot + b) * cellRow;
      const c = p.cells + (next + b) * cellRow;
      const place = first + b;
      variantRowBackward(p, z + b * gateRow, raw, before, c, dCell + at, p.dc + at, keep, room);
      if (!p.recurrentGain) continue;
      const normal = p.recurrent + place * gateRow;
      const scale = load<f32>(p.recurrentScales + (place << 2));
      normaliseRowBackward(z + b * gateRow, p.recurrentGain, normal, scale, p.dRecurrent + place * gateRow, width);
    }
    const dz = p.recurrentGain ? p.dRecurrent + first * gateRow : z;
    multiplyBy(dz, width, 0, p.panels, p.dh, batch, width, output, false, p.workspace);
    if (p.mask) product(p.dh, p.mask, p.dh, batch * output, false);
    if (p.keepHidden) addNumbers(kept, p.dh, batch * output);
  }
}
