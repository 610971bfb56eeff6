import { accumulateGradient, gradientOf, record } from "../autograd/graph.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError, ShapeError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { ranges } from "../runtime/threads/ranges.ts";
import { requireFloat32, requireShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { copy } from "./strided.ts";

/**
 * Checks that every index is inside a table.
 * @throws {OptionError} naming the first one that is not.
 */
export function requireIndices(what: string, indices: Tensor, count: number, ignore?: number): void {
  if (indices.dtype !== "int32") throw new ShapeError(`${what}: expected int32 indices, got ${indices.dtype}`);
  const start = indices.address >>> 2;
  const { i32 } = engine();
  for (let i = 0; i < indices.size; i++) {
    const index = i32[start + i] as number;
    if ((index < 0 || index >= count) && index !== ignore) {
      throw new OptionError(`${what}: expected indices from 0 to ${count - 1}, got ${index} at position ${i}`);
    }
  }
}

/**
 * Rows of a table by index: y[…, :] = weight[tokens[…], :].
 *
 * ```ts
 * embedding(tensor([[1, 2], [3, 4]]), tensor(Int32Array.of(1, 0, 1))); // [[3, 4], [1, 2], [3, 4]]
 * ```
 *
 * @param weight [count, size] table.
 * @param tokens int32 of any shape.
 * @param options `paddingIndex`: a token whose row gets no gradient from here.
 * @returns [...tokens.shape, size]
 * @throws {OptionError} when a token or `paddingIndex` is outside the table; {ShapeError} when `weight` is not a matrix of float32 numbers.
 */
export function embedding(weight: Tensor, tokens: Tensor, options: { paddingIndex?: number } = {}): Tensor {
  requireKnown("embedding", options, ["paddingIndex"]);
  const { paddingIndex } = options;
  requireFloat32("embedding weight", weight);
  requireShape("embedding weight", weight.shape, ["count", "size"]);
  const [count, width] = weight.shape as [number, number];
  requireIndices("embedding tokens", tokens, count);
  if (paddingIndex !== undefined) requirePaddingIndex("embedding", paddingIndex, count);
  const y = Tensor.inStep([...tokens.shape, width]);
  const { kernels } = engine();
  kernels.gatherRows(weight.address, tokens.address, y.address, tokens.size, width);
  // What works on the table instead of the rows would send the padding a gradient.
  if (paddingIndex === undefined) y.lookup = { weight, tokens };
  record([weight], [y], () => {
    accumulateGradient(weight, (d) => {
      if (paddingIndex === undefined) {
        scatterAdd(gradientOf(y), tokens, d, width);
        return;
      }
      // The row's gradient may hold what another use of the table has sent: it is put back as it was.
      const row = d + paddingIndex * width * 4;
      const kept = engine().allocate(width);
      copy(row, kept, width);
      scatterAdd(gradientOf(y), tokens, d, width);
      copy(kept, row, width);
    });
  });
  return y;
}

/** @throws {OptionError} unless `index` is a row of a table of `count`. */
export function requirePaddingIndex(what: string, index: number, count: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new OptionError(`${what} paddingIndex: expected a whole number from 0 to ${count - 1}, got ${index}`);
  }
}

/** dTable[tokens[i], :] += dy[i, :], both of `width` columns; threads share the columns. */
export function scatterAdd(dy: number, tokens: Tensor, dTable: number, width: number): void {
  const { kernels, threads } = engine();
  const { address, size } = tokens;
  const parts = threads?.partsFor(size * width, Math.ceil(width / COLUMNS)) ?? 1;
  if (!threads || parts === 1) {
    kernels.scatterAddRows(dy, address, dTable, size, width, width);
    return;
  }
  threads.run(
    "scatterAddRows",
    ranges(width, parts, COLUMNS).map(({ first, size: columns }) => {
      return [dy + first * 4, address, dTable + first * 4, size, width, columns];
    }),
  );
}

/** Parts are whole cache lines of columns. */
const COLUMNS = 16;
