/**
 * The safetensors file format: eight bytes with the length of a JSON header, the header (name → type, shape, place),
 * then the numbers. Little-endian throughout, which WebAssembly's hosts are.
 * Source: the format's published description (huggingface/safetensors).
 */
import { WeightsError } from "../runtime/errors.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A header longer than this is taken for damage. */
const LONGEST_HEADER = 100_000_000;

/** Whole numbers of eight bytes, PyTorch's own, become int32. */
const types = { F32: "float32", I32: "int32", I64: "int32" } as const;

/** How many bytes a number takes. */
const widths = { F32: 4, I32: 4, I64: 8 } as const;

interface Entry {
  readonly dtype: keyof typeof types;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/**
 * The bytes of a file that holds these tensors, in their order, and texts about them.
 *
 * ```ts
 * const bytes = encodeSafetensors({ weight: tensor([[1, 2]]) }, { made: "by hand" });
 * const { tensors, metadata } = decodeSafetensors(bytes);
 * tensors.weight; // [[1, 2]]
 * metadata.made; // "by hand"
 * ```
 */
export function encodeSafetensors(
  tensors: Record<string, Tensor>,
  metadata?: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (metadata) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, t] of Object.entries(tensors)) {
    if (name === "__metadata__") throw new WeightsError("safetensors: a tensor cannot be called __metadata__");
    const end = offset + t.size * 4;
    header[name] = { dtype: t.dtype === "int32" ? "I32" : "F32", shape: t.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The numbers begin at a multiple of 8; the header may end in spaces.
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const t of Object.values(tensors)) {
    // Straight into the file: a copy between would be of all its numbers.
    t.toArray(
      t.dtype === "int32" ? new Int32Array(bytes.buffer, at, t.size) : new Float32Array(bytes.buffer, at, t.size),
    );
    at += t.size * 4;
  }
  return bytes;
}

/**
 * The tensors and texts of a file. Everything is checked before anything is read.
 * @throws {WeightsError} when the file is cut off, damaged, or holds a type other than F32, I32 and I64 (whose
 *   numbers must fit 32 bits).
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
} {
  const { header, start } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTexts(metadata))
    throw new WeightsError("safetensors __metadata__: expected texts by name, got something else");
  const available = bytes.length - start;
  const tensors: Record<string, Tensor> = {};
  const checked = Object.entries(entries).map(([name, entry]) => [name, checkEntry(name, entry, available)] as const);
  requireGapless(checked, available);
  for (const [name, entry] of checked) {
    const [from, to] = entry.data_offsets;
    // Copied through the buffer: a Node Buffer's own slice() is a view.
    const data = bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to);
    tensors[name] = Tensor.fromArray(numbersOf(name, entry.dtype, data), entry.shape);
  }
  return { tensors, metadata };
}

function numbersOf(name: string, dtype: Entry["dtype"], data: ArrayBufferLike): Float32Array | Int32Array {
  if (dtype === "F32") return new Float32Array(data);
  if (dtype === "I32") return new Int32Array(data);
  const long = new BigInt64Array(data);
  const stranger = long.find((value) => BigInt.asIntN(32, value) !== value);
  if (stranger !== undefined)
    throw new WeightsError(`safetensors ${name}: expected whole numbers of 32 bits, got ${stranger}`);
  return Int32Array.from(long, Number);
}

/** The tensors must follow each other without gaps or overlaps, from the first byte of the numbers to the last. */
function requireGapless(entries: readonly (readonly [string, Entry])[], available: number): void {
  let covered = 0;
  const inOrder = entries.toSorted(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  for (const [name, entry] of inOrder) {
    const [from, to] = entry.data_offsets;
    if (from !== covered) {
      throw new WeightsError(`safetensors ${name}: expected numbers from byte ${covered}, got ${from}`);
    }
    covered = to;
  }
  if (covered !== available) {
    throw new WeightsError(`safetensors: expected ${covered} bytes of numbers, got ${available}`);
  }
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) throw new WeightsError(`safetensors: expected at least 8 bytes, got ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > LONGEST_HEADER || 8 + length > bytes.length) {
    throw new WeightsError(`safetensors: expected a header of ${length} bytes, got a file of ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw new WeightsError("safetensors: expected a JSON header, got something else", { cause });
  }
  if (header === null || typeof header !== "object" || Array.isArray(header)) {
    throw new WeightsError("safetensors: expected a JSON object as header, got something else");
  }
  return { header: header as Record<string, unknown>, start: 8 + length };
}

function isTexts(value: unknown): value is Record<string, string> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

function checkEntry(name: string, entry: unknown, available: number): Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<Entry>;
  if (dtype === undefined || !Object.hasOwn(types, dtype)) {
    throw new WeightsError(`safetensors ${name}: expected type F32, I32 or I64, got ${dtype}`);
  }
  if (!Array.isArray(shape) || !shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)) {
    throw new WeightsError(`safetensors ${name}: expected a shape, got ${JSON.stringify(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((at) => Number.isSafeInteger(at) && at >= 0)) {
    throw new WeightsError(`safetensors ${name}: expected two offsets, got ${JSON.stringify(offsets)}`);
  }
  const [from, to] = offsets;
  const bytes = sizeOf(shape) * widths[dtype];
  if (to > available || to - from !== bytes) {
    throw new WeightsError(
      `safetensors ${name}: expected ${bytes} bytes for ${formatShape(shape)}, got ${from} to ${to} of ${available}`,
    );
  }
  return { dtype, shape, data_offsets: [from, to] };
}
