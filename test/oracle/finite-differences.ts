/** Derivatives by central differences: (f(x + h) - f(x - h)) / 2h, error O(h²) + O(ε/h); about 1e-9 at h = 1e-6. */

const STEP = 1e-6;

/** d f / d x, at a number. */
export function derivativeAt(f: (x: number) => number, x: number): number {
  return (f(x + STEP) - f(x - STEP)) / (2 * STEP);
}

/** d(scalar) / d(values), varying each number of `values` in place and putting it back. */
export function gradientOf(scalar: () => number, values: Float64Array): Float64Array {
  return values.map((value, index) => {
    values[index] = value + STEP;
    const above = scalar();
    values[index] = value - STEP;
    const below = scalar();
    values[index] = value;
    return (above - below) / (2 * STEP);
  });
}
