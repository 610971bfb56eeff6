/** The product of a stage: a packed weight meets one vector. */
import { gemvPacked } from "../gemm/gemv";

/** Weights as float32, packed by `packRows` (gemm/gemv.ts). */
export const FLOAT32: i32 = 0;

/** y[rows] += W·x, W [rows, depth] packed in `format`. y overlaps neither W nor x. */
export function multiply(format: i32, weight: usize, x: usize, y: usize, rows: i32, depth: i32, workspace: usize): void {
  gemvPacked(weight, x, y, rows, depth);
}
