import { OptionError, ShapeError } from "../runtime/errors.ts";
import { Tensor } from "./tensor.ts";

/** How many steps each sequence of a batch has: an array of numbers, or an int32 tensor [B]. */
export type Lengths = readonly number[] | Int32Array | Tensor;

/**
 * How many steps of a segment of a longer sequence there are for each sequence of a batch: 0 for one that was over before,
 * which keeps its state. Every layer takes them as lengths.
 */
export class RemainingSteps extends Int32Array {}

/**
 * The lengths of a batch, as integers.
 * @param most the number of steps there is room for.
 * @param least 1 where a sequence without steps has no meaning (one that is over has); default 0.
 * @throws {ShapeError} unless there is one for each sequence, {OptionError} unless each is a whole number in that range.
 */
export function requireLengths(what: string, lengths: Lengths, batch: number, most: number, least = 0): Int32Array {
  if (lengths instanceof Tensor && (lengths.dtype !== "int32" || lengths.shape.length !== 1)) {
    throw new ShapeError(
      `${what}: expected int32 numbers [${batch}], got ${lengths.dtype} [${lengths.shape.join(", ")}]`,
    );
  }
  const given = lengths instanceof Tensor ? lengths.toArray() : lengths;
  if (!Array.isArray(given) && !(given instanceof Int32Array)) {
    throw new ShapeError(`${what}: expected an array of ${batch} numbers, got ${typeof given}`);
  }
  const values = given as ArrayLike<number>;
  const from = given instanceof RemainingSteps ? 0 : least;
  if (values.length !== batch) {
    throw new ShapeError(`${what}: expected one for each of ${batch} sequences, got ${values.length}`);
  }
  for (let b = 0; b < batch; b++) {
    const length = values[b] as number;
    if (!Number.isSafeInteger(length) || length < from || length > most) {
      throw new OptionError(`${what}: expected whole numbers from ${from} to ${most}, got ${length} for sequence ${b}`);
    }
  }
  return Int32Array.from(values);
}
