/**
 * Copies between a contiguous array and a strided view of another: `sizes` and `strides` point to `rank` i32 each,
 * outermost axis first, strides in elements. The two arrays must not overlap. Numbers are moved as bits, NaNs unchanged.
 */

/** y[0..count) := x[0..count). */
function copyRow(x: usize, y: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
  for (; count > 0; count--) {
    store<u32>(y, load<u32>(x));
    x += 4;
    y += 4;
  }
}

/** y[i·yStride] := x[i·xStride]. */
function copySteps(x: usize, y: usize, count: i32, xStride: i32, yStride: i32): void {
  for (; count > 0; count--) {
    store<u32>(y, load<u32>(x));
    x += <usize>xStride << 2;
    y += <usize>yStride << 2;
  }
}

/** y[j·yStride + i] := x[i·xStride + j] for i < rows, j < columns: 4×4 tiles in registers, the edges number by number. */
function transpose(x: usize, y: usize, rows: i32, columns: i32, xStride: i32, yStride: i32): void {
  const xBytes = <usize>xStride << 2;
  const yBytes = <usize>yStride << 2;
  for (; rows >= 4; rows -= 4) {
    let from = x;
    let to = y;
    let left = columns;
    for (; left >= 4; left -= 4) {
      const r0 = v128.load(from);
      const r1 = v128.load(from + xBytes);
      const r2 = v128.load(from + 2 * xBytes);
      const r3 = v128.load(from + 3 * xBytes);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
      v128.store(to + yBytes, v128.shuffle<f32>(a, b, 2, 3, 6, 7));
      v128.store(to + 2 * yBytes, v128.shuffle<f32>(c, d, 0, 1, 4, 5));
      v128.store(to + 3 * yBytes, v128.shuffle<f32>(c, d, 2, 3, 6, 7));
      from += 16;
      to += 4 * yBytes;
    }
    for (; left > 0; left--) {
      copySteps(from, to, 4, xStride, 1);
      from += 4;
      to += yBytes;
    }
    x += 4 * xBytes;
    y += 16;
  }
  for (; rows > 0; rows--) {
    copySteps(x, y, columns, 1, yStride);
    x += xBytes;
    y += 4;
  }
}

/** Copies the axes that are left between `contiguous` and `strided`; returns the end of the part of `contiguous` it covered. */
function copyAxes(contiguous: usize, strided: usize, rank: i32, sizes: usize, strides: usize, gather: bool): usize {
  if (rank == 0) {
    if (gather) copyRow(strided, contiguous, 1);
    else copyRow(contiguous, strided, 1);
    return contiguous + 4;
  }
  const size = load<i32>(sizes);
  const stride = load<i32>(strides);
  if (rank == 1) {
    if (stride == 1) {
      if (gather) copyRow(strided, contiguous, size);
      else copyRow(contiguous, strided, size);
    } else {
      if (gather) copySteps(strided, contiguous, size, stride, 1);
      else copySteps(contiguous, strided, size, 1, stride);
    }
    return contiguous + (<usize>size << 2);
  }
  const innerStride = load<i32>(strides, 4);
  if (rank == 2 && stride == 1 && innerStride != 1) {
    const inner = load<i32>(sizes, 4);
    if (gather) transpose(strided, contiguous, inner, size, innerStride, inner);
    else transpose(contiguous, strided, size, inner, inner, innerStride);
    return contiguous + (<usize>size * inner << 2);
  }
  for (let i = 0; i < size; i++) {
    contiguous = copyAxes(contiguous, strided, rank - 1, sizes + 4, strides + 4, gather);
    strided += <usize>stride << 2;
  }
  return contiguous;
}

/** y, contiguous, := x read through sizes and strides (which may be 0, repeating x). */
export function gatherStrided(x: usize, y: usize, rank: i32, sizes: usize, strides: usize): void {
  copyAxes(y, x, rank, sizes, strides, true);
}

/** y, written through sizes and strides, := x, contiguous. Elements of y that no index reaches stay as they are. */
export function scatterStrided(x: usize, y: usize, rank: i32, sizes: usize, strides: usize): void {
  copyAxes(x, y, rank, sizes, strides, false);
}
