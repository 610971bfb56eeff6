/**
 * General matrix product, C := A·B or C += A·B, for any shape and any transpose.
 *
 * A[m, k] is read as a[i·aRow + k·aColumn], B[k, n] as b[k·bRow + j·bColumn] (strides in elements, one of each pair
 * is 1), C is row-major with rows `cRow` elements apart. C overlaps neither operand.
 *
 * The product is cut into blocks of depth 256 (a panel of each side stays in the first-level cache: 12 KB), of 128 rows
 * (a packed block of A stays in the second level) and of 512 columns. A block that the micro-kernel can read as it lies,
 * because its numbers are neighbours in the right direction and it is small or hardly used again, is read so; any other
 * is packed into `workspace`, which holds `gemmWorkspaceSize(m, n, k)` numbers. A right operand that is used again and
 * again (W_hh over T steps) is packed once by `packRight` and multiplied by `gemmPacked`, which packs the left side only.
 *
 * Each C number is the sum over blocks of depth of the sums inside a block, always in the same order, whatever the
 * shape of the rest and wherever the operands are read: |error| ≤ (k + k/256)·2⁻²⁴·Σ|a·b|.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { gemmMicro4x8 } from "./micro";
import { gemmMicroRows4x8 } from "./microRows";
import { BLOCK_DEPTH, packPanels } from "./pack";
import { rowMicro4x8 } from "./row";

const BLOCK_ROWS: i32 = 128;
const BLOCK_COLUMNS: i32 = 512;
/** The first numbers of a workspace: the spare tile that edge tiles are computed in, and the two sides of a block. */
const SPARE: i32 = 48;
/** Rows of A further apart than this many numbers would meet in the same sets of the caches. */
const DIRECT_ROW: usize = 4096;
/** A side of neighbouring lines is read as it lies when it is at most this many numbers, or read by tiles of at most this many lines. */
const DIRECT_SIZE: i32 = 4096;
const DIRECT_REUSE: i32 = 8;

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
    let from = tile;
    let to = c;
    let rest = columns;
    while (rest > 0) {
      const full = rest >= 4;
      const v = loadLanes(from, full);
      storeLanes(to, accumulate ? f32x4.add(loadLanes(to, full), v) : v, full);
      const step = full ? 4 : 1;
      from += <usize>step << 2;
      to += <usize>step << 2;
      rest -= step;
    }
    c += cStride;
    tile += 32;
  }
}

/**
 * Where the tiles of one side of a block are: the whole ones start `tile` bytes apart, and from one k to the next their
 * numbers are `step` bytes apart; the last one, when it is not whole, is a panel of its own.
 */
@unmanaged
class Side {
  first: usize;
  tile: usize;
  step: usize;
  rest: usize;
  /** From one line to the next in bytes; 4 but for a left side that is read row by row. */
  line: usize;
}

/** Where the left side is kept in a workspace, in bytes, and how far behind it the right one. */
const SIDES: usize = 128;
const SIDE: usize = 32;

/** A block that is packed whole, `width` lines a panel. */
// @ts-ignore: decorator
@inline
function packedSide(side: Side, panels: usize, length: i32, depth: i32, width: i32): void {
  side.line = 4;
  side.step = <usize>width << 2;
  side.tile = side.step * depth;
  side.first = panels;
  side.rest = panels + <usize>(length / width) * side.tile;
}

/**
 * Prepares `length` lines of `depth` for tiles of `width`: reads them as they lie when neighbouring lines are neighbours
 * in memory and either all of it fits the first-level cache or hardly more tiles than one (`reuse` lines) read it.
 */
function prepareSide(
  side: Side,
  source: usize,
  lineStride: usize,
  depthStride: usize,
  length: i32,
  depth: i32,
  panels: usize,
  width: i32,
  reuse: i32,
): void {
  if (lineStride == 1 && (reuse <= DIRECT_REUSE || <i32>depthStride * depth <= DIRECT_SIZE)) {
    const whole = (length / width) * width;
    side.line = 4;
    side.first = source;
    side.tile = <usize>width << 2;
    side.step = depthStride << 2;
    side.rest = panels;
    packPanels(source + (<usize>whole << 2), 1, depthStride, length - whole, depth, panels, width);
  } else {
    packedSide(side, panels, length, depth, width);
    packPanels(source, lineStride, depthStride, length, depth, panels, width);
  }
}

/** The left side: read row by row when its rows run along k, else as `prepareSide` has it. */
// @ts-ignore: decorator
@inline
function prepareLeft(
  side: Side,
  source: usize,
  row: usize,
  column: usize,
  length: i32,
  depth: i32,
  panels: usize,
  reuse: i32,
): void {
  if (column == 1 && row != 1 && row <= DIRECT_ROW) {
    side.line = row << 2;
    side.first = source;
    side.tile = row << 4;
    side.step = 4;
    side.rest = panels;
    if ((length & 3) == 3) packPanels(source + <usize>(length >> 2) * side.tile, row, 1, 3, depth, panels, 4);
  } else {
    prepareSide(side, source, row, column, length, depth, panels, 4, reuse);
  }
}

/** One row of a block: c[columns] (+)= x · right, four tiles at a time; what is left of them goes by the spare tile. */
function gemmRow(
  x: usize,
  xStep: usize,
  right: Side,
  c: usize,
  columns: i32,
  depth: i32,
  accumulate: bool,
  spare: usize,
): void {
  const tile = right.tile;
  const step = right.step;
  let p = right.first;
  for (; columns >= 32; columns -= 32) {
    rowMicro4x8(x, xStep, p, p + tile, p + 2 * tile, p + 3 * tile, step, c, c + 64, depth, accumulate);
    p += tile << 2;
    c += 128;
  }
  if (columns >= 8) {
    const whole = columns & ~7;
    const second = whole > 8 ? p + tile : p;
    const third = whole > 16 ? second + tile : p;
    rowMicro4x8(x, xStep, p, second, third, p, step, spare, spare + 64, depth, false);
    storeEdge(spare, c, 0, 1, whole, accumulate);
    c += <usize>whole << 2;
    columns -= whole;
  }
  if (columns > 0) {
    const rest = right.rest;
    rowMicro4x8(x, xStep, rest, rest, rest, rest, 32, spare, spare + 64, depth, false);
    storeEdge(spare, c, 0, 1, columns, accumulate);
  }
}

/** C block [rows, columns] (+)= left · right, the two sides that `workspace` begins with. */
function gemmBlock(c: usize, cRow: usize, rows: i32, columns: i32, depth: i32, accumulate: bool, workspace: usize): void {
  const left = changetype<Side>(workspace + SIDES);
  const right = changetype<Side>(workspace + SIDES + SIDE);
  const cStride = cRow << 2;
  // A row or two left over take less time alone than as half a tile.
  const byRows = left.line != 4;
  const alone = (rows & 3) < 3 ? rows & 3 : 0;
  rows -= alone;
  for (let i = 0; i < alone; i++) {
    const x = byRows ? left.first + <usize>(rows + i) * left.line : left.rest + (<usize>i << 2);
    const row = c + <usize>(rows + i) * cStride;
    gemmRow(x, byRows ? 4 : 16, right, row, columns, depth, accumulate, workspace);
  }
  if (rows == 0) return;
  let b = right.first;
  // The right panel stays in the first-level cache while the left panels pass by.
  for (let j = 0; j < columns; j += 8) {
    const width = min(8, columns - j);
    let bStep = right.step;
    if (width < 8) {
      b = right.rest;
      bStep = 32;
    }
    let a = left.first;
    let tile = c + (<usize>j << 2);
    for (let i = 0; i < rows; i += 4) {
      const height = min(4, rows - i);
      if (byRows && height == 4) {
        if (width == 8) gemmMicroRows4x8(a, left.line, b, bStep, tile, cStride, depth, accumulate);
        else {
          gemmMicroRows4x8(a, left.line, b, bStep, workspace, 32, depth, false);
          storeEdge(workspace, tile, cStride, 4, width, accumulate);
        }
      } else if (width == 8 && height == 4) {
        gemmMicro4x8(a, left.step, b, bStep, tile, cStride, depth, accumulate);
      } else {
        const whole = height == 4;
        gemmMicro4x8(whole ? a : left.rest, whole ? left.step : 16, b, bStep, workspace, 32, depth, false);
        storeEdge(workspace, tile, cStride, height, width, accumulate);
      }
      a += left.tile;
      tile += cStride << 2;
    }
    b += right.tile;
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
  const left = changetype<Side>(workspace + SIDES);
  const right = changetype<Side>(workspace + SIDES + SIDE);
  const panels = workspace + (SPARE << 2);
  for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, k - kk);
    packedSide(right, packed, n, depth, 8);
    for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, m - ii);
      const from = a + ((<usize>ii * aRow + <usize>kk * aColumn) << 2);
      prepareLeft(left, from, aRow, aColumn, rows, depth, panels, n);
      gemmBlock(c + ((<usize>ii * cRow) << 2), cRow, rows, n, depth, accumulate || kk > 0, workspace);
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
  const left = changetype<Side>(workspace + SIDES);
  const right = changetype<Side>(workspace + SIDES + SIDE);
  const leftPanels = workspace + (SPARE << 2);
  const rightPanels = leftPanels + ((<usize>roundUp(min(m, BLOCK_ROWS), 4) * min(k, BLOCK_DEPTH)) << 2);
  for (let jj = 0; jj < n; jj += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - jj);
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
      const depth = min(BLOCK_DEPTH, k - kk);
      const from = b + ((<usize>kk * bRow + <usize>jj * bColumn) << 2);
      prepareSide(right, from, bColumn, bRow, columns, depth, rightPanels, 8, m);
      for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, m - ii);
        const from = a + ((<usize>ii * aRow + <usize>kk * aColumn) << 2);
        prepareLeft(left, from, aRow, aColumn, rows, depth, leftPanels, columns);
        gemmBlock(c + ((<usize>ii * cRow + <usize>jj) << 2), cRow, rows, columns, depth, accumulate || kk > 0, workspace);
      }
    }
  }
}
