/** The binary format of WebAssembly, as far as the compiler of expressions writes and reads it (specification, chapter 5). */

/** Types of values. */
export const types = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;

/** Instructions without the prefix of vectors. */
export const plain = {
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  f64Load: 0x2b,
  f64Store: 0x39,
  i32Const: 0x41,
  i32GtS: 0x4a,
  i32GeS: 0x4e,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  f32Add: 0x92,
  f64Add: 0xa0,
  f64PromoteF32: 0xbb,
  nothing: 0x40,
} as const;

/** Instructions behind the prefix 0xfd. */
export const vector = {
  load: 0x00,
  load32Splat: 0x09,
  store: 0x0b,
  constant: 0x0c,
  extractF32: 0x1f,
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  gt: 0x44,
  le: 0x45,
  ge: 0x46,
  and: 0x4e,
  bitselect: 0x52,
  store32Lane: 0x5a,
  load32Zero: 0x5c,
  abs: 0xe0,
  neg: 0xe1,
  sqrt: 0xe3,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  pmax: 0xeb,
} as const;

const VECTOR_PREFIX = 0xfd;

/** A whole number ≥ 0, seven bits a byte, the lowest first. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** A whole number of 32 bits with its sign. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const byte = rest & 0x7f;
    const last = (rest >> 6 === 0 && (byte & 0x40) === 0) || (rest >> 6 === -1 && (byte & 0x40) !== 0);
    bytes.push(last ? byte : byte + 128);
    if (last) return bytes;
  }
}

/** A vector instruction with what follows it. */
export function lanes(instruction: number, ...immediates: readonly number[]): number[] {
  return [VECTOR_PREFIX, ...unsigned(instruction), ...immediates];
}

/** How a load or store is aligned, by four bytes, and what is added to its address. */
export function offset(bytes: number): number[] {
  return [2, ...unsigned(bytes)];
}

/** A section, or anything else that is told its length first. */
export function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

/** Reads bytes one after the other. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  number(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const length = this.number();
    const start = this.at;
    this.at += length;
    return String.fromCharCode(...this.bytes.subarray(start, this.at));
  }
}
