/**
 * Panels: the order in which the micro-kernel reads its operands, so that every read is the next one in memory.
 * A matrix of `length` lines by `depth` is cut into panels of W lines; a panel holds, for each k, its W neighbours:
 *
 *     out[panel][k][w] = source[(panel·W + w)·lineStride + k·depthStride],   zero where panel·W + w ≥ length
 *
 * Left operands use W = 4 (their lines are rows of A), right operands W = 8 (their lines are columns of B), and weights
 * that meet one vector at a time W = 16 (their lines are rows). Strides
 * are in elements, and one of the two is 1, so a transpose costs nothing but a different walk. The zero padding makes
 * edge tiles whole: a tile never branches inside its loop over k.
 *
 * `out` holds ceil(length / W)·W·depth numbers and must not overlap `source`. Assigns. Exact (only moves).
 */

/** The depth of a block: every sum of products in the engine is made of sums over this many k. */
export const BLOCK_DEPTH: i32 = 256;

/** One line of the panel becomes one column of `out`: the walk for the lines past the last whole group of four. */
function packLines(source: usize, lineStride: usize, depthStride: usize, lines: i32, depth: i32, out: usize, width: i32): void {
  const step = <usize>width << 2;
  for (let w = 0; w < width; w++) {
    let to = out + (<usize>w << 2);
    if (w < lines) {
      let from = source + ((<usize>w * lineStride) << 2);
      for (let k = 0; k < depth; k++) {
        store<f32>(to, load<f32>(from));
        from += depthStride << 2;
        to += step;
      }
    } else {
      for (let k = 0; k < depth; k++) {
        store<f32>(to, 0);
        to += step;
      }
    }
  }
}

/** Four lines that each run along k: 4×4 transposes in registers, `out` rows `step` bytes apart. */
function packFourLines(source: usize, lineStride: usize, depth: i32, out: usize, step: usize): void {
  let p0 = source;
  let p1 = p0 + (lineStride << 2);
  let p2 = p1 + (lineStride << 2);
  let p3 = p2 + (lineStride << 2);
  let to = out;
  let k = depth;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(p0);
    const r1 = v128.load(p1);
    const r2 = v128.load(p2);
    const r3 = v128.load(p3);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
    v128.store(to + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
    v128.store(to + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    to += step << 2;
  }
  for (; k > 0; k--) {
    store<f32>(to, load<f32>(p0));
    store<f32>(to, load<f32>(p1), 4);
    store<f32>(to, load<f32>(p2), 8);
    store<f32>(to, load<f32>(p3), 12);
    p0 += 4;
    p1 += 4;
    p2 += 4;
    p3 += 4;
    to += step;
  }
}

/** Cuts `length` lines into panels of `width` (4, 8, or 16 for lines that run along k). */
export function packPanels(
  source: usize,
  lineStride: usize,
  depthStride: usize,
  length: i32,
  depth: i32,
  out: usize,
  width: i32,
): void {
  const step = <usize>width << 2;
  for (let line = 0; line < length; line += width) {
    const lines = min(width, length - line);
    const from = source + ((<usize>line * lineStride) << 2);
    if (lines < width || (lineStride != 1 && depthStride != 1)) {
      packLines(from, lineStride, depthStride, lines, depth, out, width);
    } else if (depthStride == 1) {
      for (let w = 0; w < width; w += 4) {
        packFourLines(from + ((<usize>w * lineStride) << 2), lineStride, depth, out + (<usize>w << 2), step);
      }
    } else {
      let row = from;
      let to = out;
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(row));
        if (width == 8) v128.store(to, v128.load(row, 16), 16);
        row += depthStride << 2;
        to += step;
      }
    }
    out += step * depth;
  }
}
