import { binary, MULTIPLY } from "../elementwise/binary";
import { sigmoidForward, tanhForward } from "../elementwise/unary";
import { gruResetAfter, gruState } from "../recurrent/gru";
import { multiply } from "./product";
import { Stage } from "./stage";

/**
 * One step of recurrent/gru.ts. gates [4H]: z := W·x + b in blocks r z n, then the part of the candidate that comes from
 * the state: h·U_nᵀ when reset comes after, r⊙h when it comes before.
 */
export function gruStage(stage: usize, input: usize): usize {
  const s = changetype<Stage>(stage);
  const hidden = s.size;
  const h = s.state;
  const block = <usize>hidden << 2;
  const z = s.gates;
  const n = z + 2 * block;
  const candidate = n + block;
  memory.copy(z, s.bias, 3 * block);
  multiply(s.format, s.weight, input, z, 3 * hidden, s.input, s.workspace);
  multiply(s.format, s.recurrent, h, z, 2 * hidden, hidden, s.workspace);
  sigmoidForward(z, z, 2 * hidden, 0);
  if (s.resetAfter) {
    memory.fill(candidate, 0, block);
    multiply(s.format, s.candidate, h, candidate, hidden, hidden, s.workspace);
    gruResetAfter(z, candidate, s.bias + 3 * block, hidden);
  } else {
    binary(MULTIPLY, z, h, candidate, 1, hidden, 0, 1, 0, 1);
    multiply(s.format, s.candidate, candidate, n, hidden, hidden, s.workspace);
  }
  tanhForward(n, n, hidden, 0);
  gruState(z, h, h, hidden);
  return h;
}
