/**
 * The states of a pass: T + 1 blocks [B, H] with the initial state before the first step. Walking backward in time the
 * initial state lies last, so that the output and the history of h_{t-1} are both contiguous, one block apart.
 */
import { gradientOf } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { requireFloat32, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";

export interface History {
  /** [T + 1, B, H] */
  readonly states: Tensor;
  /** [T, B, H]: the state after each step. */
  readonly output: Tensor;
  /** The address of [T, B, H]: the state before each step. */
  readonly before: number;
  /** [B, H]: the state after the last step. */
  readonly last: Tensor;
}

/** Reserves the states of a pass and puts the initial one in its place. */
export function openHistory(
  what: string,
  initial: Tensor | null | undefined,
  steps: number,
  batch: number,
  hidden: number,
  reverse: boolean,
): History {
  if (initial) {
    requireFloat32(what, initial);
    requireShape(what, initial.shape, [batch, hidden]);
  }
  const block = batch * hidden;
  const states = Tensor.inStep([steps + 1, batch, hidden]);
  const first = states.address + (reverse ? steps * block * 4 : 0);
  if (initial) copy(initial.address, first, block);
  else engine().kernels.fill(first, block, 0);
  return {
    states,
    output: Tensor.view(states, reverse ? 0 : block, [steps, batch, hidden]),
    before: states.address + (reverse ? block * 4 : 0),
    last: Tensor.view(states, reverse ? 0 : steps * block, [batch, hidden]),
  };
}

/** A block [B, H] that starts as the gradient of the last state (zeros when nothing depended on it). */
export function openStateGradient(last: Tensor): number {
  const block = engine().allocate(last.size);
  const from = gradientOf(last);
  if (from !== 0) copy(from, block, last.size);
  else engine().kernels.fill(block, last.size, 0);
  return block;
}
