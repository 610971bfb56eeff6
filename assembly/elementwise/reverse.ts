/** Sequences in a batch read from their ends. Numbers are moved as bits. */
import { loadLanes, storeLanes } from "../base/lanes";

// @ts-ignore: decorator
@inline
function moveRow(from: usize, to: usize, width: i32): void {
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
 * y[t, b, :] := x[lengths[b] − 1 − t, b, :] for t < lengths[b], and x[t, b, :] beyond. Row (t, b), of `width` numbers, is
 * number t·timeStride + b·batchStride. lengths [batch] i32 from 0 to steps, or address 0 for steps throughout. Assigns;
 * y apart from x. It is its own reverse, so the gradient is the same call on dy.
 */
export function reverseRows(
  x: usize,
  lengths: usize,
  y: usize,
  steps: i32,
  batch: i32,
  timeStride: i32,
  batchStride: i32,
  width: i32,
): void {
  const bytes = <usize>width << 2;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < batch; b++) {
      const length = lengths ? load<i32>(lengths + (<usize>b << 2)) : steps;
      const source = t < length ? length - 1 - t : t;
      const from = <usize>(source * timeStride + b * batchStride) * bytes;
      const to = <usize>(t * timeStride + b * batchStride) * bytes;
      moveRow(x + from, y + to, width);
    }
  }
}
