/** A parameter with all that one step of an optimizer reads and writes: an entry of the list `src/optim` keeps. */
@unmanaged
export class Block {
  /** [count] */
  parameter: usize;
  /** [count] */
  gradient: usize;
  /** [count] what the optimizer keeps from step to step, one array or two; 0 where it keeps less. */
  firstState: usize;
  secondState: usize;
  count: i32;
}

/** The block behind this one in a list. */
// @ts-ignore: decorator
@inline
export function nextBlock(block: usize): usize {
  return block + offsetof<Block>();
}
