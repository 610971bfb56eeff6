/**
 * Binaries that are inlined as text that a server's compression makes as small as the binaries themselves
 * (scripts/text.js). The relaxed build is kept as its differences from the simd build.
 */
import { decoder, order } from "../wasm/decoder.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Which of its two builds a binary is. */
export type Build = "simd" | "relaxed";

/** A module as text: its simd build, and what makes the relaxed build of it. */
export type Inlined = Readonly<Record<Build, string>>;

/** The bytes of a build. */
export function binaryOf(build: Build, { simd, relaxed }: Inlined): Bytes {
  const bytes = fromText(simd);
  return build === "simd" ? bytes : applyPatch(bytes, fromText(relaxed));
}

/** Characters that say which of three planes the next one is of (without one, the first), and those that are not used. */
const MARKS = [126, 125];
const LEFT_OUT = [34, 60, 92];
/** Bytes of the table that the order of bytes is turned into. */
const TABLE = 384;
const PAGE = 65_536;

interface Decoder {
  readonly memory: WebAssembly.Memory;
  decode(text: number, count: number, table: number, out: number): number;
}

/** The bytes that scripts/text.js wrote in an order: assembly/text/decode.ts reads them, in a memory of its own. */
export function fromText(text: string, inOrder = order): Bytes {
  const codes = new TextEncoder().encode(text);
  const module = new WebAssembly.Module(fromHex(decoder));
  const { memory, decode } = new WebAssembly.Instance(module).exports as unknown as Decoder;
  const missing = TABLE + codes.length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(tableOf(fromHex(inOrder)));
  bytes.set(codes, TABLE);
  const count = decode(TABLE, codes.length, 0, TABLE);
  return bytes.slice(TABLE, TABLE + count);
}

/** The byte of each character in each plane. */
function tableOf(ordered: Uint8Array): Uint8Array {
  const table = new Uint8Array(TABLE);
  const printable = Array.from({ length: 95 }, (_, i) => 32 + i);
  const characters = printable.filter((code) => !MARKS.includes(code) && !LEFT_OUT.includes(code));
  ordered.forEach((byte, place) => {
    const plane = Math.floor(place / characters.length);
    table[128 * plane + (characters[place % characters.length] as number)] = byte;
  });
  return table;
}

/** Bytes of text in lower-case hexadecimal digits. */
function fromHex(text: string): Bytes {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** 0–9 have the codes 48–57, a–f 97–102. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/**
 * Makes new bytes of old ones. A patch is the length of the result, then runs until its end: how many bytes follow to be
 * taken as they are, those bytes, how many to copy, and from how far behind the end of the last copy. All are LEB128,
 * the last one with its sign in the lowest bit.
 */
export function applyPatch(old: Uint8Array, patch: Uint8Array): Bytes {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = patch[at++] as number;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const result = new Uint8Array(number());
  let end = 0;
  let from = 0;
  while (at < patch.length) {
    const fresh = number();
    result.set(patch.subarray(at, at + fresh), end);
    at += fresh;
    end += fresh;
    const copied = number();
    const move = number();
    from += (move >>> 1) ^ -(move & 1);
    result.set(old.subarray(from, from + copied), end);
    from += copied;
    end += copied;
  }
  return result;
}
