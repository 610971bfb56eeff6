/** Least squares over measured costs. Errors count relative to what was measured: small sizes say as much as large ones. */

export interface Point {
  /** T, B, H or the number of layers. */
  readonly size: number;
  /** Seconds or bytes; above 0. */
  readonly cost: number;
}

/** cost ≈ factor · size^exponent. */
export interface PowerLaw {
  readonly factor: number;
  readonly exponent: number;
  /** Of the logarithms. */
  readonly rSquared: number;
}

/** cost ≈ Σ coefficients[i] · size^i. */
export interface Polynomial {
  readonly coefficients: readonly number[];
  readonly rSquared: number;
}

/** The straight line through the logarithms. @throws {Error} with fewer than two sizes. */
export function fitPowerLaw(points: readonly Point[]): PowerLaw {
  const logarithms = points.map(({ size, cost }) => ({ size: Math.log(size), cost: Math.log(cost) }));
  const { coefficients, rSquared } = leastSquares(logarithms, 1, () => 1);
  return { factor: Math.exp(coefficients[0]), exponent: coefficients[1], rSquared };
}

/** The polynomial of a degree with the least relative errors. @throws {Error} with fewer sizes than coefficients. */
export function fitPolynomial(points: readonly Point[], degree: number): Polynomial {
  return leastSquares(points, degree, ({ cost }) => 1 / cost ** 2);
}

/** What a polynomial says of a size. */
export function valueAt({ coefficients }: Polynomial, size: number): number {
  return coefficients.reduceRight((value, coefficient) => value * size + coefficient, 0);
}

/** (measured − fitted) / measured of the point where that is furthest from 0. */
export function largestDeviation(points: readonly Point[], polynomial: Polynomial): { size: number; share: number } {
  const deviations = points.map(({ size, cost }) => ({ size, share: 1 - valueAt(polynomial, size) / cost }));
  return deviations.reduce((worst, one) => (Math.abs(one.share) > Math.abs(worst.share) ? one : worst));
}

function leastSquares(points: readonly Point[], degree: number, weightOf: (point: Point) => number): Polynomial {
  if (new Set(points.map(({ size }) => size)).size <= degree) {
    throw new Error(`fit: expected more than ${degree} different sizes, got ${points.length} points`);
  }
  const weights = points.map(weightOf);
  // Sizes in units of the largest keep the equations well conditioned.
  const unit = Math.max(...points.map(({ size }) => Math.abs(size)));
  const sum = (term: (point: Point, size: number) => number): number =>
    points.reduce((total, point, i) => total + weights[i] * term(point, point.size / unit), 0);
  const equations = Array.from({ length: degree + 1 }, (_, row) => [
    ...Array.from({ length: degree + 1 }, (_, column) => sum((_, size) => size ** (row + column))),
    sum(({ cost }, size) => cost * size ** row),
  ]);
  const coefficients = solve(equations).map((coefficient, power) => coefficient / unit ** power);
  const mean = sum(({ cost }) => cost) / sum(() => 1);
  const left = sum(({ size, cost }) => (cost - valueAt({ coefficients, rSquared: 0 }, size)) ** 2);
  const all = sum(({ cost }) => (cost - mean) ** 2);
  return { coefficients, rSquared: all === 0 ? 1 : 1 - left / all };
}

/** Gauss's elimination with pivots; each row ends with its right-hand side. */
function solve(rows: readonly number[][]): number[] {
  const left = rows.map((row) => [...row]);
  const count = left.length;
  for (let i = 0; i < count; i++) {
    const pivot = left.slice(i).reduce((best, row) => (Math.abs(row[i]) > Math.abs(best[i]) ? row : best));
    left.splice(left.indexOf(pivot), 1);
    left.splice(i, 0, pivot);
    for (const row of left.slice(i + 1)) {
      const share = row[i] / pivot[i];
      for (let j = i; j <= count; j++) row[j] -= share * pivot[j];
    }
  }
  const found = new Array<number>(count).fill(0);
  for (let i = count - 1; i >= 0; i--) {
    const known = found.reduce((total, value, j) => total + (j > i ? value * left[i][j] : 0), 0);
    found[i] = (left[i][count] - known) / left[i][i];
  }
  return found;
}
