/** How a cost grows: measured points, what was fitted to them, and what is to be said about it. */
import { fitPolynomial, fitPowerLaw, largestDeviation, type Point, type Polynomial, type PowerLaw } from "./fit.ts";
import { type CellName, type ModelSizes, trainingNumbers } from "./memory.ts";
import { base, degrees, fittedFrom, type Kind, SYMBOLS, type Variable } from "./sweeps.ts";

export interface Growth {
  readonly cell: CellName;
  readonly kind: Kind;
  readonly variable: Variable;
  readonly points: readonly Point[];
  /** The points that the fits are made of. */
  readonly fitted: readonly Point[];
  readonly powerLaw: PowerLaw;
  /** Linear in T, B and layers, quadratic in H. */
  readonly polynomial: Polynomial;
  readonly deviation: { readonly size: number; readonly share: number };
}

/** Fits what was measured in one sweep. */
export function growthOf(cell: CellName, kind: Kind, variable: Variable, points: readonly Point[]): Growth {
  const fitted = points.filter(({ size }) => size >= fittedFrom[variable]);
  const polynomial = fitPolynomial(fitted, degrees[variable]);
  return {
    cell,
    kind,
    variable,
    points,
    fitted,
    powerLaw: fitPowerLaw(fitted),
    polynomial,
    deviation: largestDeviation(fitted, polynomial),
  };
}

/** The memory of training steps of one cell, over T. */
export interface MemoryGrowth {
  readonly cell: CellName;
  readonly points: readonly { readonly size: number; readonly reserved: number; readonly documented: number }[];
}

export function memoryOf(cell: CellName, points: readonly Point[]): MemoryGrowth {
  const sizes: ModelSizes = { cell, vocabulary: SYMBOLS, embedding: SYMBOLS, hidden: base.H, layers: base.layers };
  return {
    cell,
    points: points.map(({ size, cost }) => ({
      size,
      reserved: cost,
      documented: 4 * trainingNumbers(sizes) * size * base.B,
    })),
  };
}

/** The same sweep measured several times: of each point the least, since whatever disturbs only adds. */
export function leastOf(turns: readonly (readonly Point[])[]): Point[] {
  return turns[0].map(({ size }, i) => ({ size, cost: Math.min(...turns.map((points) => points[i].cost)) }));
}

/** Why the points of a sweep lie where they do. */
export const remarks: Readonly<Record<Variable, string>> = {
  T: "Each time step is the same work, so T enters linearly. What does not depend on it, packing W_hh and the optimizer's pass over the weights, is too little to see.",
  B: "Products take sequences in tiles of four: two of them cost nearly as much as four do, and a single one takes the matrix–vector kernels, which pack nothing. So the line is fitted from four on.",
  H: "W_hh has G·H² numbers, gates and states have H. The quadratic part outweighs the linear one from some tens of units on, so the exponent over the whole range lies between 1 and 2.",
  layers:
    "Each further layer multiplies its whole input by W_ih. The first one multiplies the embedding's few rows instead and looks the products up, so it is cheaper than the rest and the line starts below 0.",
};
