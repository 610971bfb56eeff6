"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.gemmMicro4x8 = gemmMicro4x8;
/**
 * The micro-kernel: the only hand-tiled code of the engine.
 *
 *     C[4, 8] := Σ_k a[k][4] ⊗ b[k][8]      (or +=)
 *
 * `a` and `b` are panels (see pack.ts). Eight accumulators, two registers of b and one broadcast of a stay in
 * registers: 11 of the 16 that V8 uses. `rows` ≤ 4 and `columns` ≤ 8 say how much of the tile is stored; the panels are
 * padded with zeros, so the sums of the rest are computed and dropped. Each sum runs over k in order, one accumulator
 * a number: |error| ≤ depth·2⁻²⁴·Σ|a·b|. C rows are `cStride` bytes apart; C overlaps neither panel.
 */
const lanes_1 = require("../base/lanes");
/** Stores (or adds) one row of the tile, `columns` of its eight numbers. */
// @ts-ignore: decorator
function storeRow(c, low, high, columns, accumulate) {
    if (columns == 8) {
        if (accumulate) {
            low = f32x4.add(v128.load(c), low);
            high = f32x4.add(v128.load(c, 16), high);
        }
        v128.store(c, low);
        v128.store(c, high, 16);
    }
    else {
        storePartialRow(c, low, high, columns, accumulate);
    }
}
function storePartialRow(c, low, high, columns, accumulate) {
    if (columns >= 4) {
        v128.store(c, accumulate ? f32x4.add(v128.load(c), low) : low);
        c += 16;
        columns -= 4;
        low = high;
    }
    if (columns > 0)
        (0, lanes_1.storeTail)(c, accumulate ? f32x4.add((0, lanes_1.loadTail)(c, columns), low) : low, columns);
}
function gemmMicro4x8(a, b, c, cStride, depth, rows, columns, accumulate) {
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    for (; depth > 0; depth--) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let x = v128.load32_splat(a);
        c00 = (0, lanes_1.multiplyAdd)(x, b0, c00);
        c01 = (0, lanes_1.multiplyAdd)(x, b1, c01);
        x = v128.load32_splat(a, 4);
        c10 = (0, lanes_1.multiplyAdd)(x, b0, c10);
        c11 = (0, lanes_1.multiplyAdd)(x, b1, c11);
        x = v128.load32_splat(a, 8);
        c20 = (0, lanes_1.multiplyAdd)(x, b0, c20);
        c21 = (0, lanes_1.multiplyAdd)(x, b1, c21);
        x = v128.load32_splat(a, 12);
        c30 = (0, lanes_1.multiplyAdd)(x, b0, c30);
        c31 = (0, lanes_1.multiplyAdd)(x, b1, c31);
        a += 16;
        b += 32;
    }
    storeRow(c, c00, c01, columns, accumulate);
    if (rows > 1)
        storeRow(c + cStride, c10, c11, columns, accumulate);
    if (rows > 2)
        storeRow(c + 2 * cStride, c20, c21, columns, accumulate);
    if (rows > 3)
        storeRow(c + 3 * cStride, c30, c31, columns, accumulate);
}
