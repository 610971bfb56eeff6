/**
 * Zoneout: some numbers of a state stay what they were, y := y + k⊙(before − y), with k = 1 where one stays and 0 where
 * it does not, or the probability of staying everywhere, which is the expectation.
 *
 * Source: Krueger et al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations".
 */
import { loadLanes, storeLanes } from "../base/lanes";

/** after := after + keep⊙(before − after). */
export function keepPrevious(keep: usize, before: usize, after: usize, count: i32): void {
  while (count > 0) {
    const full = count >= 4;
    const y = loadLanes(after, full);
    storeLanes(after, f32x4.add(y, f32x4.mul(loadLanes(keep, full), f32x4.sub(loadLanes(before, full), y))), full);
    const step = full ? 4 : 1;
    const bytes = <usize>step << 2;
    keep += bytes;
    before += bytes;
    after += bytes;
    count -= step;
  }
}

/** kept := keep⊙dAfter, the part of the gradient that goes to `before`; dAfter := the rest. */
export function keepPreviousBackward(keep: usize, dAfter: usize, kept: usize, count: i32): void {
  while (count > 0) {
    const full = count >= 4;
    const d = loadLanes(dAfter, full);
    const stays = f32x4.mul(loadLanes(keep, full), d);
    storeLanes(kept, stays, full);
    storeLanes(dAfter, f32x4.sub(d, stays), full);
    const step = full ? 4 : 1;
    const bytes = <usize>step << 2;
    keep += bytes;
    dAfter += bytes;
    kept += bytes;
    count -= step;
  }
}
