import { lstmGates } from "../recurrent/lstm";
import { multiply } from "./product";
import { Stage } from "./stage";

/** One step of recurrent/lstm.ts: z := W·x + U·h + b in blocks i f g o, then h and c where they lie. */
export function lstmStage(stage: usize, input: usize): usize {
  const s = changetype<Stage>(stage);
  const hidden = s.size;
  const z = s.gates;
  memory.copy(z, s.bias, 4 * (<usize>hidden << 2));
  multiply(s.format, s.weight, input, z, 4 * hidden, s.input, s.workspace);
  multiply(s.format, s.recurrent, s.state, z, 4 * hidden, hidden, s.workspace);
  lstmGates(z, s.cell, s.cell, s.state, hidden, s.peepholes);
  return s.state;
}
