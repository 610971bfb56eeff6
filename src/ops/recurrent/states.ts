/**
 * The states of a pass over sequences of one length: T + 1 blocks [B, H] with the initial state before the first step.
 * Walking backward in time the initial state lies last, so that the outputs and the states before each step are both
 * contiguous, one block apart.
 */
import { engine } from "../../runtime/engine.ts";
import { requireFloat32, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";

export interface States {
  /** [T + 1, B, H] */
  readonly all: Tensor;
  /** [T, B, H]: the state after each step. */
  readonly output: Tensor;
  /** [B, H]: the state after the last step. */
  readonly last: Tensor;
}

/**
 * Reserves the states of a pass [T, B, H] and puts the initial one, or zeros, in its place.
 * @throws {ShapeError} when the initial state is not [B, H] of float32 numbers.
 */
export function openStates(
  what: string,
  initial: Tensor | null | undefined,
  [steps, batch, hidden]: readonly [number, number, number],
  reverse: boolean,
): States {
  if (initial) {
    requireFloat32(what, initial);
    requireShape(what, initial.shape, [batch, hidden]);
  }
  const block = batch * hidden;
  const all = Tensor.inStep([steps + 1, batch, hidden]);
  const first = all.address + (reverse ? steps * block * 4 : 0);
  if (initial) copy(initial.address, first, block);
  else engine().kernels.fill(first, block, 0);
  return {
    all,
    output: Tensor.view(all, reverse ? 0 : block, [steps, batch, hidden]),
    last: Tensor.view(all, reverse ? 0 : steps * block, [batch, hidden]),
  };
}
