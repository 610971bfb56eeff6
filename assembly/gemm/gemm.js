"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.gemmWorkspaceSize = gemmWorkspaceSize;
exports.packedRightSize = packedRightSize;
exports.gemmPackedWorkspaceSize = gemmPackedWorkspaceSize;
exports.packRight = packRight;
exports.gemmPacked = gemmPacked;
exports.gemm = gemm;
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
const micro_1 = require("./micro");
const pack_1 = require("./pack");
const BLOCK_DEPTH = 256;
const BLOCK_ROWS = 128;
const BLOCK_COLUMNS = 512;
// @ts-ignore: decorator
function roundUp(value, multiple) {
    return ((value + multiple - 1) / multiple) * multiple;
}
/** Numbers of workspace that `gemm` wants. */
function gemmWorkspaceSize(m, n, k) {
    const depth = min(k, BLOCK_DEPTH);
    return (roundUp(min(m, BLOCK_ROWS), 4) + roundUp(min(n, BLOCK_COLUMNS), 8)) * depth;
}
/** Numbers that `packRight` writes for B[k, n]. */
function packedRightSize(n, k) {
    return roundUp(n, 8) * k;
}
/** Numbers of workspace that `gemmPacked` wants. */
function gemmPackedWorkspaceSize(m, k) {
    return roundUp(min(m, BLOCK_ROWS), 4) * min(k, BLOCK_DEPTH);
}
/** C block [rows, columns] (+)= packed left block · packed right block. */
function gemmBlock(left, right, c, cRow, rows, columns, depth, accumulate) {
    const leftStep = (depth * 4) << 2;
    const rightStep = (depth * 8) << 2;
    const cStride = cRow << 2;
    // The right panel stays in the first-level cache while the left panels pass by.
    for (let j = 0; j < columns; j += 8) {
        let panel = left;
        let tile = c + (j << 2);
        const width = min(8, columns - j);
        for (let i = 0; i < rows; i += 4) {
            (0, micro_1.gemmMicro4x8)(panel, right, tile, cStride, depth, min(4, rows - i), width, accumulate);
            panel += leftStep;
            tile += cStride << 2;
        }
        right += rightStep;
    }
}
/** Packs the whole of B[k, n], block of depth after block of depth, for `gemmPacked`. */
function packRight(b, bRow, bColumn, n, k, packed) {
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
        const depth = min(BLOCK_DEPTH, k - kk);
        (0, pack_1.packPanels)(b + ((kk * bRow) << 2), bColumn, bRow, n, depth, packed, 8);
        packed += (roundUp(n, 8) * depth) << 2;
    }
}
/** C[m, n] := A·B (or +=) with B packed by `packRight`. */
function gemmPacked(a, aRow, aColumn, packed, c, cRow, m, n, k, accumulate, workspace) {
    for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
        const depth = min(BLOCK_DEPTH, k - kk);
        for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
            const rows = min(BLOCK_ROWS, m - ii);
            (0, pack_1.packPanels)(a + ((ii * aRow + kk * aColumn) << 2), aRow, aColumn, rows, depth, workspace, 4);
            const block = c + ((ii * cRow) << 2);
            gemmBlock(workspace, packed, block, cRow, rows, n, depth, accumulate || kk > 0);
        }
        packed += (roundUp(n, 8) * depth) << 2;
    }
}
/** C[m, n] := A·B (or +=). With k = 0 the sum is empty: C := 0 (or stays). */
function gemm(a, aRow, aColumn, b, bRow, bColumn, c, cRow, m, n, k, accumulate, workspace) {
    if (k == 0 && !accumulate) {
        for (let i = 0; i < m; i++)
            memory.fill(c + ((i * cRow) << 2), 0, n << 2);
    }
    const right = workspace + ((roundUp(min(m, BLOCK_ROWS), 4) * min(k, BLOCK_DEPTH)) << 2);
    for (let jj = 0; jj < n; jj += BLOCK_COLUMNS) {
        const columns = min(BLOCK_COLUMNS, n - jj);
        for (let kk = 0; kk < k; kk += BLOCK_DEPTH) {
            const depth = min(BLOCK_DEPTH, k - kk);
            (0, pack_1.packPanels)(b + ((kk * bRow + jj * bColumn) << 2), bColumn, bRow, columns, depth, right, 8);
            for (let ii = 0; ii < m; ii += BLOCK_ROWS) {
                const rows = min(BLOCK_ROWS, m - ii);
                (0, pack_1.packPanels)(a + ((ii * aRow + kk * aColumn) << 2), aRow, aColumn, rows, depth, workspace, 4);
                const block = c + ((ii * cRow + jj) << 2);
                gemmBlock(workspace, right, block, cRow, rows, columns, depth, accumulate || kk > 0);
            }
        }
    }
}
