import { DataError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";

/** Sound as numbers from −1 to 1. */
export interface Sound {
  /** Samples a second. */
  readonly sampleRate: number;
  /** The samples of each channel. */
  readonly channels: readonly Float32Array[];
}

export interface WavOptions {
  /** Give one channel, the mean of all; default false. */
  mono?: boolean;
  /** Named in messages: the file, mostly. */
  name?: string;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** What is written as the size of data by programs that write to a pipe. */
const UNTIL_THE_END = 0xffffffff;

interface Format {
  readonly kind: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

/** Reads the number at byte `at`, as a sample. */
type Read = (view: DataView, at: number) => number;

/** Integers become fractions of the greatest there is, so that full scale is 1. */
const readers: Readonly<Record<string, Read>> = {
  [`${PCM}/8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${PCM}/16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM}/24`]: (view, at) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23,
  [`${PCM}/32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT}/32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT}/64`]: (view, at) => view.getFloat64(at, true),
};

/**
 * The sound in a WAV file: integers of 8, 16, 24 or 32 bits, or floats of 32 or 64, any number of channels.
 *
 * ```ts
 * // Two samples of 16 bits, 8,000 a second.
 * const head = [0x52494646, 40, 0x57415645, 0x666d7420, 16, 1, 8000, 16000, 2, 0x64617461, 4];
 * const view = new DataView(new ArrayBuffer(48));
 * let at = 0;
 * for (const [i, word] of head.entries()) {
 *   if (i === 5 || i === 8) {
 *     view.setUint16(at, i === 5 ? 1 : 2, true);
 *     view.setUint16(at + 2, i === 5 ? 1 : 16, true);
 *   } else view.setUint32(at, word, word < 0x10000000);
 *   at += 4;
 * }
 * view.setInt16(44, 16384, true);
 * const { sampleRate, channels } = decodeWav(new Uint8Array(view.buffer), { mono: true });
 * sampleRate; // 8000
 * channels[0]; // [0.5, 0]
 * ```
 *
 * @throws {DataError} when it is no WAV file, is cut off, has no samples, or holds compressed sound.
 * Source: Microsoft & IBM 1991, "Multimedia programming interface and data specifications 1.0"; extensible format: Microsoft 2001.
 */
export function decodeWav(bytes: Uint8Array, options: WavOptions = {}): Sound {
  requireKnown("decodeWav", options, ["mono", "name"]);
  const { mono = false, name = "WAV" } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || textAt(view, 0) !== "RIFF" || textAt(view, 8) !== "WAVE") {
    throw new DataError(`${name}: expected a WAV file, got ${bytes.length === 0 ? "an empty one" : "something else"}`);
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = textAt(view, at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (id === "data" && !format) throw new DataError(`${name}: expected its format before its samples, got none`);
    const end = id === "data" && size === UNTIL_THE_END ? bytes.length : start + size;
    if (end > bytes.length) {
      throw new DataError(
        `${name}: expected ${size} bytes of "${id}", got ${bytes.length - start}: the file is cut off`,
      );
    }
    if (id === "fmt ") format = formatAt(name, view, start, size);
    if (id === "data") return soundAt(name, view, start, end, format as Format, mono);
    // Chunks begin at even places.
    at = end + (size % 2);
  }
  throw new DataError(`${name}: expected samples, got none: the file is cut off`);
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function formatAt(name: string, view: DataView, at: number, size: number): Format {
  if (size < 16) throw new DataError(`${name}: expected a format of at least 16 bytes, got ${size}`);
  let kind = view.getUint16(at, true);
  // The extensible format names the real one at the beginning of an identifier.
  if (kind === EXTENSIBLE && size >= 40) kind = view.getUint16(at + 24, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (!(`${kind}/${bits}` in readers)) {
    throw new DataError(
      `${name}: expected integers of 8, 16, 24 or 32 bits or floats of 32 or 64, got format ${kind} with ${bits} bits`,
    );
  }
  if (channels === 0 || sampleRate === 0 || view.getUint16(at + 12, true) !== (channels * bits) / 8) {
    throw new DataError(`${name}: expected a format that makes sense, got ${channels} channels, ${sampleRate} Hz`);
  }
  return { kind, channels, sampleRate, bits };
}

function soundAt(name: string, view: DataView, start: number, end: number, format: Format, mono: boolean): Sound {
  const { kind, channels, sampleRate, bits } = format;
  const width = bits / 8;
  const count = Math.floor((end - start) / (width * channels));
  if (count === 0) throw new DataError(`${name}: expected at least one sample, got none`);
  const read = readers[`${kind}/${bits}`] as Read;
  const out = Array.from({ length: mono ? 1 : channels }, () => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const value = read(view, start + (i * channels + c) * width);
      if (mono) sum += value;
      else (out[c] as Float32Array)[i] = value;
    }
    if (mono) (out[0] as Float32Array)[i] = sum / channels;
  }
  return { sampleRate, channels: out };
}
