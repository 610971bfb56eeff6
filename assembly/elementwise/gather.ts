/** Rows of a table by index: an embedding and its gradient. Indices are i32 within the table, checked by the caller. */

import { accumulate } from "./binary";

/** y[i, :] := table[indices[i], :], table [·, width], y [count, width]. Assigns; y apart from table. */
export function gatherRows(table: usize, indices: usize, y: usize, count: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (; count > 0; count--) {
    memory.copy(y, table + bytes * load<i32>(indices), bytes);
    indices += 4;
    y += bytes;
  }
}

/** dTable[indices[i], :] += dy[i, :], i ascending, so that equal indices add up in one order. Accumulates. */
export function scatterAddRows(dy: usize, indices: usize, dTable: usize, count: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (; count > 0; count--) {
    accumulate(dy, dTable + bytes * load<i32>(indices), width);
    indices += 4;
    dy += bytes;
  }
}
