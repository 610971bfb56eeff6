/**
 * General matrix product, C := A·B or C += A·B, for any shape and any transpose.
 *
 * A[m, k] is read as a[i·aRow + k·aColumn], B[k, n] as b[k·bRow + j·bColumn] (strides in elements, one of each pair
 * is 1), C is row-major with rows `cRow` elements apart. C overlaps neither operand.
 *
 * The product is cut into blocks of depth 256 (a panel of each side stays in the first-level cache: 12 KB), of 128 rows
 * (a packed block of A stays in the second level) and of 512 columns. Both sides are packed into `workspace`, which
 * holds `gemmWorkspaceSize(m, n, k)` numbers. A right operand that is used again and again (W_hh over T steps) is
 * packed once by `packRight` and multiplied by `gemmPacked`, which packs the left side only.
 *
 * Each C number is the sum over blocks of depth of the sums inside a block, always in the same order, whatever the
 * shape of the rest: |error| ≤ (k + k/256)·2⁻²⁴·Σ|a·b|.
 */
import { gemmMicro4x8 } from "./micro";
import { packPanels } from "./pack";

const BLOCK_DEPTH: i32 = 256;
const BLOCK_ROWS: i32 = 128;
const BLOCK_COLUMNS: i32 = 512;
/** The first numbers of a workspace are the spare tile that edge tiles are computed in. */
const SPARE: i32 = 32;

// @ts-ignore: decorator
@inline
function roundUp(value: i32, multiple: i32): i32 {
  return ((value + multiple - 1) / multiple) * multiple;
}

/** Numbers of workspace that `gemm` wants. */
export function gemmWorkspaceSize(m: i32, n: i32, k: i32): i32 {
  const depth = min(k, BLOCK_DEPTH);
  return SPARE + (roundUp(min(m, BLOCK_ROWS), 4) + roundUp(min(n, BLOCK_COLUMNS), 8)) * depth;
}

/** Numbers that `packRight` writes for B[k, n]. */
export function packedRightSize(n: i32, k: i32): i32 {
  return roundUp(n, 8) * k;
}

/** Numbers of workspace that `gemmPacked` wants. */
export function gemmPackedWorkspaceSize(m: i32, k: i32): i32 {
  return SPARE + roundUp(min(m, BLOCK_ROWS), 4) * min(k, BLOCK_DEPTH);
}

/** Moves `rows` × `columns` of the spare tile to C, or adds them. */
function storeEdge(tile: usize, c: usize, cStride: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + (<usize>j << 2);
      const value = load<f32>(tile + (<usize>j << 2));
      store<f32>(at, accumulate ? load<f32>(at) + value : value);
    }
    c += cStride;
    tile += 32;
  }
}

/** C block [rows, columns] (+)= packed left block · packed right block. `spare` is one tile, 32 numbers. */
function gemmBlock(
  left: usize,
  right: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  accumulate: bool,
  spare: usize,
): void {
  const leftStep = (<usize>depth * 4) << 2;
  const rightStep = (<usize>depth * 8) << 2;
  const cStride = cRow << 2;
  // The right panel stays in the first-level cache while the left panels pass by.
  for (let j = 0; j < columns; j += 8) {
    let panel = left;
    let tile = c + (<usize>j << 2);
    const width = min(8, columns - j);
    for (let i = 0; i < rows; i += 4) {
      const height = min(4, rows - i);
      if (width == 8 && height == 4) {
        gemmMicro4x8(panel, right, tile, cStride, depth, accumulate);
      } else {
        gemmMicro4x8(panel, right, spare, 32, depth, false);
        storeEdge(spare, tile, cStride, height, width, accumulate);
      }
      panel += leftStep;
      tile += cStride << 2;
    }
    right += rightStep;
  }
}

/** Packs the whole of B[k, n], block of depth after block of depth, for `gemmPacked`. */
export function packRight(b: usize, bRow: usize, bColumn: usize, n: i32, k: i32, packed: usize): void {
  for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - kk);
    packPanels(b + ((<usize>kk * bRow) << 2), bColumn, bRow, n, depth, packed, 8);
    packed += (<usize>roundUp(n, 8) * depth) << 2;
  }
}

/** C[m, n] := A·B (or +=) with B packed by `packRight`. */
export function gemmPacked(
  a: usize,
  aRow: usize,
  aColumn: usize,
  packed: usize,
  c: usize,
  cRow: usize,
  m: i32,
  n: i32,
  k: i32,
  accumulate: bool,
  workspace: usize,
): void {
  const left = workspace + (SPARE << 2);
  for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - kk);
    for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, m - ii);
      packPanels(a + ((<usize>ii * aRow + <usize>kk * aColumn) << 2), aRow, aColumn, rows, depth, left, 4);
      const block = c + ((<usize>ii * cRow) << 2);
      gemmBlock(left, packed, block, cRow, rows, n, depth, accumulate || kk > 0, workspace);
    }
    packed += (<usize>roundUp(n, 8) * depth) << 2;
  }
}

/** C[m, n] := A·B (or +=). With k = 0 the sum is empty: C := 0 (or stays). */
export function gemm(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  c: usize,
  cRow: usize,
  m: i32,
  n: i32,
  k: i32,
  accumulate: bool,
  workspace: usize,
): void {
  if (k == 0 && !accumulate) {
    for (let i = 0; i < m; i++) memory.fill(c + ((<usize>i * cRow) << 2), 0, <usize>n << 2);
  }
  const left = workspace + (SPARE << 2);
  const right = left + ((<usize>roundUp(min(m, BLOCK_ROWS), 4) * min(k, BLOCK_DEPTH)) << 2);
  for (let jj = 0; jj < n; jj += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - jj);
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
      const depth = min(BLOCK_DEPTH, k - kk);
      packPanels(b + ((<usize>kk * bRow + <usize>jj * bColumn) << 2), bColumn, bRow, columns, depth, right, 8);
      for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, m - ii);
        packPanels(a + ((<usize>ii * aRow + <usize>kk * aColumn) << 2), aRow, aColumn, rows, depth, left, 4);
        const block = c + ((<usize>ii * cRow + <usize>jj) << 2);
        gemmBlock(left, right, block, cRow, rows, columns, depth, accumulate || kk > 0, workspace);
      }
    }
  }
}
