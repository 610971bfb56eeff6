/** Float64 vectors and matrices: just enough to write a recurrence as its paper does. Slow and plain on purpose. */

export type Vector = Float64Array;

/** [rows, columns], row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(
  rows: number,
  columns: number,
  data: ArrayLike<number> = new Float64Array(rows * columns),
): Matrix {
  if (data.length !== rows * columns) throw new Error(`matrix: ${data.length} numbers for ${rows} × ${columns}`);
  return { rows, columns, data: Float64Array.from(data) };
}

export function zeros(length: number): Vector {
  return new Float64Array(length);
}

/** a + b + … */
export function add(first: Vector, ...others: Vector[]): Vector {
  return first.map((value, index) => others.reduce((sum, other) => sum + other[index], value));
}

/** a ⊙ b ⊙ … */
export function times(first: Vector, ...others: Vector[]): Vector {
  return first.map((value, index) => others.reduce((product, other) => product * other[index], value));
}

/** f(a) */
export function map(vector: Vector, f: (value: number) => number): Vector {
  return vector.map(f);
}

/** The vector cut in `count` equal parts. */
export function parts(vector: Vector, count: number): Vector[] {
  const length = vector.length / count;
  return Array.from({ length: count }, (_, part) => vector.slice(part * length, (part + 1) * length));
}

/** The parts, one after another. */
export function join(...vectors: Vector[]): Vector {
  return Float64Array.from(vectors.flatMap((vector) => [...vector]));
}

/** Σ aᵢ bᵢ */
export function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}

/** Rows from … from + count of M, sharing its numbers. */
export function rowsOf({ columns, data }: Matrix, from: number, count: number): Matrix {
  return { rows: count, columns, data: data.subarray(from * columns, (from + count) * columns) };
}

/** M v */
export function multiply(m: Matrix, v: Vector): Vector {
  const result = zeros(m.rows);
  for (let row = 0; row < m.rows; row += 1) {
    for (let column = 0; column < m.columns; column += 1) result[row] += m.data[row * m.columns + column] * v[column];
  }
  return result;
}

/** Mᵀ v */
export function multiplyTransposed(m: Matrix, v: Vector): Vector {
  const result = zeros(m.columns);
  for (let row = 0; row < m.rows; row += 1) {
    for (let column = 0; column < m.columns; column += 1) result[column] += m.data[row * m.columns + column] * v[row];
  }
  return result;
}

/** M += a bᵀ */
export function accumulateOuter(m: Matrix, a: Vector, b: Vector): void {
  for (let row = 0; row < m.rows; row += 1) {
    for (let column = 0; column < m.columns; column += 1) m.data[row * m.columns + column] += a[row] * b[column];
  }
}

/** a += b */
export function accumulate(a: Vector, b: Vector): void {
  for (let index = 0; index < a.length; index += 1) a[index] += b[index];
}

/** A B */
export function matmul(a: Matrix, b: Matrix): Matrix {
  const product = matrix(a.rows, b.columns);
  for (let row = 0; row < a.rows; row += 1) {
    for (let column = 0; column < b.columns; column += 1) {
      let sum = 0;
      for (let k = 0; k < a.columns; k += 1) sum += a.data[row * a.columns + k] * b.data[k * b.columns + column];
      product.data[row * b.columns + column] = sum;
    }
  }
  return product;
}

/** Mᵀ */
export function transpose(m: Matrix): Matrix {
  const result = matrix(m.columns, m.rows);
  for (let row = 0; row < m.rows; row += 1) {
    for (let column = 0; column < m.columns; column += 1) {
      result.data[column * m.rows + row] = m.data[row * m.columns + column];
    }
  }
  return result;
}
