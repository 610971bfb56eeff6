import { gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** The losses of pairs, by their numbers in assembly/loss/pointwise.ts. */
export const PAIR = { absolute: 0, huber: 1, divergence: 2, divergenceOfLogs: 3, binaryEntropy: 4 } as const;

/** The third number of such a loss: one for all, or one a column, [C] over the last axis. */
export type Third = number | Tensor;

/** The loss of each pair of numbers of two tensors alike, with gradients to both. Saves nothing for the way back. */
export function pairLoss(kind: keyof typeof PAIR, x: Tensor, target: Tensor, third: Third = 0): Tensor {
  const columns = typeof third === "number" ? x.size : third.size;
  const rows = columns > 0 ? x.size / columns : 0;
  const [perColumn, p] = typeof third === "number" ? [() => 0, third] : [() => third.address, 0];
  const losses = Tensor.inStep(x.shape);
  const number = PAIR[kind];
  companion().pointwiseLoss(number, x.address, target.address, losses.address, rows, columns, perColumn(), p);
  record([x, target], [losses], () => {
    const send = (to: Tensor, put: (d: number) => readonly [number, number]): void =>
      writeGradient(to, (d) => {
        const [dx, dt] = put(d);
        const dy = gradientOf(losses);
        companion().pointwiseLossBackward(number, x.address, target.address, dy, dx, dt, rows, columns, perColumn(), p);
      });
    send(x, (d) => [d, 0]);
    send(target, (d) => [0, d]);
  });
  return losses;
}
