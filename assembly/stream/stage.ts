/**
 * One layer of a stream: a record of one cache line that says which kernel runs and where its memory lies. A program is
 * an array of them, a network in its order.
 *
 * A stage kernel is a function-table slot `(stage, input) → output`: it reads its sample at `input`, advances its state by
 * one time step, and returns the address of its result, which stays valid until its next step. Weights are packed when
 * they change, not here; biases that add up lie added up.
 */
@unmanaged
export class Stage {
  /** Function-table slot of the kernel. */
  kernel: i32;
  /** Numbers of the sample. */
  input: i32;
  /** Numbers of the result: H, or the outputs of a linear layer, or the width of a table. */
  size: i32;
  /** How the weights are packed: FLOAT32 or INT8 (product.ts). */
  format: i32;
  /** The weight that meets the sample, packed; or a table, as it lies. */
  weight: usize;
  /** The weight that meets the state, packed; a GRU's is U_rz. */
  recurrent: usize;
  /** GRU: U_n, packed. */
  candidate: usize;
  /** What the gates (or a linear layer's outputs) start from; a GRU has b_n of the state behind it: [4H]. */
  bias: usize;
  /** LSTM: [3H], blocks i f o, or 0 for none. */
  peepholes: usize;
  /** [G·H], a GRU [4H]: the gates of the step. */
  gates: usize;
  /** The result: h of a recurrent layer, kept from step to step. */
  state: usize;
  /** LSTM: c. */
  cell: usize;
  /** RNN: function-table slot of the activation, and the parameters handed to it. */
  activation: i32;
  parameters: usize;
  /** GRU: 1: the reset gate multiplies h·U_nᵀ + b_n; 0: it multiplies h. */
  resetAfter: i32;
  /** INT8: `quantizedSize` bytes for the longest vector that is multiplied. */
  workspace: usize;
}

/** Bytes from one stage of a program to the next. */
export const STAGE_BYTES: usize = offsetof<Stage>();
