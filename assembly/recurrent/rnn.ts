/**
 * Elman network over a whole sequence: h_t = f(z_t), z_t = x_t·W_ihᵀ + b + h_{t-1}·W_hhᵀ.
 *
 * Layouts: gates [T, B, H] holds x·W_ihᵀ + b on entry and z on exit; history is [T + 1, B, H] (see product.ts) with
 * the initial state in its place on entry. f is a pair of function-table slots, called once a step for the whole
 * block [B, H], so any activation serves. No buffer overlaps another.
 *
 * Two things are optional: a mask on h_{t-1} in the product, the same for all steps, and zoneout, which lets some numbers
 * of h stay what they were.
 *
 * Error: that of the products (gemm.ts) and of f, carried from step to step by the recurrence.
 * Source: Elman 1990, "Finding structure in time"; back-propagation through time: Werbos 1990.
 */
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
import { addNumbers, product } from "./row";
import { keepPrevious, keepPreviousBackward } from "./zoneout";

/** What one call of `rnnForward` or `rnnBackward` works on; addresses in bytes, counts in elements. */
@unmanaged
class RnnPlan {
  steps: i32;
  /** Sequences that this call computes. */
  batch: i32;
  /** Sequences from one time step to the next, in every buffer of T steps: those of the whole batch. */
  stride: i32;
  hidden: i32;
  /** 1: from the last time step to the first. */
  reverse: i32;
  /** [H, H] */
  weight: usize;
  /** the same packed by `packRows`, for a single sequence; 0: multiply by the weight as it lies. Forward only. */
  rows: usize;
  /** the same packed: by `packTransposed` forward, `packDirect` backward; 0: packed here, into the workspace */
  panels: usize;
  /** The input products of each of some tokens, [·, H], and the tokens [T, B], to be looked up into gates; 0: gates holds them. Forward only. */
  table: usize;
  tokens: usize;
  /** [T, B, H] */
  gates: usize;
  /** [T + 1, B, H] */
  history: usize;
  /** Function-table slots of f and of its gradient, and the parameters handed to them. */
  forwardSlot: i32;
  backwardSlot: i32;
  parameters: usize;
  /** Backward only: [T, B, ·] with rows `outputRow` apart, or 0. */
  dOutput: usize;
  outputRow: i32;
  /** Backward only: [B, H], dL/dh_T on entry, dL/dh_0 on exit. */
  dh: usize;
  /** [B, H], m of h' = m⊙h_{t-1} (variational dropout), or 0 */
  mask: usize;
  /** [T, B, H], k of h_t = h̃ + k⊙(h_{t-1} − h̃) (zoneout), or 0 */
  keepHidden: usize;
  /** `rnnWorkspaceSize(batch, hidden)` numbers. */
  workspace: usize;
}

/** Numbers of workspace that either direction wants: for the products, the panels, and two blocks [B, H]. */
export function rnnWorkspaceSize(batch: i32, hidden: i32): i32 {
  return productWorkspaceSize(batch, hidden) + panelsSize(hidden, hidden) + 2 * batch * hidden;
}

/** The two blocks at the end of a workspace. */
// @ts-ignore: decorator
@inline
function blocksOf(p: RnnPlan): usize {
  return p.workspace + (<usize>(rnnWorkspaceSize(p.batch, p.hidden) - 2 * p.batch * p.hidden) << 2);
}

/** Fills gates with z and history with h_1 … h_T. Assigns. */
export function rnnForward(plan: usize): void {
  const p = changetype<RnnPlan>(plan);
  const block = p.batch * p.hidden;
  const bytes = <usize>(p.stride * p.hidden) << 2;
  const reverse = p.reverse != 0;
  const masked = blocksOf(p);
  let packed = p.panels;
  if (needsPanels(p.batch, p.steps, packed, p.rows)) {
    packed = p.workspace + (<usize>productWorkspaceSize(p.batch, p.hidden) << 2);
    packTransposed(p.weight, p.hidden, p.hidden, packed);
  }
  for (let step = 0; step < p.steps; step++) {
    const t = timeOf(step, p.steps, reverse);
    const z = p.gates + <usize>t * bytes;
    const before = p.history + <usize>slotBefore(t, reverse) * bytes;
    const after = p.history + <usize>slotAfter(t, reverse) * bytes;
    lookUp(p.table, p.tokens, t * p.stride, z, p.batch, p.hidden);
    let h = before;
    if (p.mask) {
      h = masked;
      product(before, p.mask, masked, block, false);
    }
    multiplyByTransposed(h, p.weight, packed, p.rows, z, p.hidden, p.batch, p.hidden, p.hidden, true, p.workspace);
    call_indirect<void>(p.forwardSlot, z, after, block, p.parameters);
    if (p.keepHidden) keepPrevious(p.keepHidden + <usize>t * bytes, before, after, block);
  }
}

/** Turns gates from z into dL/dz and dh from dL/dh_T into dL/dh_0. The gradient of W_hh is one product afterwards. */
export function rnnBackward(plan: usize): void {
  const p = changetype<RnnPlan>(plan);
  const block = p.batch * p.hidden;
  const bytes = <usize>(p.stride * p.hidden) << 2;
  const reverse = p.reverse != 0;
  const kept = blocksOf(p);
  const unkept = kept + (<usize>block << 2);
  let packed = p.panels;
  if (needsPanels(p.batch, p.steps, packed, 0)) {
    packed = p.workspace + (<usize>productWorkspaceSize(p.batch, p.hidden) << 2);
    packDirect(p.weight, p.hidden, p.hidden, packed);
  }
  for (let step = p.steps - 1; step >= 0; step--) {
    const t = timeOf(step, p.steps, reverse);
    const z = p.gates + <usize>t * bytes;
    let after = p.history + <usize>slotAfter(t, reverse) * bytes;
    const dOutput = p.dOutput == 0 ? <usize>0 : p.dOutput + (<usize>(t * p.stride * p.outputRow) << 2);
    addOutputGradient(p.dh, dOutput, p.outputRow, p.batch, p.hidden);
    if (p.keepHidden) {
      keepPreviousBackward(p.keepHidden + <usize>t * bytes, p.dh, kept, block);
      // The slope may follow from f(z), of which zoneout has left only a part.
      call_indirect<void>(p.forwardSlot, z, unkept, block, p.parameters);
      after = unkept;
    }
    call_indirect<void>(p.backwardSlot, z, after, p.dh, z, block, p.parameters);
    multiplyBy(z, p.hidden, p.weight, packed, p.dh, p.batch, p.hidden, p.hidden, false, p.workspace);
    if (p.mask) product(p.dh, p.mask, p.dh, block, false);
    if (p.keepHidden) addNumbers(kept, p.dh, block);
  }
}
