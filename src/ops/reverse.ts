import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { formatShape, requireShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** How many steps of each sequence in a batch count: int32 [B], or as many whole numbers. */
export type Lengths = Tensor | readonly number[];

/**
 * Each sequence of a batch from its end: y[t, b] = x[length_b − 1 − t, b] within its length, and x[t, b] beyond.
 *
 *     reverseSequence(x);                      // [T, B, …], all T steps
 *     reverseSequence(x, { lengths: [5, 3] }); // padding stays where it is
 *
 * @param x [T, B, …], or [B, T, …] with `batchFirst`.
 * @returns x's shape.
 * @throws {ShapeError} when x has no time and batch axes or there are not B lengths; {OptionError} when a length is not a
 *   whole number from 0 to T, or an option is unknown.
 */
export function reverseSequence(x: Tensor, options: { lengths?: Lengths; batchFirst?: boolean } = {}): Tensor {
  requireKnown("reverseSequence", options, ["lengths", "batchFirst"]);
  const { lengths, batchFirst = false } = options;
  if (x.shape.length < 2) {
    const wanted = batchFirst ? "[B, T, ...]" : "[T, B, ...]";
    throw new ShapeError(`reverseSequence x: expected ${wanted}, got ${formatShape(x.shape)}`);
  }
  const [first, second] = x.shape as [number, number];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  const counts = lengths === undefined ? null : lengthsTensor("reverseSequence lengths", lengths, batch, steps);
  const width = sizeOf(x.shape.slice(2));
  const [timeStride, batchStride] = batchFirst ? [1, steps] : [batch, 1];
  const y = Tensor.inStep(x.shape, x.dtype);
  const apply = (from: number, to: number): void =>
    engine().kernels.reverseRows(from, counts?.address ?? 0, to, steps, batch, timeStride, batchStride, width);
  apply(x.address, y.address);
  record([x], [y], () => writeGradient(x, (dx) => apply(gradientOf(y), dx)));
  return y;
}

/**
 * Lengths as an int32 tensor [B].
 * @throws {ShapeError} when there are not `batch` of them; {OptionError} naming one that is not from 0 to `steps`.
 */
export function lengthsTensor(what: string, lengths: Lengths, batch: number, steps: number): Tensor {
  if (lengths instanceof Tensor && lengths.dtype !== "int32") {
    throw new ShapeError(`${what}: expected int32 lengths, got ${lengths.dtype}`);
  }
  const values = lengths instanceof Tensor ? lengths.toArray() : [...lengths];
  requireShape(what, lengths instanceof Tensor ? lengths.shape : [values.length], [batch]);
  values.forEach((value, b) => {
    if (!Number.isInteger(value) || value < 0 || value > steps) {
      throw new OptionError(`${what}: expected whole numbers from 0 to ${steps}, got ${value} at sequence ${b}`);
    }
  });
  return Tensor.fromArray(Int32Array.from(values), [batch]);
}
