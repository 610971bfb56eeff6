/**
 * Softmax over the part of each row that may be seen, for attention. Scores are [rows, columns], contiguous; row r belongs
 * to step r mod steps. A mask is [maskRows, columns] of float32 0 (hidden) and 1 (seen), row r using row r mod maskRows, or
 * address 0: all is seen. When `causal`, step t sees columns 0 … t only. The gradient is softmaxBackward: y is 0 where
 * nothing is seen.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { rowMaximum, rowSumOfExponentials } from "../base/rows";

/** How many columns a step can see at most. */
// @ts-ignore: decorator
@inline
function reach(step: i32, columns: i32, causal: bool): i32 {
  return causal ? min(step + 1, columns) : columns;
}

/**
 * y := softmax(scale·x) over what is seen, 0 elsewhere. Each row must see something. y may be x. Assigns.
 * Error as softmax's.
 */
export function maskedSoftmax(
  x: usize,
  mask: usize,
  y: usize,
  rows: i32,
  columns: i32,
  maskRows: i32,
  steps: i32,
  causal: bool,
  scale: f32,
): void {
  const bytes = <usize>columns << 2;
  const factor = f32x4.splat(scale);
  const hidden = f32x4.splat(-Infinity);
  for (let row = 0; row < rows; row++) {
    const seen = reach(row % steps, columns, causal);
    const seenBytes = <usize>seen << 2;
    const flags = mask + <usize>(row % maskRows) * bytes;
    for (let at: usize = 0; at < seenBytes; ) {
      const four = at + 16 <= seenBytes;
      let v = f32x4.mul(loadLanes(x + at, four), factor);
      if (mask) v = v128.bitselect(v, hidden, f32x4.ne(loadLanes(flags + at, four), f32x4.splat(0)));
      storeLanes(y + at, v, four);
      at += four ? 16 : 4;
    }
    const sum = rowSumOfExponentials(y, y, seen, rowMaximum(y, seen));
    const sums = f32x4.splat(sum);
    for (let at: usize = 0; at < seenBytes; ) {
      const four = at + 16 <= seenBytes;
      storeLanes(y + at, f32x4.div(loadLanes(y + at, four), sums), four);
      at += four ? 16 : 4;
    }
    memory.fill(y + seenBytes, 0, bytes - seenBytes);
    x += bytes;
    y += bytes;
  }
}

/** The first of `rows` rows of a mask in which nothing can be seen, −1 when there is none, −2 when a number is not 0 or 1. */
export function maskFault(mask: usize, rows: i32, columns: i32, steps: i32, causal: bool): i32 {
  let found = -1;
  for (let row = 0; row < rows; row++) {
    const seen = reach(row % steps, columns, causal);
    let any = false;
    for (let column = 0; column < columns; column++) {
      const flag = load<f32>(mask);
      if (flag != 0 && flag != 1) return -2;
      if (flag == 1 && column < seen) any = true;
      mask += 4;
    }
    if (!any && found == -1) found = row;
  }
  return found;
}

/** y[b, s] := 1 for s < lengths[b] (i32), else 0. Assigns. */
export function maskOfLengths(lengths: usize, y: usize, batch: i32, steps: i32): void {
  for (let b = 0; b < batch; b++) {
    const length = load<i32>(lengths);
    for (let s = 0; s < steps; s++) {
      store<f32>(y, s < length ? 1 : 0);
      y += 4;
    }
    lengths += 4;
  }
}
