import { gradientOf, record, writeGradient } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { type Lengths, requireLengths } from "../tensor/lengths.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * Each sequence of a batch from its end: y[t, b] = x[length_b − 1 − t, b] within its length, and x[t, b] beyond.
 *
 * ```ts
 * const x = tensor([[1, 4], [2, 5], [3, 6]]); // [T, B]
 * reverseSequence(x); // [[3, 6], [2, 5], [1, 4]]
 * reverseSequence(x, { lengths: [3, 2] }); // [[3, 5], [2, 4], [1, 6]]
 * ```
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
    companion().reverseRows(from, counts?.address ?? 0, to, steps, batch, timeStride, batchStride, width);
  apply(x.address, y.address);
  record([x], [y], () => writeGradient(x, (dx) => apply(gradientOf(y), dx)));
  return y;
}

/** Lengths as an int32 tensor [B]. @throws {ShapeError}, {OptionError} as `requireLengths`. */
export function lengthsTensor(what: string, lengths: Lengths, batch: number, steps: number): Tensor {
  return Tensor.fromArray(requireLengths(what, lengths, batch, steps), [batch]);
}
