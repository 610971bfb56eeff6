/**
 * What a convolution reads, laid out as a matrix, so that it becomes a product; and the way back. One example's channels x
 * are [channels, height, width]; the matrix is [channels·kernelHeight·kernelWidth, count], a column for each of `count`
 * output positions from `first` on, counted row by row. Output (i, j) reads row i·strideHeight + h·dilationHeight − top
 * and column j·strideWidth + w·dilationWidth − left; what lies outside x is 0.
 */
import { loadLanes, storeLanes } from "../base/lanes";

/** ⌈a / b⌉ for b > 0, not below 0. */
// @ts-ignore: decorator
@inline
function ceilAtLeastZero(a: i32, b: i32): i32 {
  return a > 0 ? (a + b - 1) / b : 0;
}

/** to[i] := from[i·step], or from[i·step] += to[i] when `back`. */
// @ts-ignore: decorator
@inline
function moveRun(from: usize, to: usize, count: i32, step: i32, back: bool): void {
  if (step == 1) {
    while (count > 0) {
      const four = count >= 4;
      const v = loadLanes(from, four);
      if (back) storeLanes(from, f32x4.add(v, loadLanes(to, four)), four);
      else storeLanes(to, v, four);
      const moved = four ? 4 : 1;
      from += <usize>moved << 2;
      to += <usize>moved << 2;
      count -= moved;
    }
    return;
  }
  const stepBytes = <usize>step << 2;
  for (; count > 0; count--) {
    if (back) store<f32>(from, load<f32>(from) + load<f32>(to));
    else store<f32>(to, load<f32>(from));
    from += stepBytes;
    to += 4;
  }
}

/** One row of the matrix: what weight (h, w) of one channel meets, h and w given as offsets into x. */
function patchRow(
  x: usize,
  row: usize,
  height: i32,
  width: i32,
  offsetHeight: i32,
  offsetWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  outWidth: i32,
  first: i32,
  count: i32,
  back: bool,
): void {
  // Output columns whose reads lie inside x.
  const low = ceilAtLeastZero(-offsetWidth, strideWidth);
  const high = ceilAtLeastZero(width - offsetWidth, strideWidth);
  let i = first / outWidth;
  let j = first % outWidth;
  while (count > 0) {
    const end = min(j + count, outWidth);
    const line = i * strideHeight + offsetHeight;
    const inside = line >= 0 && line < height;
    const from = inside ? min(max(low, j), end) : end;
    const to = inside ? min(max(high, from), end) : end;
    if (!back) {
      memory.fill(row, 0, <usize>(from - j) << 2);
      memory.fill(row + (<usize>(to - j) << 2), 0, <usize>(end - to) << 2);
    }
    if (to > from) {
      const at = x + (<usize>(line * width + from * strideWidth + offsetWidth) << 2);
      moveRun(at, row + (<usize>(from - j) << 2), to - from, strideWidth, back);
    }
    row += <usize>(end - j) << 2;
    count -= end - j;
    j = 0;
    i++;
  }
}

// @ts-ignore: decorator
@inline
function patchRows(
  x: usize,
  matrix: usize,
  channels: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
  outWidth: i32,
  first: i32,
  count: i32,
  back: bool,
): void {
  for (let c = 0; c < channels; c++) {
    for (let h = 0; h < kernelHeight; h++) {
      for (let w = 0; w < kernelWidth; w++) {
        const offsetHeight = h * dilationHeight - top;
        const offsetWidth = w * dilationWidth - left;
        patchRow(x, matrix, height, width, offsetHeight, offsetWidth, strideHeight, strideWidth, outWidth, first, count, back);
        matrix += <usize>count << 2;
      }
    }
    x += <usize>(height * width) << 2;
  }
}

/** matrix := what the positions read. Assigns. */
export function gatherPatches(
  x: usize,
  matrix: usize,
  channels: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
  outWidth: i32,
  first: i32,
  count: i32,
): void {
  patchRows(x, matrix, channels, height, width, kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left, outWidth, first, count, false);
}

/** dx += the matrix's numbers where they were read, row by row of the matrix. Accumulates. */
export function scatterPatches(
  matrix: usize,
  dx: usize,
  channels: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
  outWidth: i32,
  first: i32,
  count: i32,
): void {
  patchRows(dx, matrix, channels, height, width, kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, top, left, outWidth, first, count, true);
}
