/**
 * TensorBoard's event files: records, each a protocol buffer of type `Event`, between lengths and checksums.
 * Source: the published `event.proto` and `summary.proto` (tensorflow/tensorboard), and the record format of TFRecord.
 */
import { crc32c } from "./crc32c.ts";

/** The version that a file says of itself in its first event. */
const FILE_VERSION = "brain.Event:2";

/** The checksum of bytes that may hold checksums themselves: rotated by 15 bits, plus a constant of the format. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record: the length in 8 bytes, its checksum, the bytes, their checksum, all little-endian. */
export function encodeRecord(event: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + event.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(event, 12);
  view.setUint32(12 + event.length, maskedCrc32c(event), true);
  return record;
}

/** The event that a file begins with. */
export function encodeVersion(wallTime: number): Uint8Array {
  return message(double(1, wallTime), text(3, FILE_VERSION));
}

/** Says that what earlier files have from this step on no longer counts. */
export function encodeSessionStart(wallTime: number, step: number): Uint8Array {
  const start = 1;
  return message(double(1, wallTime), whole(2, step), inner(7, message(whole(1, start))));
}

/** Numbers by their tags, at one step. */
export function encodeScalars(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => inner(1, message(text(1, tag), float(2, value))));
  return message(double(1, wallTime), whole(2, step), inner(5, message(...values)));
}

/** How a field's bytes are to be read, in the lowest three bits of its key. */
const wire = { varint: 0, eight: 1, delimited: 2, four: 5 } as const;

function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(fields.flatMap((field) => [...field]));
}

/** Seven bits a byte, lowest first; the highest bit says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function key(field: number, kind: number): number[] {
  return varint(field * 8 + kind);
}

function whole(field: number, value: number): Uint8Array {
  return Uint8Array.from([...key(field, wire.varint), ...varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  return Uint8Array.from([...key(field, wire.eight), ...new Uint8Array(Float64Array.of(value).buffer)]);
}

function float(field: number, value: number): Uint8Array {
  return Uint8Array.from([...key(field, wire.four), ...new Uint8Array(Float32Array.of(value).buffer)]);
}

function inner(field: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...key(field, wire.delimited), ...varint(bytes.length), ...bytes]);
}

function text(field: number, value: string): Uint8Array {
  return inner(field, new TextEncoder().encode(value));
}
