/**
 * Independently recurrent network: h_t = f(z_t), z_t = x_t·Wᵀ + b + u ⊙ h_{t-1}: each number has a memory of its own.
 *
 * Layouts: gates [T, B, H] holds x·Wᵀ + b on entry and z on exit; u is [H]; history is [T + 1, B, H] (see product.ts) with
 * the initial state in its place on entry. f is a pair of function-table slots, called once a step for the whole block
 * [B, H]. No buffer overlaps another.
 *
 * Error: that of f, and one rounding a product and one a sum, carried on by the recurrence.
 * Source: Li, Li, Cook, Zhu & Gao 2018, "Independently recurrent neural network (IndRNN)".
 */
import { loadLanes, multiplyAdd, storeLanes } from "../base/lanes";
import { addOutputGradient, slotAfter, slotBefore, timeOf } from "./product";

/** z[b, :] += u ⊙ before[b, :]. */
function addRecurrent(z: usize, u: usize, before: usize, batch: i32, hidden: i32): void {
  for (; batch > 0; batch--) {
    let weight = u;
    let rest = hidden;
    while (rest > 0) {
      const four = rest >= 4;
      const bytes: usize = four ? 16 : 4;
      storeLanes(z, multiplyAdd(loadLanes(weight, four), loadLanes(before, four), loadLanes(z, four)), four);
      z += bytes;
      weight += bytes;
      before += bytes;
      rest -= <i32>(bytes >> 2);
    }
  }
}

/** Fills gates with z and history with h_1 … h_T. Assigns. */
export function indRnnForward(
  gates: usize,
  u: usize,
  history: usize,
  steps: i32,
  batch: i32,
  hidden: i32,
  reverse: bool,
  forwardSlot: i32,
  parameters: usize,
): void {
  const block = batch * hidden;
  const bytes = <usize>block << 2;
  for (let step = 0; step < steps; step++) {
    const t = timeOf(step, steps, reverse);
    const z = gates + <usize>t * bytes;
    addRecurrent(z, u, history + <usize>slotBefore(t, reverse) * bytes, batch, hidden);
    call_indirect<void>(forwardSlot, z, history + <usize>slotAfter(t, reverse) * bytes, block, parameters);
  }
}

/** du += dz[b, :] ⊙ before[b, :], dh[b, :] := u ⊙ dz[b, :]. */
function recurrentBackward(dz: usize, u: usize, before: usize, dh: usize, du: usize, batch: i32, hidden: i32): void {
  for (; batch > 0; batch--) {
    let weight = u;
    let sum = du;
    let rest = hidden;
    while (rest > 0) {
      const four = rest >= 4;
      const bytes: usize = four ? 16 : 4;
      const d = loadLanes(dz, four);
      storeLanes(sum, multiplyAdd(d, loadLanes(before, four), loadLanes(sum, four)), four);
      storeLanes(dh, f32x4.mul(d, loadLanes(weight, four)), four);
      dz += bytes;
      weight += bytes;
      before += bytes;
      dh += bytes;
      sum += bytes;
      rest -= <i32>(bytes >> 2);
    }
  }
}

/**
 * Turns gates from z into dL/dz and dh [B, H] from dL/dh_T into dL/dh_0, and adds to du [H], over sequences within steps,
 * last step first. dOutput is [T, B, H], or 0.
 */
export function indRnnBackward(
  gates: usize,
  u: usize,
  history: usize,
  dOutput: usize,
  dh: usize,
  du: usize,
  steps: i32,
  batch: i32,
  hidden: i32,
  reverse: bool,
  backwardSlot: i32,
  parameters: usize,
): void {
  const block = batch * hidden;
  const bytes = <usize>block << 2;
  for (let step = steps - 1; step >= 0; step--) {
    const t = timeOf(step, steps, reverse);
    const z = gates + <usize>t * bytes;
    addOutputGradient(dh, dOutput == 0 ? <usize>0 : dOutput + <usize>t * bytes, hidden, batch, hidden);
    const after = history + <usize>slotAfter(t, reverse) * bytes;
    call_indirect<void>(backwardSlot, z, after, dh, z, block, parameters);
    recurrentBackward(z, u, history + <usize>slotBefore(t, reverse) * bytes, dh, du, batch, hidden);
  }
}
