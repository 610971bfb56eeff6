/**
 * Pooling of planes x [planes, height, width] to y [planes, outHeight, outWidth]: output (i, j) sees the window of
 * kernelHeight × kernelWidth at row i·strideHeight − top, column j·strideWidth − left, as far as it lies inside x.
 * Every window sees at least one number.
 */

/**
 * y := the largest number of each window, and places[i] := where in its plane it was (i32), the first of several; a NaN
 * counts as largest. Assigns.
 */
export function maxPool(
  x: usize,
  y: usize,
  places: usize,
  planes: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
): void {
  for (; planes > 0; planes--) {
    for (let i = 0; i < outHeight; i++) {
      const firstRow = max(i * strideHeight - top, 0);
      const endRow = min(i * strideHeight - top + kernelHeight, height);
      for (let j = 0; j < outWidth; j++) {
        const firstColumn = max(j * strideWidth - left, 0);
        const endColumn = min(j * strideWidth - left + kernelWidth, width);
        let place = firstRow * width + firstColumn;
        let largest = load<f32>(x + (<usize>place << 2));
        for (let row = firstRow; row < endRow; row++) {
          for (let column = firstColumn; column < endColumn; column++) {
            const at = row * width + column;
            const value = load<f32>(x + (<usize>at << 2));
            if (value > largest || value != value) {
              largest = value;
              place = at;
            }
          }
        }
        store<f32>(y, largest);
        store<i32>(places, place);
        y += 4;
        places += 4;
      }
    }
    x += <usize>(height * width) << 2;
  }
}

/** dx[places[i]] += dy[i] in each plane, i ascending; `size` numbers a plane of x, `outSize` of y. Accumulates. */
export function maxPoolBackward(dy: usize, places: usize, dx: usize, planes: i32, size: i32, outSize: i32): void {
  for (; planes > 0; planes--) {
    for (let i = 0; i < outSize; i++) {
      const at = dx + (<usize>load<i32>(places) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy));
      dy += 4;
      places += 4;
    }
    dx += <usize>size << 2;
  }
}

/**
 * y := the sum of each window over kernelHeight·kernelWidth, or over how many numbers it sees when `seenOnly`; or, `back`,
 * the gradient: x += y over the same, for each number of the window. Assigns y; accumulates x.
 */
export function averagePool(
  x: usize,
  y: usize,
  planes: i32,
  height: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  seenOnly: bool,
  back: bool,
): void {
  for (; planes > 0; planes--) {
    for (let i = 0; i < outHeight; i++) {
      const firstRow = max(i * strideHeight - top, 0);
      const endRow = min(i * strideHeight - top + kernelHeight, height);
      for (let j = 0; j < outWidth; j++) {
        const firstColumn = max(j * strideWidth - left, 0);
        const endColumn = min(j * strideWidth - left + kernelWidth, width);
        const seen = (endRow - firstRow) * (endColumn - firstColumn);
        const count = <f32>(seenOnly ? seen : kernelHeight * kernelWidth);
        const share = back ? load<f32>(y) / count : 0;
        let sum: f32 = 0;
        for (let row = firstRow; row < endRow; row++) {
          for (let column = firstColumn; column < endColumn; column++) {
            const at = x + (<usize>(row * width + column) << 2);
            if (back) store<f32>(at, load<f32>(at) + share);
            else sum += load<f32>(at);
          }
        }
        if (!back) store<f32>(y, sum / count);
        y += 4;
      }
    }
    x += <usize>(height * width) << 2;
  }
}
