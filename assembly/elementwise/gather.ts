/**
 * Rows of a table by index: an embedding and its gradient. Indices are i32 within the table, checked by the caller.
 * Rows are copied by vectors, not by `memory.copy`: over a shared memory V8 makes that five times slower.
 */
import { loadLanes, storeLanes } from "../base/lanes";

/** y[i, :] := table[indices[i], :], table [·, width], y [count, width]. Assigns; y apart from table. */
export function gatherRows(table: usize, indices: usize, y: usize, count: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (; count > 0; count--) {
    copyRow(table + bytes * load<i32>(indices), y, width);
    indices += 4;
    y += bytes;
  }
}

// @ts-ignore: decorator
@inline
function copyRow(from: usize, to: usize, width: i32): void {
  for (; width >= 8; width -= 8) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += 32;
    to += 32;
  }
  while (width > 0) {
    const full = width >= 4;
    storeLanes(to, loadLanes(from, full), full);
    const step = full ? 4 : 1;
    from += <usize>step << 2;
    to += <usize>step << 2;
    width -= step;
  }
}

/**
 * dTable[indices[i], :] += dy[i, :] for `columns` of the rows, which are `width` apart; i ascending, so that equal
 * indices add up in one order. Accumulates.
 */
export function scatterAddRows(dy: usize, indices: usize, dTable: usize, count: i32, width: i32, columns: i32): void {
  const bytes = <usize>width << 2;
  for (; count > 0; count--) {
    addRow(dy, dTable + bytes * load<i32>(indices), columns);
    indices += 4;
    dy += bytes;
  }
}

// @ts-ignore: decorator
@inline
function addRow(from: usize, to: usize, width: i32): void {
  for (; width >= 8; width -= 8) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    v128.store(to, f32x4.add(v128.load(to, 16), v128.load(from, 16)), 16);
    from += 32;
    to += 32;
  }
  while (width > 0) {
    const full = width >= 4;
    storeLanes(to, f32x4.add(loadLanes(to, full), loadLanes(from, full)), full);
    const step = full ? 4 : 1;
    from += <usize>step << 2;
    to += <usize>step << 2;
    width -= step;
  }
}
