/** Training steps over one long sequence, in a process of its own: "plain" or "checkpointed", T and H in the arguments. */
import {
  Checkpointed,
  Linear,
  LSTM,
  type LSTMState,
  Module,
  runtimeInfo,
  SGD,
  sum,
  type Tensor,
  tensor,
} from "unrolled";
import { randomFloats, randomSource } from "../random.ts";

const [mode, steps, hiddenSize] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const INPUT = 16;
const WARM = 1;
const TIMED = 4;

/** What follows the layer step by step is inside, so that its input is not kept either. */
class Head extends Module {
  lstm = new LSTM({ inputSize: INPUT, hiddenSize });
  linear = new Linear({ inputSize: hiddenSize, outputSize: 8 });

  override forward(x: Tensor, state?: LSTMState): { output: Tensor; state: LSTMState } {
    const { output, state: last } = this.lstm.forward(x, state);
    return { output: this.linear.forward(output), state: last };
  }
}

const model = mode === "plain" ? new Head() : new Checkpointed(new Head());
const x = tensor(randomFloats(randomSource(1), steps * INPUT), [steps, 1, INPUT]);
const optimizer = new SGD(model.parameters(), { learningRate: 1e-4 });
const before = runtimeInfo().heapBytes;
const seconds: number[] = [];
for (let step = 0; step < WARM + TIMED; step++) {
  const started = performance.now();
  optimizer.zeroGrad();
  sum(model.forward(x).output).backward();
  optimizer.step();
  if (step >= WARM) seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify({ seconds, bytes: runtimeInfo().heapBytes - before }));
