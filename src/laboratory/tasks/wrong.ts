import type { Tensor } from "../../tensor/tensor.ts";

/**
 * The share of classes that a network names wrongly: the largest of each row's numbers is what it says, the first of equals.
 * NaN when a number is NaN.
 * @param output [..., C]
 * @param target int32 [...]
 * @param from rows before this one do not count.
 */
export function errorRate(output: Tensor, target: Tensor, from = 0): number {
  const [said, wanted] = [output.toArray(), target.toArray()];
  const classes = output.shape.at(-1) as number;
  let wrong = 0;
  for (let row = from; row < wanted.length; row++) {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const value = said[row * classes + c] as number;
      if (Number.isNaN(value)) return Number.NaN;
      if (value > (said[row * classes + best] as number)) best = c;
    }
    if (best !== wanted[row]) wrong++;
  }
  return wrong / (wanted.length - from);
}
