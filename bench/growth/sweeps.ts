/** What is varied, one size at a time, and what the cost should then do. */
import type { CellName } from "./memory.ts";

export const cells: readonly CellName[] = ["LSTM", "GRU", "RNN"];

export const kinds = ["training step", "inference"] as const;
export type Kind = (typeof kinds)[number];

export const variables = ["T", "B", "H", "layers"] as const;
export type Variable = (typeof variables)[number];

export type Sizes = Readonly<Record<Variable, number>>;

/** V = E: a table that is smaller than any batch of positions, so that all points take the same way. */
export const SYMBOLS = 32;

export const base: Sizes = { T: 64, B: 32, H: 128, layers: 1 };

/** The sizes that each variable takes while the others stay as they are in `base`. */
export const sweeps: Readonly<Record<Variable, readonly number[]>> = {
  T: [16, 32, 64, 128, 256, 512],
  B: [1, 2, 4, 8, 16, 32, 64, 128],
  H: [32, 64, 96, 128, 192, 256, 384, 512],
  layers: [1, 2, 3, 4],
};

/** The degree of the polynomial that the cost should follow. */
export const degrees: Readonly<Record<Variable, number>> = { T: 1, B: 1, H: 2, layers: 1 };

/** Products work on tiles of four sequences: fewer are no smaller work, and take no part in the fits. */
export const fittedFrom: Readonly<Record<Variable, number>> = { T: 1, B: 4, H: 1, layers: 1 };

/** What one process is asked to do: time all points of a sweep, or tell the memory of a training step of T time steps. */
export type Request =
  | {
      readonly task: "time";
      readonly cell: CellName;
      readonly kind: Kind;
      readonly variable: Variable;
      readonly seconds: number;
    }
  | { readonly task: "memory"; readonly cell: CellName; readonly steps: number };

/** One measured point: median seconds of a step, or the bytes that the engine holds in reserve for it. */
export interface Measured {
  readonly size: number;
  readonly cost: number;
}
