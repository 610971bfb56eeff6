/** Eigenvalues of real matrices, complex pairs among them, in float64. */
import { NumericError, ShapeError } from "../../runtime/errors.ts";
import { formatShape, requireFloat32 } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** One number of a spectrum. */
export interface Eigenvalue {
  readonly real: number;
  readonly imaginary: number;
  /** √(real² + imaginary²). */
  readonly modulus: number;
}

/**
 * All eigenvalues of a square matrix, the largest modulus first, of a complex pair the one with the positive imaginary part.
 *
 * ```ts
 * const quarterTurn = tensor([[0, -1], [1, 0]]);
 * eigenvalues(quarterTurn); // [{ real: 0, imaginary: 1, modulus: 1 }, { real: 0, imaginary: -1, modulus: 1 }]
 * ```
 *
 * Balanced, brought to Hessenberg form by reflections, then Francis's implicit double shifts, all in float64: each is within
 * some n·2⁻⁵² times the norm of the matrix, the condition of the eigenvalue aside. About 12·n³ operations and 8·n² bytes.
 * Source: Golub & Van Loan 2013, "Matrix Computations", sections 7.4 and 7.5.
 *
 * @param matrix [n, n] of float32 numbers.
 * @throws {ShapeError} when it is not square; {NumericError} when a number of it is not finite.
 */
export function eigenvalues(matrix: Tensor): Eigenvalue[] {
  const { shape } = matrix;
  requireFloat32("eigenvalues matrix", matrix);
  if (shape.length !== 2 || shape[0] !== shape[1] || shape[0] === 0) {
    throw new ShapeError(`eigenvalues matrix: expected [n, n], got ${formatShape(shape)}`);
  }
  return spectrumOf(Float64Array.from(matrix.toArray()), shape[0] as number);
}

/**
 * The spectral radius of a square matrix: the largest modulus of an eigenvalue. A linear recurrence h_t = W·h_{t-1} grows, in
 * the long run, by this factor a step.
 *
 * ```ts
 * spectralRadius(tensor([[3, 1], [0, -4]])); // 4
 * ```
 *
 * @param matrix [n, n] of float32 numbers.
 * @throws {ShapeError} when it is not square; {NumericError} when a number of it is not finite.
 */
export function spectralRadius(matrix: Tensor): number {
  return (eigenvalues(matrix)[0] as Eigenvalue).modulus;
}

/** The eigenvalues of a row-major matrix [n, n], which is overwritten. @throws {NumericError} when it is not finite. */
export function spectrumOf(a: Float64Array, n: number): Eigenvalue[] {
  if (!a.every(Number.isFinite)) throw new NumericError("eigenvalues matrix: expected finite numbers, got others");
  balance(a, n);
  toHessenberg(a, n);
  const found = new Francis(a, n).run();
  // By modulus; the tie of a pair is broken by its imaginary parts, any other by the real ones.
  return found.sort((p, q) => q.modulus - p.modulus || q.real - p.real || q.imaginary - p.imaginary);
}

/**
 * Scales rows and columns by powers of two, exactly, until they are of like size.
 * Source: Parlett & Reinsch 1969, "Balancing a matrix for calculation of eigenvalues and eigenvectors".
 */
function balance(a: Float64Array, n: number): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < n; i++) {
      const factor = balancingFactor(a, n, i);
      if (factor === 1) continue;
      changed = true;
      for (let j = 0; j < n; j++) {
        (a[i * n + j] as number) /= factor;
        (a[j * n + i] as number) *= factor;
      }
    }
  }
}

/** By what to divide row i and multiply column i so that both are of like size; 1 where that would gain little. */
function balancingFactor(a: Float64Array, n: number, i: number): number {
  let [row, column] = [0, 0];
  for (let j = 0; j < n; j++) {
    if (j === i) continue;
    row += Math.abs(a[i * n + j] as number);
    column += Math.abs(a[j * n + i] as number);
  }
  if (row === 0 || column === 0) return 1;
  const before = row + column;
  let factor = 1;
  for (; column < row / 2; column *= 4) factor *= 2;
  for (; column > row * 2; column /= 4) factor /= 2;
  return (column + row) / factor < 0.95 * before ? factor : 1;
}

/** A reflection I − s·v·vᵀ with v[0] = 1 that takes a vector of up to three numbers to a multiple of the first axis. */
function reflection(x: number, y: number, z: number): { readonly s: number; readonly v1: number; readonly v2: number } {
  const scale = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  if (Math.max(Math.abs(y), Math.abs(z)) === 0) return { s: 0, v1: 0, v2: 0 };
  const [p, q, r] = [x / scale, y / scale, z / scale];
  const norm = Math.sqrt(p * p + q * q + r * r) * (p < 0 ? -1 : 1);
  const head = p + norm;
  return { s: head / norm, v1: q / head, v2: r / head };
}

/** Zeros below the first subdiagonal, by reflections from both sides. */
function toHessenberg(a: Float64Array, n: number): void {
  const v = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    let scale = 0;
    for (let i = k + 2; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + k] as number));
    if (scale === 0) continue;
    scale = Math.max(scale, Math.abs(a[(k + 1) * n + k] as number));
    let square = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = (a[i * n + k] as number) / scale;
      square += (v[i] as number) ** 2;
    }
    const first = v[k + 1] as number;
    const norm = Math.sqrt(square) * (first < 0 ? -1 : 1);
    for (let i = k + 1; i < n; i++) (v[i] as number) /= first + norm;
    const s = (first + norm) / norm;
    v[k + 1] = 1;
    reflectRows(a, n, k, v, s);
    reflectColumns(a, n, k, v, s);
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
  }
}

/** Rows below k, from the left, a column's sum at a time but row by row in memory. */
function reflectRows(a: Float64Array, n: number, k: number, v: Float64Array, s: number): void {
  const sums = new Float64Array(n);
  for (let i = k + 1; i < n; i++) {
    const vi = v[i] as number;
    for (let j = k; j < n; j++) (sums[j] as number) += vi * (a[i * n + j] as number);
  }
  for (let i = k + 1; i < n; i++) {
    const vi = s * (v[i] as number);
    for (let j = k; j < n; j++) (a[i * n + j] as number) -= vi * (sums[j] as number);
  }
}

/** Columns right of k, from the right. */
function reflectColumns(a: Float64Array, n: number, k: number, v: Float64Array, s: number): void {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = k + 1; j < n; j++) sum += (a[i * n + j] as number) * (v[j] as number);
    sum *= s;
    for (let j = k + 1; j < n; j++) (a[i * n + j] as number) -= sum * (v[j] as number);
  }
}

/** Sweeps over one block before it counts as one that does not converge; usual are two an eigenvalue. */
const MOST_SWEEPS = 60;

/** Francis's double-shift iteration on a Hessenberg matrix, which splits off eigenvalues at its end, one or two at a time. */
class Francis {
  readonly #a: Float64Array;
  readonly #n: number;
  readonly #found: Eigenvalue[] = [];

  constructor(a: Float64Array, n: number) {
    this.#a = a;
    this.#n = n;
  }

  run(): Eigenvalue[] {
    let high = this.#n - 1;
    let sweeps = 0;
    while (high >= 0) {
      const low = this.#blockStart(high);
      if (low === high) {
        this.#add(this.#at(high, high), 0);
        high -= 1;
      } else if (low === high - 1) {
        this.#addPair(low);
        high -= 2;
      } else {
        if (++sweeps > MOST_SWEEPS) throw new NumericError("eigenvalues: the iteration did not converge");
        this.#sweep(low, high, sweeps % 10 === 0);
        continue;
      }
      sweeps = 0;
    }
    return this.#found;
  }

  #at(i: number, j: number): number {
    return this.#a[i * this.#n + j] as number;
  }

  #add(real: number, imaginary: number): void {
    this.#found.push({ real, imaginary, modulus: Math.hypot(real, imaginary) });
  }

  /** Where the block begins that ends at `high` and has no negligible number on its subdiagonal. */
  #blockStart(high: number): number {
    for (let i = high; i > 0; i--) {
      const size = Math.abs(this.#at(i, i)) + Math.abs(this.#at(i - 1, i - 1));
      const below = Math.abs(this.#at(i, i - 1));
      if (below <= Number.EPSILON * size || below < Number.MIN_VALUE / Number.EPSILON) return i;
    }
    return 0;
  }

  /** Both eigenvalues of the block [2, 2] at i. */
  #addPair(i: number): void {
    const [p, q, r, s] = [this.#at(i, i), this.#at(i, i + 1), this.#at(i + 1, i), this.#at(i + 1, i + 1)];
    const half = (p - s) / 2;
    const discriminant = half * half + q * r;
    if (discriminant < 0) {
      const imaginary = Math.sqrt(-discriminant);
      this.#add((p + s) / 2, imaginary);
      this.#add((p + s) / 2, -imaginary);
      return;
    }
    // The one further from s first, which loses no digits; then the other from the product of what they are off.
    const root = half + Math.sqrt(discriminant) * (half < 0 ? -1 : 1);
    this.#add(s + root, 0);
    this.#add(root === 0 ? s : s - (q * r) / root, 0);
  }

  /** One double step over the block from low to high. */
  #sweep(low: number, high: number, exceptional: boolean): void {
    const [last, corner] = [this.#at(high, high), this.#at(high, high - 1)];
    let sum = last + this.#at(high - 1, high - 1);
    let product = last * this.#at(high - 1, high - 1) - corner * this.#at(high - 1, high);
    if (exceptional) {
      // Shifts of its own accord, off the ones that go round in a circle.
      const size = Math.abs(corner) + Math.abs(this.#at(high - 1, high - 2));
      [sum, product] = [1.5 * size, size * size];
    }
    const first = this.#at(low, low);
    const below = this.#at(low + 1, low);
    let x = first * first + this.#at(low, low + 1) * below - sum * first + product;
    let y = below * (first + this.#at(low + 1, low + 1) - sum);
    let z = below * this.#at(low + 2, low + 1);
    for (let k = low; k < high; k++) {
      const three = k + 2 <= high;
      this.#reflect(low, high, k, reflection(x, y, three ? z : 0));
      if (k + 1 === high) break;
      x = this.#at(k + 1, k);
      y = this.#at(k + 2, k);
      z = k + 3 <= high ? this.#at(k + 3, k) : 0;
    }
  }

  /** Rows k … k + 2 from the left and the same columns from the right, inside the block. */
  #reflect(low: number, high: number, k: number, { s, v1, v2 }: ReturnType<typeof reflection>): void {
    const [a, n] = [this.#a, this.#n];
    const three = k + 2 <= high;
    const [r0, r1, r2] = [k * n, (k + 1) * n, (k + 2) * n];
    for (let j = Math.max(k - 1, low); j <= high; j++) {
      const sum = s * ((a[r0 + j] as number) + v1 * (a[r1 + j] as number) + (three ? v2 * (a[r2 + j] as number) : 0));
      (a[r0 + j] as number) -= sum;
      (a[r1 + j] as number) -= sum * v1;
      if (three) (a[r2 + j] as number) -= sum * v2;
    }
    for (let i = low, end = Math.min(k + 3, high); i <= end; i++) {
      const row = i * n + k;
      const sum = s * ((a[row] as number) + v1 * (a[row + 1] as number) + (three ? v2 * (a[row + 2] as number) : 0));
      (a[row] as number) -= sum;
      (a[row + 1] as number) -= sum * v1;
      if (three) (a[row + 2] as number) -= sum * v2;
    }
    // What the reflection was made to take away is below the subdiagonal.
    if (k > low) {
      a[r1 + k - 1] = 0;
      if (three) a[r2 + k - 1] = 0;
    }
  }
}
