/**
 * First-order linear recurrence, number by number: h_t = a_t ⊙ h_{t-1} + b_t. Gates that do not look at the state make
 * such a recurrence of a network (MinGRU, MinLSTM, QRNN, RG-LRU).
 *
 * Layouts: a and b are [T, width] with steps `stride` numbers apart; history is [T + 1, ·] (see product.ts), likewise,
 * with the initial state in its place on entry. No buffer overlaps another.
 *
 * Error: one rounding a product and one a sum (the relaxed build: one in all), carried on by the recurrence.
 * Source: Martin & Cundy 2018, "Parallelizing linear recurrent neural nets over sequence length".
 */
import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { slotAfter, slotBefore, timeOf } from "./product";

/** One step: after := a ⊙ before + b. */
function scanRow(a: usize, b: usize, before: usize, after: usize, count: i32): void {
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    storeLanes(after, multiplyAdd(loadLanes(a, four), loadLanes(before, four), loadLanes(b, four)), four);
    a += bytes;
    b += bytes;
    before += bytes;
    after += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/** Fills history with h_1 … h_T. Assigns. */
export function scanForward(
  a: usize,
  b: usize,
  history: usize,
  steps: i32,
  width: i32,
  stride: i32,
  reverse: bool,
): void {
  const bytes = <usize>stride << 2;
  for (let step = 0; step < steps; step++) {
    const t = timeOf(step, steps, reverse);
    const at = <usize>t * bytes;
    const before = history + <usize>slotBefore(t, reverse) * bytes;
    scanRow(a + at, b + at, before, history + <usize>slotAfter(t, reverse) * bytes, width);
  }
}

/** One step back, g = dh + dOutput: da := g ⊙ before, db := g, dh := g ⊙ a; dOutput = 0: there is none. */
function scanRowBackward(
  a: usize,
  before: usize,
  dOutput: usize,
  dh: usize,
  da: usize,
  db: usize,
  count: i32,
): void {
  while (count > 0) {
    const four = count >= 4;
    const bytes: usize = four ? 16 : 4;
    let g = loadLanes(dh, four);
    if (dOutput != 0) {
      g = f32x4.add(g, loadLanes(dOutput, four));
      dOutput += bytes;
    }
    storeLanes(da, f32x4.mul(g, loadLanes(before, four)), four);
    storeLanes(db, g, four);
    storeLanes(dh, f32x4.mul(g, loadLanes(a, four)), four);
    a += bytes;
    before += bytes;
    dh += bytes;
    da += bytes;
    db += bytes;
    count -= <i32>(bytes >> 2);
  }
}

/**
 * da and db, laid out as a and b, := the gradients of a and b, and dh [width] turns from dL/dh_T into dL/dh_0. dOutput is
 * laid out likewise, or 0.
 */
export function scanBackward(
  a: usize,
  history: usize,
  dOutput: usize,
  dh: usize,
  da: usize,
  db: usize,
  steps: i32,
  width: i32,
  stride: i32,
  reverse: bool,
): void {
  const bytes = <usize>stride << 2;
  for (let step = steps - 1; step >= 0; step--) {
    const t = timeOf(step, steps, reverse);
    const at = <usize>t * bytes;
    const before = history + <usize>slotBefore(t, reverse) * bytes;
    scanRowBackward(a + at, before, dOutput == 0 ? <usize>0 : dOutput + at, dh, da + at, db + at, width);
  }
}
