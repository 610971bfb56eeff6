/** The product of a stage: a packed weight meets one vector. */
import { gemvPacked } from "../gemm/gemv";
import { multiplyInt8 } from "./int8";

/** Weights as float32, packed by `packRows` (gemm/gemv.ts). */
export const FLOAT32: i32 = 0;
/** Weights in eight bits, packed by `packRowsInt8`. */
export const INT8: i32 = 1;

/** y[rows] += W·x, W [rows, depth] packed in `format`. y overlaps neither W nor x. */
export function multiply(format: i32, weight: usize, x: usize, y: usize, rows: i32, depth: i32, workspace: usize): void {
  if (format == INT8) multiplyInt8(weight, x, y, rows, depth, workspace);
  else gemvPacked(weight, x, y, rows, depth);
}
