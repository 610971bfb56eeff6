/** A training step with an expression, where a content security policy may forbid to compile. */
import { activation, activationMap, GRU, normal, SGD, seed, square, sum } from "unrolled";

/** Whether the expression was compiled, and what a few steps gave; or what was thrown. */
export type Told =
  | { readonly compiled: boolean; readonly losses: readonly number[]; readonly mapped: readonly number[] }
  | { readonly error: string; readonly message: string };

export function trainWithExpression(): Told {
  try {
    seed(5);
    const swish = activation("x * sigmoid(beta * x)", { beta: { learn: 1 } });
    const layer = new GRU({ inputSize: 3, hiddenSize: 9, activation: swish });
    const optimizer = new SGD(layer.parameters(), { learningRate: 0.05 });
    const x = normal([6, 4, 3]).detach();
    const losses = Array.from({ length: 4 }, () => {
      optimizer.zeroGrad();
      const loss = sum(square(layer.forward(x).output));
      loss.backward();
      optimizer.step();
      return loss.item();
    });
    const mapped = [...activationMap("x * tanh(softplus(x))")(Float32Array.of(-1, 0, 2))];
    return { compiled: swish.compiled, losses, mapped };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
}
