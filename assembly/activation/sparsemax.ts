/**
 * Sparsemax over the last axis of [rows, columns], contiguous, columns ≥ 1: the point of the probability simplex that is
 * nearest to a row. Both kernels assign.
 *   forward:   y = max(x − τ, 0), τ such that Σ y = 1
 *   backward:  dx = dy − mean of dy over the places with y > 0; 0 at the others
 * y may be x; dx may be dy or y. A row that holds a NaN or +∞, or −∞ throughout, gives NaN.
 * Error: τ is found in float64; y ≤ 1 ulp of the largest |x − max x| that is not 0 in y.
 * Source: Martins & Astudillo 2016, "From softmax to sparsemax"; the threshold by leaving out what lies below it, again and
 * again (Michelot 1986), which ends after as many rounds as there are numbers, and mostly after three.
 */

/** The largest of a row, NaN where one is NaN. */
function largestOf(x: usize, columns: i32): f64 {
  let largest = <f64>-Infinity;
  for (let i = 0; i < columns; i++) largest = max(largest, <f64>load<f32>(x + (<usize>i << 2)));
  return largest;
}

/** τ of a row whose numbers have `largest` taken off. */
function thresholdOf(x: usize, columns: i32, largest: f64): f64 {
  let threshold = <f64>-Infinity;
  let before = 0;
  let count = 0;
  do {
    before = count;
    count = 0;
    let sum: f64 = 0;
    for (let i = 0; i < columns; i++) {
      const z = <f64>load<f32>(x + (<usize>i << 2)) - largest;
      if (z > threshold) {
        sum += z;
        count++;
      }
    }
    threshold = (sum - 1) / <f64>count;
  } while (count != before);
  return threshold;
}

/** y := sparsemax(x) by rows. */
export function sparsemax(x: usize, y: usize, rows: i32, columns: i32): void {
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    const largest = largestOf(x, columns);
    const isUsable = largest - largest == 0;
    const threshold = isUsable ? thresholdOf(x, columns, largest) : <f64>NaN;
    for (let at: usize = 0; at < bytes; at += 4) {
      store<f32>(y + at, <f32>max(<f64>load<f32>(x + at) - largest - threshold, 0));
    }
    x += bytes;
    y += bytes;
  }
}

/** dx from y = sparsemax(x) by rows. */
export function sparsemaxBackward(y: usize, dy: usize, dx: usize, rows: i32, columns: i32): void {
  const bytes = <usize>columns << 2;
  for (; rows > 0; rows--) {
    let sum: f64 = 0;
    let count = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      // NaN counts, so that it is seen.
      if (load<f32>(y + at) == 0) continue;
      sum += <f64>load<f32>(dy + at);
      count++;
    }
    const mean = sum / <f64>count;
    for (let at: usize = 0; at < bytes; at += 4) {
      const value = load<f32>(y + at);
      const gradient = <f32>(<f64>load<f32>(dy + at) - mean);
      store<f32>(dx + at, value == 0 ? 0 : value == value ? gradient : value);
    }
    y += bytes;
    dy += bytes;
    dx += bytes;
  }
}
