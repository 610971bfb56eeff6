/**
 * The inlined binaries. Text of two hexadecimal digits a byte, since a server's compression finds in it what repeats in
 * the binary: it comes to four fifths of base64. The relaxed build is kept as its differences from the simd build.
 */
import { relaxed } from "../wasm/relaxed.ts";
import { simd } from "../wasm/simd.ts";
import type { Build } from "./instance.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What hosts offer for this; a loop that no compiler has warmed up takes longer than all the rest of a start. */
interface Decoders {
  Uint8Array: { fromHex?: (text: string) => Bytes };
  Buffer?: { from(text: string, encoding: "hex"): Bytes };
}

/** The bytes of a build. */
export function binaryOf(build: Build): Bytes {
  const bytes = fromHex(simd);
  return build === "simd" ? bytes : applyPatch(bytes, fromHex(relaxed));
}

/** Bytes of text in lower-case hexadecimal digits. */
export function fromHex(text: string): Bytes {
  const { Uint8Array: typed, Buffer: node } = globalThis as unknown as Decoders;
  if (typed.fromHex) return typed.fromHex(text);
  if (node) {
    const { buffer, byteOffset, length } = node.from(text, "hex");
    return new Uint8Array(buffer, byteOffset, length); // a Buffer is slow to take pieces of
  }
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
