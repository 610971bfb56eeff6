/** A whole network, one sample at a time: one call, whatever the number of layers. */
import { gruStage } from "./gru";
import { linearStage } from "./linear";
import { lookupStage } from "./lookup";
import { lstmStage } from "./lstm";
import { rnnStage } from "./rnn";
import { Stage, STAGE_BYTES } from "./stage";

/** The slot of stage kernel `kind`: 0 lookup, 1 linear, 2 RNN, 3 LSTM, 4 GRU. Any other kind: lookup. */
export function stageSlot(kind: i32): i32 {
  switch (kind) {
    case 1:
      return linearStage.index;
    case 2:
      return rnnStage.index;
    case 3:
      return lstmStage.index;
    case 4:
      return gruStage.index;
    default:
      return lookupStage.index;
  }
}

/**
 * Runs a program of `count` stages on the sample at `input`; each stage reads what the one before it left.
 * @returns the address of the last one's result.
 */
export function streamStep(program: usize, count: i32, input: usize): usize {
  const end = program + <usize>count * STAGE_BYTES;
  for (; program < end; program += STAGE_BYTES) {
    input = call_indirect<usize>(changetype<Stage>(program).kernel, program, input);
  }
  return input;
}
