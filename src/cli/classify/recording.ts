import { Failure } from "../failure.ts";
import { readBytes } from "../files.ts";

/** A sound, its channels mixed into one. */
export interface Recording {
  readonly sampleRate: number;
  /** From −1 to 1. */
  readonly samples: Float32Array;
}

/** How the samples of a file are kept. */
interface Format {
  readonly code: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

const PCM = 1;
const FLOAT = 3;
/** The code proper is then the first of the format's sub-type. */
const EXTENSIBLE = 0xfffe;

/**
 * Reads a WAV file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64.
 * @throws {Failure} when it cannot be read, is none, is cut off, or holds no samples.
 */
export function readRecording(path: string): Recording {
  const bytes = readBytes(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number): string =>
    at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : "";
  if (name(0) !== "RIFF" || name(8) !== "WAVE") throw new Failure(`${path}: expected a WAV file, got something else`);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (start + size > bytes.length) {
      throw new Failure(
        `${path}: expected ${size} bytes after byte ${start}, got ${bytes.length - start}: it is cut off`,
      );
    }
    if (name(at) === "fmt ") format = formatOf(path, view, start, size);
    if (name(at) === "data") {
      if (!format) throw new Failure(`${path}: expected the format before the samples, got none`);
      return { sampleRate: format.sampleRate, samples: samplesOf(path, format, view, start, size) };
    }
    at = start + size + (size % 2);
  }
  throw new Failure(`${path}: expected samples, got none: it is cut off`);
}

function formatOf(path: string, view: DataView, start: number, size: number): Format {
  if (size < 16) throw new Failure(`${path}: expected a format of 16 bytes or more, got ${size}`);
  const declared = view.getUint16(start, true);
  const code = declared === EXTENSIBLE && size >= 26 ? view.getUint16(start + 24, true) : declared;
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const bits = view.getUint16(start + 14, true);
  const known = (code === PCM && [8, 16, 24, 32].includes(bits)) || (code === FLOAT && [32, 64].includes(bits));
  if (!known || channels < 1 || sampleRate < 1) {
    throw new Failure(
      `${path}: expected PCM of 8, 16, 24 or 32 bits or floats, got format ${code} with ${channels} channels of ${bits} bits`,
    );
  }
  return { code, channels, sampleRate, bits };
}

function samplesOf(path: string, { code, channels, bits }: Format, view: DataView, start: number, size: number) {
  const width = bits / 8;
  const length = Math.floor(size / (width * channels));
  if (length === 0) throw new Failure(`${path}: expected samples, got none`);
  const sampleAt = readerOf(code, bits, view);
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += sampleAt(start + (i * channels + c) * width);
    samples[i] = sum / channels;
  }
  if (!samples.every(Number.isFinite)) throw new Failure(`${path}: expected finite samples, got one that is not`);
  return samples;
}

function readerOf(code: number, bits: number, view: DataView): (at: number) => number {
  if (code === FLOAT) return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
