/**
 * Simple recurrent unit over a whole sequence: f = σ(z_f + v_f ⊙ c_{t-1}), c_t = f ⊙ c_{t-1} + (1 − f) ⊙ x̃,
 * r = σ(z_r + v_r ⊙ c_{t-1}), h_t = r ⊙ c_t + (1 − r) ⊙ s.
 *
 * Layouts: gates [T, B, 3H] in blocks x̃ f r holds x̃ z_f z_r on entry, x̃ f r after the forward pass; v [2H] in blocks
 * f r; the skipped input s and the output h are [T, B, H]; cells is [T + 1, B, H] (see product.ts) with the initial state
 * in its place on entry. No buffer overlaps another.
 *
 * Error: 2 ulp of each σ and a rounding for each operation, carried on by the recurrence.
 * Source: Lei, Zhang, Wang, Dai & Artzi 2018, "Simple recurrent units for highly parallelizable recurrence".
 */
import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { sigmoid4 } from "../base/math";
import { slotAfter, slotBefore, timeOf } from "./product";

/** One step of one sequence. */
function sruRow(z: usize, v: usize, before: usize, after: usize, skip: usize, h: usize, hidden: i32): void {
  const gate = <usize>hidden << 2;
  let rest = hidden;
  while (rest > 0) {
    const four = rest >= 4;
    const bytes: usize = four ? 16 : 4;
    const previous = loadLanes(before, four);
    const candidate = loadLanes(z, four);
    const f = sigmoid4(multiplyAdd(loadLanes(v, four), previous, loadLanes(z + gate, four)));
    const r = sigmoid4(multiplyAdd(loadLanes(v + gate, four), previous, loadLanes(z + 2 * gate, four)));
    const c = multiplyAdd(f, f32x4.sub(previous, candidate), candidate);
    const s = loadLanes(skip, four);
    storeLanes(z + gate, f, four);
    storeLanes(z + 2 * gate, r, four);
    storeLanes(after, c, four);
    storeLanes(h, multiplyAdd(r, f32x4.sub(c, s), s), four);
    z += bytes;
    v += bytes;
    before += bytes;
    after += bytes;
    skip += bytes;
    h += bytes;
    rest -= <i32>(bytes >> 2);
  }
}

/** Fills gates with x̃ f r, cells with c_1 … c_T, and h. Assigns. */
export function sruForward(
  gates: usize,
  v: usize,
  cells: usize,
  skip: usize,
  h: usize,
  steps: i32,
  batch: i32,
  hidden: i32,
  reverse: bool,
): void {
  const row = <usize>hidden << 2;
  for (let step = 0; step < steps; step++) {
    const t = timeOf(step, steps, reverse);
    for (let b = 0; b < batch; b++) {
      const at = <usize>(t * batch + b) * row;
      const before = cells + <usize>(slotBefore(t, reverse) * batch + b) * row;
      const after = cells + <usize>(slotAfter(t, reverse) * batch + b) * row;
      sruRow(gates + 3 * at, v, before, after, skip + at, h + at, hidden);
    }
  }
}

/** One step of one sequence back; dOutput = 0: there is none. */
function sruRowBackward(
  z: usize,
  v: usize,
  before: usize,
  after: usize,
  skip: usize,
  dOutput: usize,
  dc: usize,
  dSkip: usize,
  dv: usize,
  hidden: i32,
): void {
  const gate = <usize>hidden << 2;
  const one = f32x4.splat(1);
  let rest = hidden;
  while (rest > 0) {
    const four = rest >= 4;
    const bytes: usize = four ? 16 : 4;
    const candidate = loadLanes(z, four);
    const f = loadLanes(z + gate, four);
    const r = loadLanes(z + 2 * gate, four);
    const previous = loadLanes(before, four);
    const dh = dOutput == 0 ? f32x4.splat(0) : loadLanes(dOutput, four);
    const dCell = multiplyAdd(dh, r, loadLanes(dc, four));
    const dr = f32x4.mul(dh, f32x4.sub(loadLanes(after, four), loadLanes(skip, four)));
    const dzr = f32x4.mul(dr, f32x4.mul(r, f32x4.sub(one, r)));
    const df = f32x4.mul(dCell, f32x4.sub(previous, candidate));
    const dzf = f32x4.mul(df, f32x4.mul(f, f32x4.sub(one, f)));
    let dPrevious = f32x4.mul(dCell, f);
    dPrevious = multiplyAdd(loadLanes(v, four), dzf, dPrevious);
    dPrevious = multiplyAdd(loadLanes(v + gate, four), dzr, dPrevious);
    storeLanes(dSkip, f32x4.mul(dh, f32x4.sub(one, r)), four);
    storeLanes(dv, multiplyAdd(dzf, previous, loadLanes(dv, four)), four);
    storeLanes(dv + gate, multiplyAdd(dzr, previous, loadLanes(dv + gate, four)), four);
    storeLanes(z, f32x4.mul(dCell, f32x4.sub(one, f)), four);
    storeLanes(z + gate, dzf, four);
    storeLanes(z + 2 * gate, dzr, four);
    storeLanes(dc, dPrevious, four);
    z += bytes;
    v += bytes;
    before += bytes;
    after += bytes;
    skip += bytes;
    if (dOutput != 0) dOutput += bytes;
    dc += bytes;
    dSkip += bytes;
    dv += bytes;
    rest -= <i32>(bytes >> 2);
  }
}

/**
 * Turns gates from x̃ f r into the gradients of x̃ z_f z_r and dc [B, H] from dL/dc_T into dL/dc_0, assigns dSkip
 * [T, B, H] and adds to dv [2H], over sequences within steps, last step first. dOutput is [T, B, H], or 0.
 */
export function sruBackward(
  gates: usize,
  v: usize,
  cells: usize,
  skip: usize,
  dOutput: usize,
  dc: usize,
  dSkip: usize,
  dv: usize,
  steps: i32,
  batch: i32,
  hidden: i32,
  reverse: bool,
): void {
  const row = <usize>hidden << 2;
  for (let step = steps - 1; step >= 0; step--) {
    const t = timeOf(step, steps, reverse);
    for (let b = 0; b < batch; b++) {
      const at = <usize>(t * batch + b) * row;
      const before = cells + <usize>(slotBefore(t, reverse) * batch + b) * row;
      const after = cells + <usize>(slotAfter(t, reverse) * batch + b) * row;
      const dHere = dOutput == 0 ? <usize>0 : dOutput + at;
      const dCell = dc + <usize>b * row;
      sruRowBackward(gates + 3 * at, v, before, after, skip + at, dHere, dCell, dSkip + at, dv, hidden);
    }
  }
}
