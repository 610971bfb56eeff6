"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.gemv = gemv;
/**
 * Matrix–vector product for one sample at a time: y[m] := W·x + bias, or y += W·x.
 *
 * W is row-major [m, k], so every row runs along x and is read once, as it lies: no packing, and an optimizer step
 * needs no repacking. Four rows at a time share each read of x; two accumulators a row hide the latency of the
 * addition. W, x and y do not overlap. |error| ≤ (k/8 + 4)·2⁻²⁴·Σ|w·x|; the order of the sum depends on k alone.
 */
const lanes_1 = require("../base/lanes");
// @ts-ignore: decorator
function emit(y, sum, accumulate) {
    store(y, accumulate ? load(y) + sum : sum);
}
function dotRow(row, x, k) {
    let even = f32x4.splat(0);
    let odd = even;
    for (; k >= 8; k -= 8) {
        even = (0, lanes_1.multiplyAdd)(v128.load(row), v128.load(x), even);
        odd = (0, lanes_1.multiplyAdd)(v128.load(row, 16), v128.load(x, 16), odd);
        row += 32;
        x += 32;
    }
    if (k >= 4) {
        even = (0, lanes_1.multiplyAdd)(v128.load(row), v128.load(x), even);
        row += 16;
        x += 16;
        k -= 4;
    }
    if (k > 0)
        odd = (0, lanes_1.multiplyAdd)((0, lanes_1.loadTail)(row, k), (0, lanes_1.loadTail)(x, k), odd);
    return (0, lanes_1.horizontalSum)(f32x4.add(even, odd));
}
/** y[m] := W[m, k]·x[k], or y += W·x. */
function gemv(w, x, y, m, k, accumulate) {
    const stride = k << 2;
    for (; m >= 4; m -= 4) {
        let p0 = w;
        let p1 = p0 + stride;
        let p2 = p1 + stride;
        let p3 = p2 + stride;
        let q = x;
        let even0 = f32x4.splat(0);
        let even1 = even0;
        let even2 = even0;
        let even3 = even0;
        let odd0 = even0;
        let odd1 = even0;
        let odd2 = even0;
        let odd3 = even0;
        let rest = k;
        // Eight accumulators and one read of x stay in registers; the rows are read from memory by the product itself.
        for (; rest >= 8; rest -= 8) {
            let v = v128.load(q);
            even0 = (0, lanes_1.multiplyAdd)(v128.load(p0), v, even0);
            even1 = (0, lanes_1.multiplyAdd)(v128.load(p1), v, even1);
            even2 = (0, lanes_1.multiplyAdd)(v128.load(p2), v, even2);
            even3 = (0, lanes_1.multiplyAdd)(v128.load(p3), v, even3);
            v = v128.load(q, 16);
            odd0 = (0, lanes_1.multiplyAdd)(v128.load(p0, 16), v, odd0);
            odd1 = (0, lanes_1.multiplyAdd)(v128.load(p1, 16), v, odd1);
            odd2 = (0, lanes_1.multiplyAdd)(v128.load(p2, 16), v, odd2);
            odd3 = (0, lanes_1.multiplyAdd)(v128.load(p3, 16), v, odd3);
            p0 += 32;
            p1 += 32;
            p2 += 32;
            p3 += 32;
            q += 32;
        }
        if (rest >= 4) {
            const v = v128.load(q);
            even0 = (0, lanes_1.multiplyAdd)(v128.load(p0), v, even0);
            even1 = (0, lanes_1.multiplyAdd)(v128.load(p1), v, even1);
            even2 = (0, lanes_1.multiplyAdd)(v128.load(p2), v, even2);
            even3 = (0, lanes_1.multiplyAdd)(v128.load(p3), v, even3);
            p0 += 16;
            p1 += 16;
            p2 += 16;
            p3 += 16;
            q += 16;
            rest -= 4;
        }
        if (rest > 0) {
            const v = (0, lanes_1.loadTail)(q, rest);
            odd0 = (0, lanes_1.multiplyAdd)((0, lanes_1.loadTail)(p0, rest), v, odd0);
            odd1 = (0, lanes_1.multiplyAdd)((0, lanes_1.loadTail)(p1, rest), v, odd1);
            odd2 = (0, lanes_1.multiplyAdd)((0, lanes_1.loadTail)(p2, rest), v, odd2);
            odd3 = (0, lanes_1.multiplyAdd)((0, lanes_1.loadTail)(p3, rest), v, odd3);
        }
        emit(y, (0, lanes_1.horizontalSum)(f32x4.add(even0, odd0)), accumulate);
        emit(y + 4, (0, lanes_1.horizontalSum)(f32x4.add(even1, odd1)), accumulate);
        emit(y + 8, (0, lanes_1.horizontalSum)(f32x4.add(even2, odd2)), accumulate);
        emit(y + 12, (0, lanes_1.horizontalSum)(f32x4.add(even3, odd3)), accumulate);
        w += stride << 2;
        y += 16;
    }
    for (; m > 0; m--) {
        emit(y, dotRow(w, x, k), accumulate);
        w += stride;
        y += 4;
    }
}
