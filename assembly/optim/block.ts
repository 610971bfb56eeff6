/** A parameter with all that one step of an optimizer reads and writes: an entry of the list `src/optim` keeps. */
@unmanaged
export class Block {
  /** [count] */
  parameter: usize;
  /** [count] */
  gradient: usize;
  /** What the optimizer keeps from step to step: up to three arrays, [count] unless the kernel says otherwise; else 0. */
  firstState: usize;
  secondState: usize;
  thirdState: usize;
  /** Rows of a matrix [rows, count / rows] whose second moment is kept factored; 0 elsewhere. */
  rows: i32;
  count: i32;
}

/** The block behind this one in a list. */
// @ts-ignore: decorator
@inline
export function nextBlock(block: usize): usize {
  return block + offsetof<Block>();
}
