/**
 * The activations of the catalogue over blocks of numbers, one pair of function-table slots each, which are called as those
 * of elementwise/unary.ts are.
 */
import { backwardInVectors, forwardInFours } from "../elementwise/maps";
import { PenalizedTanh } from "./tanhFamily";

function penalizedTanhForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<PenalizedTanh>(x, y, count, parameters);
}
function penalizedTanhBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<PenalizedTanh>(x, y, dy, dx, count, parameters);
}

/** The forward slot of an activation. */
export function catalogueForwardSlot(kind: i32): i32 {
  return penalizedTanhForward.index;
}

/** The backward slot of an activation. */
export function catalogueBackwardSlot(kind: i32): i32 {
  return penalizedTanhBackward.index;
}
