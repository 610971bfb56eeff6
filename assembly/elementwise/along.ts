/** Along one axis of [outer, n, inner]: extremes and where they are, and numbers picked by index. */

/**
 * y[o, i] := the largest x[o, ·, i] (sign = 1) or the smallest (−1), and index[o, i] := where the first of them is. The
 * first NaN counts as both. n ≥ 1. Assigns.
 */
export function extremes(x: usize, y: usize, index: usize, outer: i32, n: i32, inner: i32, sign: f32): void {
  const step = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = x + (<usize>i << 2);
      let best = load<f32>(at);
      let place = 0;
      for (let j = 1; j < n && best == best; j++) {
        at += step;
        const value = load<f32>(at);
        if (value * sign > best * sign || value != value) {
          best = value;
          place = j;
        }
      }
      store<f32>(y, best);
      store<i32>(index, place);
      y += 4;
      index += 4;
    }
    x += step * n;
  }
}

/** y[o, j, i] := x[o, index[o, j, i], i], x [outer, n, inner], y and index [outer, m, inner]; indices are in range. Assigns. */
export function gatherAlong(x: usize, index: usize, y: usize, outer: i32, n: i32, m: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < inner; i++) {
        store<f32>(y, load<f32>(x + (<usize>(load<i32>(index) * inner + i) << 2)));
        y += 4;
        index += 4;
      }
    }
    x += <usize>(n * inner) << 2;
  }
}

/** dx[o, index[o, j, i], i] += dy[o, j, i], in the order of j. Accumulates. */
export function scatterAlong(dy: usize, index: usize, dx: usize, outer: i32, n: i32, m: i32, inner: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < inner; i++) {
        const to = dx + (<usize>(load<i32>(index) * inner + i) << 2);
        store<f32>(to, load<f32>(to) + load<f32>(dy));
        dy += 4;
        index += 4;
      }
    }
    dx += <usize>(n * inner) << 2;
  }
}
