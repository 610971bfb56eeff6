/** The product of a stage: a packed weight meets one vector. */
import { multiplyAdd } from "../base/lanes";
import { gemvPacked } from "../gemm/gemv";
import { multiplyInt8 } from "./int8";

/** Weights as float32, packed by `packRows` (gemm/gemv.ts). */
export const FLOAT32: i32 = 0;
/** Weights in eight bits, packed by `packRowsInt8`. */
export const INT8: i32 = 1;

/** y[rows] += W·x, W [rows, depth] packed in `format`. y overlaps neither W nor x. */
export function multiply(format: i32, weight: usize, x: usize, y: usize, rows: i32, depth: i32, workspace: usize): void {
  if (format == INT8) multiplyInt8(weight, x, y, rows, depth, workspace);
  else multiplyRows(weight, x, y, rows, depth);
}

/**
 * The same for FLOAT32. Two panels at a time, one from the first half and one from the second: two runs of memory from
 * end to end, of which a core takes more from beyond its second cache than of one, or of many short ones. An output of
 * such a pair is summed in the order of k, starting from what y held; one of the last panels as gemvPacked does.
 * |error| ≤ (k + 1)·2⁻²⁴·(|y| + Σ|w·x|).
 */
function multiplyRows(packed: usize, x: usize, y: usize, m: i32, k: i32): void {
  const pairs = m >> 5;
  const end = x + (<usize>k << 2);
  const half = <usize>pairs * (<usize>k << 6);
  const halfY = <usize>pairs << 6;
  const second = packed + half;
  let p = packed;
  let r = second;
  for (let pair = 0; pair < pairs; pair++) {
    let a0 = v128.load(y);
    let a1 = v128.load(y, 16);
    let a2 = v128.load(y, 32);
    let a3 = v128.load(y, 48);
    let b0 = v128.load(y + halfY);
    let b1 = v128.load(y + halfY, 16);
    let b2 = v128.load(y + halfY, 32);
    let b3 = v128.load(y + halfY, 48);
    // Eight sums and one broadcast of x stay in registers. The exit in the middle is never taken: it keeps V8 from hoisting
    // the loads of both halves to the top, for which there are not enough registers.
    for (let q = x; q < end; q += 4) {
      {
        const v = v128.load32_splat(q);
        a0 = multiplyAdd(v128.load(p), v, a0);
        a1 = multiplyAdd(v128.load(p, 16), v, a1);
        a2 = multiplyAdd(v128.load(p, 32), v, a2);
        a3 = multiplyAdd(v128.load(p, 48), v, a3);
      }
      if (p >= second) break;
      {
        const v = v128.load32_splat(q);
        b0 = multiplyAdd(v128.load(r), v, b0);
        b1 = multiplyAdd(v128.load(r, 16), v, b1);
        b2 = multiplyAdd(v128.load(r, 32), v, b2);
        b3 = multiplyAdd(v128.load(r, 48), v, b3);
      }
      p += 64;
      r += 64;
    }
    v128.store(y, a0);
    v128.store(y, a1, 16);
    v128.store(y, a2, 32);
    v128.store(y, a3, 48);
    v128.store(y + halfY, b0);
    v128.store(y + halfY, b1, 16);
    v128.store(y + halfY, b2, 32);
    v128.store(y + halfY, b3, 48);
    y += 64;
  }
  const rest = m & 31;
  if (rest > 0) gemvPacked(r, x, y + halfY, rest, k);
}
