/**
 * The activations of the catalogue that have kernels of their own, over blocks of numbers, one pair of function-table slots
 * each, which are called as those of elementwise/unary.ts are. All others are compiled from their expressions.
 */
import { backwardInVectors, forwardInFours } from "../elementwise/maps";
import { Mish, Swish } from "./gated";
import { PenalizedTanh } from "./tanhFamily";

function penalizedTanhForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<PenalizedTanh>(x, y, count, parameters);
}
function penalizedTanhBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<PenalizedTanh>(x, y, dy, dx, count, parameters);
}

function swishForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Swish>(x, y, count, parameters);
}
function swishBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Swish>(x, y, dy, dx, count, parameters);
}

function mishForward(x: usize, y: usize, count: i32, parameters: usize): void {
  forwardInFours<Mish>(x, y, count, parameters);
}
function mishBackward(x: usize, y: usize, dy: usize, dx: usize, count: i32, parameters: usize): void {
  backwardInVectors<Mish>(x, y, dy, dx, count, parameters);
}

/** The forward slot of an activation: 0 penalizedTanh, 1 swish, 2 mish. */
export function catalogueForwardSlot(kind: i32): i32 {
  if (kind == 0) return penalizedTanhForward.index;
  return kind == 1 ? swishForward.index : mishForward.index;
}

/** The backward slot of an activation, by the same numbers. */
export function catalogueBackwardSlot(kind: i32): i32 {
  if (kind == 0) return penalizedTanhBackward.index;
  return kind == 1 ? swishBackward.index : mishBackward.index;
}
