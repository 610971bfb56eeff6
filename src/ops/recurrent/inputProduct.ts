/**
 * The part of a recurrent layer that does not recur: x_t·W_ihᵀ + b, one product for all T, and its gradients.
 */
import { addGradient, writeGradient } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { columns, multiply, rows } from "../matmul.ts";
import { copy } from "../strided.ts";

/** The weights every recurrent layer has; G is the number of gates. */
export interface RecurrentWeights {
  /** [G·H, I] */
  readonly weightIh: Tensor;
  /** [G·H, H] */
  readonly weightHh: Tensor;
  /** [G·H] */
  readonly biasIh?: Tensor | null;
  /** [G·H] */
  readonly biasHh?: Tensor | null;
}

/** The sizes of one pass. */
export interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly input: number;
  readonly hidden: number;
  readonly gates: number;
}

/** Checks every shape of a pass and names what does not fit. */
export function checkSizes(what: string, x: Tensor, weights: RecurrentWeights, gates: number): Sizes {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  if (x.dtype !== "float32") throw new ShapeError(`${what} x: expected float32 numbers, got ${x.dtype}`);
  const hidden = weightHh.shape[1] ?? 0;
  requireShape(`${what} weightHh`, weightHh.shape, [gates * hidden, hidden]);
  requireShape(`${what} weightIh`, weightIh.shape, [gates * hidden, "I"]);
  const input = weightIh.shape[1] as number;
  requireShape(`${what} x`, x.shape, ["T", "B", input]);
  const [steps, batch] = x.shape as [number, number];
  if (steps === 0 || batch === 0) {
    throw new ShapeError(
      `${what} x: expected at least one time step and one sequence, got [${steps}, ${batch}, ${input}]`,
    );
  }
  if (biasIh) requireShape(`${what} biasIh`, biasIh.shape, [gates * hidden]);
  if (biasHh) requireShape(`${what} biasHh`, biasHh.shape, [gates * hidden]);
  return { steps, batch, input, hidden, gates: gates * hidden };
}

/** Tensors that are there. */
export function present(tensors: readonly (Tensor | null | undefined)[]): Tensor[] {
  return tensors.filter((t): t is Tensor => t != null);
}

/** The sum of the biases of a layer, in the step's memory, or 0 when it has none. */
export function sumOfBiases(weights: RecurrentWeights, size: number): number {
  if (!weights.biasIh && !weights.biasHh) return 0;
  const bias = engine().allocate(size);
  sumOfBiasesInto(weights, bias, size);
  return bias;
}

/** address[size] := b_ih + b_hh, or zeros. */
export function sumOfBiasesInto({ biasIh, biasHh }: RecurrentWeights, address: number, size: number): void {
  const { kernels } = engine();
  if (biasIh) copy(biasIh.address, address, size);
  else kernels.fill(address, size, 0);
  if (biasHh) kernels.accumulate(biasHh.address, address, size);
}

/** gates[T·B, G] := x·W_ihᵀ + bias (an address, or 0). */
export function inputProduct(x: Tensor, weightIh: Tensor, bias: number, { steps, batch, input, gates }: Sizes): Tensor {
  const product = Tensor.inStep([steps, batch, gates]);
  const m = steps * batch;
  if (bias !== 0) engine().kernels.expandAxis(bias, product.address, 1, m, gates);
  const right = columns(weightIh.address, input);
  multiply(rows(x.address, input), right, product.address, { m, n: gates, k: input, accumulate: bias !== 0 });
  return product;
}

/** Sends dL/dz (in `dGates`) to x, W_ih and the bias of the input. */
export function inputProductBackward(
  x: Tensor,
  { weightIh, biasIh }: RecurrentWeights,
  dGates: number,
  { steps, batch, input, gates }: Sizes,
): void {
  const m = steps * batch;
  addGradient(weightIh, (d, accumulate) =>
    multiply(columns(dGates, gates), rows(x.address, input), d, { m: gates, n: input, k: m, accumulate }),
  );
  if (biasIh) writeGradient(biasIh, (d) => engine().kernels.sumAxis(dGates, d, 1, m, gates));
  addGradient(x, (d, accumulate) =>
    multiply(rows(dGates, gates), rows(weightIh.address, input), d, { m, n: input, k: gates, accumulate }),
  );
}
