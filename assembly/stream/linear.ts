import { multiply } from "./product";
import { Stage } from "./stage";

/** state[size] := W·x + b. */
export function linearStage(stage: usize, input: usize): usize {
  const s = changetype<Stage>(stage);
  memory.copy(s.state, s.bias, <usize>s.size << 2);
  multiply(s.format, s.weight, input, s.state, s.size, s.input, s.workspace);
  return s.state;
}
