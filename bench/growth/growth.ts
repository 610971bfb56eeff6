/** How a cost grows: measured points, what was fitted to them, and what is to be said about it. */
import { fitPolynomial, fitPowerLaw, largestDeviation, type Point, type Polynomial, type PowerLaw } from "./fit.ts";
import { type CellName, type ModelSizes, trainingNumbers } from "./memory.ts";
import { base, degrees, type Kind, SYMBOLS, type Variable } from "./sweeps.ts";

export interface Growth {
  readonly cell: CellName;
  readonly kind: Kind;
  readonly variable: Variable;
  readonly points: readonly Point[];
  readonly powerLaw: PowerLaw;
  /** Linear in T, B and layers, quadratic in H. */
  readonly polynomial: Polynomial;
  readonly deviation: { readonly size: number; readonly share: number };
}

/** Fits what was measured in one sweep. */
export function growthOf(cell: CellName, kind: Kind, variable: Variable, points: readonly Point[]): Growth {
  const polynomial = fitPolynomial(points, degrees[variable]);
  return {
    cell,
    kind,
    variable,
    points,
    powerLaw: fitPowerLaw(points),
    polynomial,
    deviation: largestDeviation(points, polynomial),
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

/** Why the points of a sweep lie where they do. */
export const remarks: Readonly<Record<Variable, string>> = {
  T: "Each time step is the same work, so T enters linearly; the constant is packing W_hh, and the optimizer's pass over the weights.",
  B: "Sequences share each reading of W_hh. One or two of them do less arithmetic per number read than the kernels could, and B = 1 takes the matrix–vector kernels, so the first points lie off the line that the others follow.",
  H: "W_hh has G·H² numbers, gates and states have H: the quadratic part outweighs the linear one from about H = 100 on, which is why the exponent over the whole range lies between 1 and 2. A W_hh beyond the second-level cache costs a little more per number.",
  layers:
    "Each further layer multiplies its whole input by W_ih. The first one multiplies the embedding's few rows instead and looks the products up, so it is cheaper than the rest and the line starts below 0.",
};
