/**
 * The two products every recurrent cell makes at each time step, and the walk through time they share.
 *
 * The weight is packed once for all T; a single sequence (B = 1) of a step or two reads it as it lies. Each number is the
 * same sum either way (gemm.ts, gemv.ts), so a sequence gives the same bits alone or in a batch, whole or in pieces.
 */
import { gatherRows } from "../elementwise/gather";
import { gemmPacked, gemmPackedWorkspaceSize, packedRightSize, packRight } from "../gemm/gemm";
import { gemv, gemvPacked, gemvTransposed } from "../gemm/gemv";

/** Numbers a product [batch, depth]·[depth, ·] wants to work in; whole cache lines. */
export function productWorkspaceSize(batch: i32, depth: i32): i32 {
  return (gemmPackedWorkspaceSize(batch, depth) + 15) & ~15;
}

/** Numbers of the panels of a weight of [rows, columns], packed either way; whole cache lines. */
export function panelsSize(rows: i32, columns: i32): i32 {
  return (max(packedRightSize(rows, columns), packedRightSize(columns, rows)) + 15) & ~15;
}

/** Packs weight[rows, depth] for `multiplyByTransposed`: `panelsSize(rows, depth)` numbers. */
export function packTransposed(weight: usize, rows: i32, depth: i32, packed: usize): void {
  packRight(weight, 1, depth, rows, depth, packed);
}

/** Packs weight[rows, columns] for `multiplyBy`: `panelsSize(rows, columns)` numbers. */
export function packDirect(weight: usize, rows: i32, columns: i32, packed: usize): void {
  packRight(weight, columns, 1, columns, rows, packed);
}

/** From this many steps on a single sequence is faster when it packs its weight first. */
const PACKED_STEPS: i32 = 3;

/**
 * Whether a pass has to pack its weight. `panels` and `rows` are what its caller packed, for any batch and for a single
 * sequence, or 0.
 */
// @ts-ignore: decorator
@inline
export function needsPanels(batch: i32, steps: i32, panels: usize, rows: usize): bool {
  return panels == 0 && (batch > 1 || (rows == 0 && steps >= PACKED_STEPS));
}

/**
 * out[batch, rows] (+)= h[batch, depth]·weightᵀ, weight [rows, depth]; rows of `out` are `outRow` apart. `packed` holds
 * its panels and `packedRows` those of `packRows`, which a single sequence prefers; it can do without either (0).
 */
// @ts-ignore: decorator
@inline
export function multiplyByTransposed(
  h: usize,
  weight: usize,
  packed: usize,
  packedRows: usize,
  out: usize,
  outRow: i32,
  batch: i32,
  rows: i32,
  depth: i32,
  accumulate: bool,
  workspace: usize,
): void {
  if (batch == 1 && packedRows != 0) {
    if (!accumulate) memory.fill(out, 0, <usize>rows << 2);
    gemvPacked(packedRows, h, out, rows, depth);
  } else if (packed == 0) gemv(weight, h, out, rows, depth, accumulate);
  else gemmPacked(h, depth, 1, packed, out, outRow, batch, rows, depth, accumulate, workspace);
}

/** out[batch, columns] (+)= d[batch, rows]·weight, weight [rows, columns]; rows of `d` are `dRow` apart. A single sequence can do without panels. */
// @ts-ignore: decorator
@inline
export function multiplyBy(
  d: usize,
  dRow: i32,
  weight: usize,
  packed: usize,
  out: usize,
  batch: i32,
  rows: i32,
  columns: i32,
  accumulate: bool,
  workspace: usize,
): void {
  if (packed == 0) gemvTransposed(weight, d, out, rows, columns, accumulate);
  else gemmPacked(d, dRow, 1, packed, out, columns, batch, columns, rows, accumulate, workspace);
}

/**
 * A history buffer holds T + 1 states: the initial one and one after each step. Walking forward it lies first, walking
 * backward in time it lies last, so that slot(t) and its predecessor are neighbours and both histories [0, T) and
 * [1, T + 1) are contiguous: one of them is the output, the other the h_{t-1} of the weight gradient.
 */
// @ts-ignore: decorator
@inline
export function slotAfter(t: i32, reverse: bool): i32 {
  return reverse ? t : t + 1;
}

// @ts-ignore: decorator
@inline
export function slotBefore(t: i32, reverse: bool): i32 {
  return reverse ? t + 1 : t;
}

/** The time index of the step-th step. */
// @ts-ignore: decorator
@inline
export function timeOf(step: i32, steps: i32, reverse: bool): i32 {
  return reverse ? steps - 1 - step : step;
}

/** gates[batch, width] := the rows of the table that the tokens from number `first` on name; table = 0: there is none. */
// @ts-ignore: decorator
@inline
export function lookUp(table: usize, tokens: usize, first: i32, gates: usize, batch: i32, width: i32): void {
  if (table != 0) gatherRows(table, tokens + (<usize>first << 2), gates, batch, width);
}

/** dh[b, :] += dOutput[b, :], whose rows are `outputRow` apart; dOutput = 0 means the output was not used. */
export function addOutputGradient(dh: usize, dOutput: usize, outputRow: i32, batch: i32, hidden: i32): void {
  if (dOutput == 0) return;
  for (let b = 0; b < batch; b++) {
    let to = dh + (<usize>(b * hidden) << 2);
    let from = dOutput + (<usize>(b * outputRow) << 2);
    let rest = hidden;
    for (; rest >= 4; rest -= 4) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      to += 16;
      from += 16;
    }
    for (; rest > 0; rest--) {
      store<f32>(to, load<f32>(to) + load<f32>(from));
      to += 4;
      from += 4;
    }
  }
}
