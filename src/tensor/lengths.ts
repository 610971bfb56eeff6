import { OptionError, ShapeError } from "../runtime/errors.ts";
import { Tensor } from "./tensor.ts";

/** How many steps each sequence of a batch has: an array of numbers, or an int32 tensor [B]. */
export type SequenceLengths = readonly number[] | Int32Array | Tensor;

/**
 * The lengths of a batch, as integers. A length of 0 is a sequence without steps.
 * @param most the number of steps there is room for.
 * @throws {ShapeError} unless there is one for each sequence, {OptionError} unless each is a whole number from 0 to `most`.
 */
export function requireLengths(what: string, lengths: SequenceLengths, batch: number, most: number): Int32Array {
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
  if (values.length !== batch) {
    throw new ShapeError(`${what}: expected one for each of ${batch} sequences, got ${values.length}`);
  }
  for (let b = 0; b < batch; b++) {
    const length = values[b] as number;
    if (!Number.isSafeInteger(length) || length < 0 || length > most) {
      throw new OptionError(`${what}: expected whole numbers from 0 to ${most}, got ${length} for sequence ${b}`);
    }
  }
  return Int32Array.from(values);
}
