import { gradientOf, record, withGradients, writeGradient } from "../autograd/graph.ts";
import { companion } from "../runtime/companion.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Lengths } from "../tensor/lengths.ts";
import { formatShape, requireFloat32, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { dropout, requireProbability } from "./dropout.ts";
import { broadcastStrides } from "./elementwise.ts";
import { transpose } from "./layout.ts";
import { matmul } from "./matmul.ts";
import { lengthsTensor } from "./reverse.ts";
import { gatherStrided } from "./strided.ts";

export interface AttentionOptions {
  /** What may be seen: float32, 1 seen and 0 hidden, of a shape that broadcasts to [..., T, S]. */
  mask?: Tensor;
  /** Step t sees positions 0 … t only; default false. */
  causal?: boolean;
  /** Probability of dropping a weight; default 0. */
  dropout?: number;
  /** What scores are multiplied with; default 1/√D. */
  scale?: number;
}

/** What attention finds, and where it looked. */
export interface AttentionResult {
  /** [..., T, E] */
  readonly output: Tensor;
  /** [..., T, S]; each row adds up to 1; before dropout. */
  readonly weights: Tensor;
}

/**
 * output = softmax(q·kᵀ/√D)·v, over what the mask lets each step see.
 *
 * ```ts
 * const [query, key, value] = [normal([2, 5, 8]), normal([2, 5, 8]), normal([2, 5, 3])];
 * const { output, weights } = scaledDotProductAttention(query, key, value, { causal: true });
 * output.shape; // [2, 5, 3]
 * slice(weights, 1, 0, 1); // [[[1, 0, 0, 0, 0]], [[1, 0, 0, 0, 0]]]
 * ```
 *
 * A mask says with 1 what may be seen and with 0 what may not, everywhere in this library.
 * @param query [..., T, D]; @param key [..., S, D]; @param value [..., S, E], the axes before being the same.
 * @throws {ShapeError} when shapes do not fit; {OptionError} when an option is unknown or out of range, a mask holds
 *   anything but 0 and 1, or leaves a row, which is named, nothing to see.
 * Keeps the weights, T·S numbers for each of the axes before, and as many while scores are computed.
 * Source: Vaswani et al. 2017, "Attention is all you need".
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): AttentionResult {
  const what = "scaledDotProductAttention";
  requireKnown(what, options, ["mask", "causal", "dropout", "scale"]);
  const { causal = false, mask, dropout: probability = 0 } = options;
  requireProbability(`${what} dropout`, probability);
  for (const [name, t] of Object.entries({ query, key, value })) requireFloat32(`${what} ${name}`, t);
  const rank = query.shape.length;
  const leading = query.shape.slice(0, -2);
  const [steps, width] = query.shape.slice(-2) as [number, number];
  const positions = key.shape.at(-2) as number;
  const fits = sameShape(key.shape, [...leading, positions, width]) && positions > 0;
  if (rank < 2 || !fits || !sameShape(value.shape.slice(0, -1), key.shape.slice(0, -1))) {
    const got = [query, key, value].map((t) => formatShape(t.shape)).join(", ");
    throw new ShapeError(`${what}: expected [..., T, D], [..., S, D] and [..., S, E], got ${got}`);
  }
  const scale = options.scale ?? 1 / Math.sqrt(width);
  if (!Number.isFinite(scale)) throw new OptionError(`${what} scale: expected a finite number, got ${scale}`);
  const seen = mask ? seenOf(`${what} mask`, mask, [...leading, steps, positions], causal) : null;
  const scores = matmul(query, transpose(key, -1, -2));
  const weights = maskedSoftmax(scores, seen, causal, scale);
  return { output: matmul(dropout(weights, probability), value), weights };
}

/**
 * softmax(scale·x) over the last axis of x [..., T, S], over what is seen.
 * @param seen what `seenOf` made for x's shape, or null.
 * @internal
 */
export function maskedSoftmax(x: Tensor, seen: Tensor | null, causal: boolean, scale: number): Tensor {
  const [steps, columns] = x.shape.slice(-2) as [number, number];
  const rows = x.size / columns;
  const maskRows = seen ? seen.size / columns : 1;
  const y = Tensor.inStep(x.shape);
  const { kernels } = engine();
  companion().maskedSoftmax(x.address, seen?.address ?? 0, y.address, rows, columns, maskRows, steps, causal, scale);
  record([x], [y], () => {
    writeGradient(x, (dx) => {
      kernels.softmaxBackward(y.address, gradientOf(y), dx, rows, columns);
      kernels.scale(dx, dx, x.size, scale);
    });
  });
  return y;
}

/**
 * A mask as the kernel reads it: [T, S] where all before it share one, or else written out at `shape` in full. Checked on
 * the numbers of the mask, before anything is computed.
 * @param shape [..., T, S]
 * @throws {ShapeError} when the mask does not broadcast to `shape`; {OptionError} when it holds anything but 0 and 1 or
 *   hides a whole row, which is named.
 * @internal
 */
export function seenOf(what: string, mask: Tensor, shape: Shape, causal: boolean): Tensor {
  requireFloat32(what, mask);
  const missing = shape.length - mask.shape.length;
  const fits = missing >= 0 && mask.shape.every((axis, i) => axis === 1 || axis === shape[i + missing]);
  if (!fits) {
    throw new ShapeError(
      `${what}: expected a shape that broadcasts to ${formatShape(shape)}, got ${formatShape(mask.shape)}`,
    );
  }
  const shared = sizeOf(mask.shape.slice(0, -2)) === 1;
  const target = shared ? shape.slice(-2) : shape;
  let seen = mask;
  if (!sameShape(mask.shape, target)) {
    seen = Tensor.inStep(target);
    const own = mask.shape.slice(-target.length);
    gatherStrided(mask.address, seen.address, target, broadcastStrides(own, target));
  }
  const [steps, columns] = shape.slice(-2) as [number, number];
  const fault = companion().maskFault(seen.address, seen.size / columns, columns, steps, causal);
  if (fault === -2) throw new OptionError(`${what}: expected numbers that are 0 (hidden) or 1 (seen), got another`);
  if (fault >= 0) {
    const row = formatShape(indexOf(fault, target.slice(0, -1)));
    const reason = causal ? "none that is not in the future" : "none";
    throw new OptionError(`${what}: expected something to see in each row, got ${reason} in row ${row}`);
  }
  return seen;
}

/** The index along each axis of a position counted through all of them. */
function indexOf(flat: number, shape: Shape): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((axis) => {
      const index = rest % axis;
      rest = (rest - index) / axis;
      return index;
    })
    .reverse();
}

/**
 * A mask from lengths: 1 at the first lengths[b] of S positions, 0 behind.
 *
 * ```ts
 * lengthMask([3, 1], 4); // [[1, 1, 1, 0], [1, 0, 0, 0]]
 * ```
 *
 * @returns [B, S]
 * @throws {OptionError} when a length is not a whole number from 0 to `steps`.
 */
export function lengthMask(lengths: Lengths, steps: number): Tensor {
  const batch = lengths instanceof Tensor ? lengths.size : lengths.length;
  const counts = lengthsTensor("lengthMask lengths", lengths, batch, steps);
  return withGradients(false, () => {
    const y = Tensor.inStep([batch, steps]);
    companion().maskOfLengths(counts.address, y.address, batch, steps);
    return y;
  });
}
