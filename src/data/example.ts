import { DataError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";

/** Numbers with a shape, row-major: of a sequence, its time steps first ([T, ...]). */
export interface NumberBlock {
  readonly data: Float32Array | Int32Array;
  readonly shape: Shape;
}

/**
 * Numbers of one example: one number (shape []), a list of them ([N]), rows of equal length ([T, I]), or a block that says
 * its shape itself. Int32Arrays stay int32 (tokens, classes); everything else is float32.
 */
export type ExampleNumbers =
  | number
  | readonly number[]
  | readonly (readonly number[])[]
  | Float32Array
  | Float64Array
  | Int32Array
  | NumberBlock;

/** What a network is shown, and what it should say: either numbers, or the number of a class. */
export interface Example {
  readonly input: ExampleNumbers;
  /** Numbers to be predicted. */
  readonly target?: ExampleNumbers;
  /** The class, from 0: becomes int32 targets [B], as `crossEntropy` takes them. */
  readonly label?: number;
}

/**
 * The numbers of an example as a block.
 * @throws {DataError} naming `what` when rows are ragged, or a block's numbers do not fill its shape.
 */
export function blockOf(what: () => string, numbers: ExampleNumbers): NumberBlock {
  if (typeof numbers === "number") return { data: Float32Array.of(numbers), shape: [] };
  if (numbers instanceof Float32Array || numbers instanceof Int32Array) {
    return { data: numbers, shape: [numbers.length] };
  }
  if (numbers instanceof Float64Array) return { data: Float32Array.from(numbers), shape: [numbers.length] };
  if (Array.isArray(numbers)) return Array.isArray(numbers[0]) ? rowsOf(what, numbers) : listOf(what, numbers);
  const block = numbers as Partial<NumberBlock> | null | undefined;
  if (!block?.data || !Array.isArray(block.shape)) {
    throw new DataError(`${what()}: expected numbers, got ${numbers === null ? "null" : typeof numbers}`);
  }
  if (block.data.length !== sizeOf(block.shape)) {
    throw new DataError(
      `${what()}: expected ${sizeOf(block.shape)} numbers for ${formatShape(block.shape)}, got ${block.data.length}`,
    );
  }
  return block as NumberBlock;
}

function listOf(what: () => string, numbers: readonly unknown[]): NumberBlock {
  const wrong = numbers.find((value) => typeof value !== "number");
  if (wrong !== undefined) throw new DataError(`${what()}: expected numbers, got ${JSON.stringify(wrong)}`);
  return { data: Float32Array.from(numbers as readonly number[]), shape: [numbers.length] };
}

function rowsOf(what: () => string, rows: readonly (readonly number[])[]): NumberBlock {
  const size = rows[0]?.length as number;
  const ragged = rows.findIndex((row) => row?.length !== size);
  if (ragged >= 0) {
    throw new DataError(`${what()}: expected rows of ${size} numbers, got ${rows[ragged]?.length} in row ${ragged}`);
  }
  const { data } = listOf(what, rows.flat());
  return { data, shape: [rows.length, size] };
}
