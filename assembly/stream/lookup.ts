import { Stage } from "./stage";

/** state[size] := weight[token, :], the token an i32 within the table at `input`. */
export function lookupStage(stage: usize, input: usize): usize {
  const s = changetype<Stage>(stage);
  const bytes = <usize>s.size << 2;
  memory.copy(s.state, s.weight + bytes * load<u32>(input), bytes);
  return s.state;
}
