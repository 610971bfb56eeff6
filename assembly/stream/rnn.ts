import { multiply } from "./product";
import { Stage } from "./stage";

/** h := f(W·x + U·h + b), f any activation. See recurrent/rnn.ts. */
export function rnnStage(stage: usize, input: usize): usize {
  const s = changetype<Stage>(stage);
  const hidden = s.size;
  const z = s.gates;
  memory.copy(z, s.bias, <usize>hidden << 2);
  multiply(s.format, s.weight, input, z, hidden, s.input, s.workspace);
  multiply(s.format, s.recurrent, s.state, z, hidden, hidden, s.workspace);
  call_indirect<void>(s.activation, z, s.state, hidden, s.parameters);
  return s.state;
}
