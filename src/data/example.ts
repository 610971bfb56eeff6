import { DataError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";

/** Numbers with a shape, row-major: of a sequence, its time steps first ([T, ...]). */
export interface NumberBlock {
  readonly data: Float32Array | Float64Array | Int32Array;
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

/** Numbers with a shape, in whatever holds them. */
export interface Block {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** Names an example of a batch in a message. */
export type NameOf = (b: number) => string;

/**
 * The numbers of example `b` of a batch as a block.
 * @throws {DataError} naming it when rows are ragged, or a block's numbers do not fill its shape.
 */
export function blockOf(numbers: ExampleNumbers, nameOf: NameOf, b: number): Block {
  if (ArrayBuffer.isView(numbers)) return { data: numbers, shape: [numbers.length] };
  if (typeof numbers === "number") return { data: Float32Array.of(numbers), shape: [] };
  if (Array.isArray(numbers))
    return Array.isArray(numbers[0]) ? rowsOf(numbers, nameOf, b) : listOf(numbers, nameOf, b);
  const block = numbers as Partial<NumberBlock> | null | undefined;
  if (!block?.data || !Array.isArray(block.shape)) {
    throw new DataError(`${nameOf(b)}: expected numbers, got ${numbers === null ? "null" : typeof numbers}`);
  }
  if (block.data.length !== sizeOf(block.shape)) {
    throw new DataError(
      `${nameOf(b)}: expected ${sizeOf(block.shape)} numbers for ${formatShape(block.shape)}, got ${block.data.length}`,
    );
  }
  return block as NumberBlock;
}

function listOf(numbers: readonly unknown[], nameOf: NameOf, b: number): Block {
  for (let i = 0; i < numbers.length; i++) {
    if (typeof numbers[i] === "number") continue;
    throw new DataError(`${nameOf(b)}: expected numbers, got ${JSON.stringify(numbers[i])}`);
  }
  return { data: numbers as readonly number[], shape: [numbers.length] };
}

function rowsOf(rows: readonly (readonly number[])[], nameOf: NameOf, b: number): Block {
  const size = rows[0]?.length as number;
  const ragged = rows.findIndex((row) => row?.length !== size);
  if (ragged >= 0) {
    throw new DataError(`${nameOf(b)}: expected rows of ${size} numbers, got ${rows[ragged]?.length} in row ${ragged}`);
  }
  return { data: listOf(rows.flat(), nameOf, b).data, shape: [rows.length, size] };
}
