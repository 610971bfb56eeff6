/**
 * Sweeps over one sequence's cell at one step, from which lstmVariant.ts is put together: c_t from the gates, and both ways
 * back through s = o⊙φ(c) and c_t. Each assigns, reads and writes rows of H numbers, and inlines the slope of gates that
 * are sigmoid.
 */
import { loadLanes, storeLanes } from "../base/lanes";
import { throughSigmoid } from "./row";

/** c_t, given the gates; f lies `forget` bytes behind i, or is 1 − i where that is 0. */
export function nextCell(
  z: usize,
  candidate: usize,
  before: usize,
  c: usize,
  keepCell: usize,
  forget: usize,
  hidden: i32,
): void {
  let at: usize = 0;
  while (hidden > 0) {
    const full = hidden >= 4;
    const i = loadLanes(z + at, full);
    const f = forget ? loadLanes(z + forget + at, full) : f32x4.sub(f32x4.splat(1), i);
    const previous = loadLanes(before + at, full);
    let next = f32x4.add(f32x4.mul(f, previous), f32x4.mul(i, loadLanes(candidate + at, full)));
    if (keepCell) next = f32x4.add(next, f32x4.mul(loadLanes(keepCell + at, full), f32x4.sub(previous, next)));
    storeLanes(c + at, next, full);
    const step = full ? 4 : 1;
    at += <usize>step << 2;
    hidden -= step;
  }
}

/** Four lanes of `squashedBackward`, or one. */
// @ts-ignore: decorator
@inline
function squashedBackwardLanes(
  ds: usize,
  squashed: usize,
  output: usize,
  dOutput: usize,
  dSquashed: usize,
  sigmoid: bool,
  at: usize, full: bool,
): void {
  const d = loadLanes(ds + at, full);
  const o = loadLanes(output + at, full);
  const dHere = f32x4.mul(d, loadLanes(squashed + at, full));
  storeLanes(dOutput + at, sigmoid ? throughSigmoid(dHere, o) : dHere, full);
  storeLanes(dSquashed + at, f32x4.mul(d, o), full);
}

/** dOutput := ds⊙squashed, and behind a sigmoid; dSquashed := ds⊙output. dOutput may be output. */
export function squashedBackward(
  ds: usize,
  squashed: usize,
  output: usize,
  dOutput: usize,
  dSquashed: usize,
  sigmoid: bool,
  hidden: i32,
): void {
  let at: usize = 0;
  for (; hidden >= 4; hidden -= 4) {
    squashedBackwardLanes(ds, squashed, output, dOutput, dSquashed, sigmoid, at, true);
    at += 16;
  }
  for (; hidden > 0; hidden--) {
    squashedBackwardLanes(ds, squashed, output, dOutput, dSquashed, sigmoid, at, false);
    at += 4;
  }
}

/** Four lanes of `cellBackward`, or one. */
// @ts-ignore: decorator
@inline
function cellBackwardLanes(
  z: usize,
  candidate: usize,
  before: usize,
  dCell: usize,
  dc: usize,
  keepCell: usize,
  room: usize,
  dCandidate: usize,
  forget: usize,
  sigmoid: bool,
  at: usize, full: bool,
): void {
  const i = loadLanes(z + at, full);
  const f = forget ? loadLanes(z + forget + at, full) : f32x4.sub(f32x4.splat(1), i);
  let dcHere = f32x4.add(loadLanes(dc + at, full), loadLanes(dCell + at, full));
  let dcPrevious = f32x4.splat(0);
  if (keepCell) {
    dcPrevious = f32x4.mul(loadLanes(keepCell + at, full), dcHere);
    dcHere = f32x4.sub(dcHere, dcPrevious);
  }
  const df = f32x4.mul(dcHere, loadLanes(before + at, full));
  let di = f32x4.mul(dcHere, loadLanes(candidate + at, full));
  if (!forget) di = f32x4.sub(di, df);
  const to = sigmoid ? z : room;
  storeLanes(to + at, sigmoid ? throughSigmoid(di, i) : di, full);
  if (forget) storeLanes(to + forget + at, sigmoid ? throughSigmoid(df, f) : df, full);
  storeLanes(room + dCandidate + at, f32x4.mul(dcHere, i), full);
  storeLanes(dc + at, f32x4.add(dcPrevious, f32x4.mul(dcHere, f)), full);
}

/**
 * `room` := dL/di, dL/df and, where the candidate lies, dL/dg; dc: dL/dc_t but for dCell → dL/dc_{t-1}. Of gates that are
 * sigmoid the first two go through it, and become dL/dz in place.
 */
export function cellBackward(
  z: usize,
  candidate: usize,
  before: usize,
  dCell: usize,
  dc: usize,
  keepCell: usize,
  room: usize,
  forget: usize,
  sigmoid: bool,
  hidden: i32,
): void {
  const dCandidate = candidate - z;
  let at: usize = 0;
  for (; hidden >= 4; hidden -= 4) {
    cellBackwardLanes(z, candidate, before, dCell, dc, keepCell, room, dCandidate, forget, sigmoid, at, true);
    at += 16;
  }
  for (; hidden > 0; hidden--) {
    cellBackwardLanes(z, candidate, before, dCell, dc, keepCell, room, dCandidate, forget, sigmoid, at, false);
    at += 4;
  }
}
