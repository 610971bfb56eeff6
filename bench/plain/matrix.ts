/**
 * Matrix products in plain JavaScript, the way a careful programmer writes them: typed arrays, rows walked in memory
 * order, a few partial sums in registers. Everything is row-major; no function allocates.
 */

/** C[M, N] = A[M, K]·B[K, N]. */
export function matmul(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  c.fill(0);
  addMatmul(a, b, c, rows, inner, columns);
}

/** C[M, N] += A[M, K]·B[K, N], i-k-j, four rows of B for each pass over a row of C. */
export function addMatmul(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  const wholeInner = inner - (inner % 4);
  for (let i = 0; i < rows; i++) {
    const ci = i * columns;
    const ai = i * inner;
    for (let k = 0; k < wholeInner; k += 4) {
      const a0 = a[ai + k];
      const a1 = a[ai + k + 1];
      const a2 = a[ai + k + 2];
      const a3 = a[ai + k + 3];
      const b0 = k * columns;
      const b1 = b0 + columns;
      const b2 = b1 + columns;
      const b3 = b2 + columns;
      for (let j = 0; j < columns; j++) {
        c[ci + j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
      }
    }
    for (let k = wholeInner; k < inner; k++) {
      const value = a[ai + k];
      const bk = k * columns;
      for (let j = 0; j < columns; j++) c[ci + j] += value * b[bk + j];
    }
  }
}

/** Y[M, N] += X[M, K]·W[N, K]ᵀ: two rows of X against four rows of W, eight sums in registers. */
export function addProductTransposed(
  x: Float32Array,
  w: Float32Array,
  y: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  const wholeRows = rows - (rows % 2);
  const wholeColumns = columns - (columns % 4);
  for (let i = 0; i < wholeRows; i += 2) {
    for (let j = 0; j < wholeColumns; j += 4) addTile2x4(x, w, y, i, j, inner, columns);
  }
  if (wholeRows < rows) {
    for (let j = 0; j < wholeColumns; j += 4) addTile1x4(x, w, y, wholeRows, j, inner, columns);
  }
  for (let i = 0; i < rows; i++) {
    for (let j = wholeColumns; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += x[i * inner + k] * w[j * inner + k];
      y[i * columns + j] += sum;
    }
  }
}

function addTile2x4(
  x: Float32Array,
  w: Float32Array,
  y: Float32Array,
  row: number,
  column: number,
  inner: number,
  columns: number,
): void {
  const x0 = row * inner;
  const x1 = x0 + inner;
  const w0 = column * inner;
  const w1 = w0 + inner;
  const w2 = w1 + inner;
  const w3 = w2 + inner;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let k = 0; k < inner; k++) {
    const p = x[x0 + k];
    const q = x[x1 + k];
    const a = w[w0 + k];
    const b = w[w1 + k];
    const c = w[w2 + k];
    const d = w[w3 + k];
    s00 += p * a;
    s01 += p * b;
    s02 += p * c;
    s03 += p * d;
    s10 += q * a;
    s11 += q * b;
    s12 += q * c;
    s13 += q * d;
  }
  const y0 = row * columns + column;
  const y1 = y0 + columns;
  y[y0] += s00;
  y[y0 + 1] += s01;
  y[y0 + 2] += s02;
  y[y0 + 3] += s03;
  y[y1] += s10;
  y[y1 + 1] += s11;
  y[y1 + 2] += s12;
  y[y1 + 3] += s13;
}

function addTile1x4(
  x: Float32Array,
  w: Float32Array,
  y: Float32Array,
  row: number,
  column: number,
  inner: number,
  columns: number,
): void {
  const x0 = row * inner;
  const w0 = column * inner;
  const w1 = w0 + inner;
  const w2 = w1 + inner;
  const w3 = w2 + inner;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let k = 0; k < inner; k++) {
    const p = x[x0 + k];
    s0 += p * w[w0 + k];
    s1 += p * w[w1 + k];
    s2 += p * w[w2 + k];
    s3 += p * w[w3 + k];
  }
  const y0 = row * columns + column;
  y[y0] += s0;
  y[y0 + 1] += s1;
  y[y0 + 2] += s2;
  y[y0 + 3] += s3;
}

/** dW[N, K] += dY[M, N]ᵀ·X[M, K], four samples for each pass over a row of dW. */
export function addTransposedProduct(
  dy: Float32Array,
  x: Float32Array,
  dw: Float32Array,
  rows: number,
  outputs: number,
  inputs: number,
): void {
  const wholeRows = rows - (rows % 4);
  for (let r = 0; r < wholeRows; r += 4) {
    const x0 = r * inputs;
    const x1 = x0 + inputs;
    const x2 = x1 + inputs;
    const x3 = x2 + inputs;
    for (let o = 0; o < outputs; o++) {
      const d0 = dy[r * outputs + o];
      const d1 = dy[(r + 1) * outputs + o];
      const d2 = dy[(r + 2) * outputs + o];
      const d3 = dy[(r + 3) * outputs + o];
      const wo = o * inputs;
      for (let i = 0; i < inputs; i++) {
        dw[wo + i] += d0 * x[x0 + i] + d1 * x[x1 + i] + d2 * x[x2 + i] + d3 * x[x3 + i];
      }
    }
  }
  for (let r = wholeRows; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      const d = dy[r * outputs + o];
      for (let i = 0; i < inputs; i++) dw[o * inputs + i] += d * x[r * inputs + i];
    }
  }
}

/** Y[m, :] = bias for every row m. */
export function fillRows(y: Float32Array, bias: Float32Array, rows: number): void {
  for (let r = 0; r < rows; r++) y.set(bias, r * bias.length);
}

/** db[n] += Σ_m dY[m, n]. */
export function addColumnSums(dy: Float32Array, db: Float32Array, rows: number): void {
  const columns = db.length;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) db[c] += dy[r * columns + c];
  }
}
