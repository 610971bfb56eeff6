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
import { loadLanes, storeLanes } from "../base/lanes";
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

/** What the products want, two blocks [B, P], one [B, H], and a row of four blocks and two. */
export function lstmVariantWorkspaceSize(batch: i32, hidden: i32, output: i32): i32 {
  return productWorkspaceSize(batch, 4 * hidden) + batch * (2 * output + hidden) + 6 * hidden;
}

/** z → the gates in place, c and s: one step of one sequence, which stands at `place` in [T, B]. */
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
  const one = f32x4.splat(1);
  let rest = hidden;
  let at: usize = 0;
  while (rest > 0) {
    const full = rest >= 4;
    const i = loadLanes(z + at, full);
    const f = coupled ? f32x4.sub(one, i) : loadLanes(z + gate + at, full);
    const previous = loadLanes(before + at, full);
    let next = f32x4.add(f32x4.mul(f, previous), f32x4.mul(i, loadLanes(candidate + at, full)));
    if (keepCell) next = f32x4.add(next, f32x4.mul(loadLanes(keepCell + at, full), f32x4.sub(previous, next)));
    storeLanes(c + at, next, full);
    const step = full ? 4 : 1;
    at += <usize>step << 2;
    rest -= step;
  }
  if (peepholes) product(peepholes + (coupled ? gate : 2 * gate), c, output, hidden, true);
  if (raw) copyNumbers(output, raw + (output - z), hidden);
  call_indirect<void>(p.gateForward, output, output, hidden, p.gateParameters);
  let squashed = c;
  if (p.cellGain) {
    const normal = p.normalCell + place * gate;
    store<f32>(p.cellScales + (place << 2), normaliseRow(c, normal, hidden));
    scaleRow(normal, p.cellGain, p.cellBias, s, hidden, false);
    squashed = s;
  }
  call_indirect<void>(p.cellForward, squashed, s, hidden, p.cellParameters);
  product(output, s, s, hidden, false);
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
    if (p.projectionPanels) {
      multiplyByTransposed(s, 0, p.projectionPanels, 0, after, output, batch, output, hidden, false, p.workspace);
    }
    if (p.keepHidden) keepPrevious(p.keepHidden + first * row, before, after, batch * output);
  }
}

/** dOutput := ds⊙squashed, dSquashed := ds⊙output. */
function squashedBackward(ds: usize, squashed: usize, output: usize, dOutput: usize, dSquashed: usize, hidden: i32): void {
  for (let rest = hidden; rest > 0; ) {
    const full = rest >= 4;
    const d = loadLanes(ds, full);
    storeLanes(dOutput, f32x4.mul(d, loadLanes(squashed, full)), full);
    storeLanes(dSquashed, f32x4.mul(d, loadLanes(output, full)), full);
    const bytes: usize = full ? 16 : 4;
    ds += bytes;
    squashed += bytes;
    output += bytes;
    dOutput += bytes;
    dSquashed += bytes;
    rest -= <i32>(bytes >> 2);
  }
}

/** The gates → dL/dz in place, dc: dL/dc_t → dL/dc_{t-1}; ds = dL/ds is read. `room` holds 6H numbers. */
function variantRowBackward(
  p: LstmVariantPlan,
  z: usize,
  raw: usize,
  before: usize,
  c: usize,
  ds: usize,
  dc: usize,
  keepCell: usize,
  room: usize,
  place: usize,
): void {
  const hidden = p.hidden;
  const gate = <usize>hidden << 2;
  const coupled = p.coupled != 0;
  const candidate = coupled ? z + gate : z + 2 * gate;
  const output = candidate + gate;
  const dOutput = room + (output - z);
  const squashed = room + 4 * gate;
  const peepholes = p.peepholes;
  const x = raw ? raw : z;
  // s = o⊙φ(c): the gradients of o and, through φ, of c.
  let unsquashed = c;
  const normal = p.normalCell + place * gate;
  if (p.cellGain) {
    unsquashed = squashed + gate;
    scaleRow(normal, p.cellGain, p.cellBias, unsquashed, hidden, false);
  }
  call_indirect<void>(p.cellForward, unsquashed, squashed, hidden, p.cellParameters);
  squashedBackward(ds, squashed, output, dOutput, room, hidden);
  call_indirect<void>(p.gateBackward, x + (output - z), output, dOutput, output, hidden, p.gateParameters);
  call_indirect<void>(p.cellBackward, unsquashed, squashed, room, room, hidden, p.cellParameters);
  if (p.cellGain) {
    copyNumbers(room, p.dNormalCell + place * gate, hidden);
    normaliseRowBackward(room, p.cellGain, normal, load<f32>(p.cellScales + (place << 2)), room, hidden);
  }
  if (peepholes) product(peepholes + (coupled ? gate : 2 * gate), output, room, hidden, true);
  const one = f32x4.splat(1);
  let rest = hidden;
  let at: usize = 0;
  while (rest > 0) {
    const full = rest >= 4;
    const i = loadLanes(z + at, full);
    const f = coupled ? f32x4.sub(one, i) : loadLanes(z + gate + at, full);
    const previous = loadLanes(before + at, full);
    let dcHere = f32x4.add(loadLanes(dc + at, full), loadLanes(room + at, full));
    let dcPrevious = f32x4.splat(0);
    if (keepCell) {
      dcPrevious = f32x4.mul(loadLanes(keepCell + at, full), dcHere);
      dcHere = f32x4.sub(dcHere, dcPrevious);
    }
    const g = loadLanes(candidate + at, full);
    const df = f32x4.mul(dcHere, previous);
    const di = f32x4.mul(dcHere, g);
    storeLanes(room + at, coupled ? f32x4.sub(di, df) : di, full);
    if (!coupled) storeLanes(room + gate + at, df, full);
    storeLanes(room + (candidate - z) + at, f32x4.mul(dcHere, i), full);
    storeLanes(dc + at, f32x4.add(dcPrevious, f32x4.mul(dcHere, f)), full);
    const step = full ? 4 : 1;
    at += <usize>step << 2;
    rest -= step;
  }
  call_indirect<void>(p.gateBackward, x, z, room, z, coupled ? hidden : 2 * hidden, p.gateParameters);
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
    for (let b: usize = 0; b < <usize>batch; b++) {
      const raw = p.raw ? p.raw + (first + b) * gateRow : 0;
      const keep = p.keepCell ? p.keepCell + (first + b) * cellRow : 0;
      const at = b * cellRow;
      const before = p.cells + (slot + b) * cellRow;
      const c = p.cells + (next + b) * cellRow;
      const place = first + b;
      variantRowBackward(p, z + b * gateRow, raw, before, c, ds + at, p.dc + at, keep, room, place);
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
