import { Reader, vector } from "./bytes.ts";

/** A piece of a function's body: bytes as they are, an instruction on a local variable, or a constant at an address, spread. */
type Piece = Uint8Array | { readonly instruction: number; readonly local: number } | { readonly constant: number };

/** The body of a function from four lanes to four lanes, which can be written into another function. */
export interface Template {
  /** Types of its local variables; the first is the argument. */
  readonly locals: readonly number[];
  /** Local variables that are read before they are written: 0 at the start. */
  readonly zeros: readonly number[];
  readonly pieces: readonly Piece[];
}

const TYPES = { function: 3, export: 7, code: 10 } as const;

/**
 * The templates of a binary (assembly/activation/templates.ts), by name.
 * @throws {TypeError} when a body has an instruction that cannot be moved elsewhere.
 */
export function templatesOf(binary: Uint8Array): ReadonlyMap<string, Template> {
  const bodies: number[] = [];
  const exported: [string, number][] = [];
  const reader = new Reader(binary, 8);
  while (reader.at < binary.length) {
    const section = reader.byte();
    const end = reader.number() + reader.at;
    if (section === TYPES.export) exported.push(...exportsOf(reader));
    if (section === TYPES.code) {
      for (let count = reader.number(); count > 0; count--) {
        const size = reader.number();
        bodies.push(reader.at);
        reader.at += size;
      }
    }
    reader.at = end;
  }
  return new Map(
    exported
      .filter(([name]) => name.startsWith("template"))
      .map(([name, index]) => [nameOf(name), readTemplate(new Reader(binary, bodies[index]))]),
  );
}

/** templateExpm1 is expm1. */
function nameOf(exported: string): string {
  const name = exported.slice("template".length);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function exportsOf(reader: Reader): [string, number][] {
  const found: [string, number][] = [];
  for (let count = reader.number(); count > 0; count--) {
    const name = reader.text();
    const isFunction = reader.byte() === 0;
    const index = reader.number();
    // The module imports no functions: its own are counted from 0.
    if (isFunction) found.push([name, index]);
  }
  return found;
}

const VECTOR = 0xfd;
const I32_CONST = 0x41;
const LOCALS = [0x20, 0x21, 0x22];
const SET = [0x21, 0x22];

function readTemplate(reader: Reader): Template {
  const locals = readLocals(reader);
  const pieces: Piece[] = [];
  const written = new Set([0]);
  const zeros = new Set<number>();
  let depth = 0;
  for (let start = reader.at; ; ) {
    const before = reader.at;
    const instruction = reader.byte();
    if (instruction === 0x0b && depth-- === 0) {
      pieces.push(reader.bytes.slice(start, before));
      return { locals, zeros: [...zeros], pieces };
    }
    if (instruction >= 0x02 && instruction <= 0x04) depth++;
    const piece = readPiece(reader, instruction);
    if (!piece) continue;
    if ("local" in piece) {
      if (SET.includes(instruction)) written.add(piece.local);
      else if (!written.has(piece.local)) zeros.add(piece.local);
    }
    pieces.push(reader.bytes.slice(start, before), piece);
    start = reader.at;
  }
}

/** Types of the local variables, the argument's first. */
function readLocals(reader: Reader): number[] {
  const locals = [0x7b];
  for (let groups = reader.number(); groups > 0; groups--) {
    const count = reader.number();
    const type = reader.byte();
    for (let i = 0; i < count; i++) locals.push(type);
  }
  return locals;
}

/** What an instruction is that is not copied as it stands; null where it is. The reader is behind it then. */
function readPiece(reader: Reader, instruction: number): Exclude<Piece, Uint8Array> | null {
  if (LOCALS.includes(instruction)) return { instruction, local: reader.number() };
  if (instruction === I32_CONST) {
    const constant = spreadConstant(reader);
    return constant === null ? null : { constant };
  }
  skipImmediates(reader, instruction);
  return null;
}

/**
 * The address of the constant that is spread over all lanes where an address stands, or null where something else is done
 * with that; the reader is behind what belongs to it.
 */
function spreadConstant(reader: Reader): number | null {
  const address = reader.number();
  const after = reader.at;
  if (reader.byte() === VECTOR && reader.number() === vector.load32Splat) {
    reader.number();
    return address + reader.number();
  }
  reader.at = after;
  return null;
}

/** Passes over what follows an instruction. */
function skipImmediates(reader: Reader, instruction: number): void {
  if (instruction === VECTOR) skipVectorImmediates(reader, reader.number());
  else if ((instruction >= 0x02 && instruction <= 0x04) || instruction === 0x0c || instruction === 0x0d)
    reader.number();
  else if (instruction >= 0x28 && instruction <= 0x3e) skipMemory(reader);
  else if (instruction === 0x42) reader.number();
  else if (instruction === 0x43) reader.at += 4;
  else if (instruction === 0x44) reader.at += 8;
  else if (!isBare(instruction)) {
    throw new TypeError(`template: expected instructions that can be moved, got 0x${instruction.toString(16)}`);
  }
}

/** else, end, drop, select, and arithmetic: nothing follows them. */
function isBare(instruction: number): boolean {
  return [0x05, 0x0b, 0x1a, 0x1b].includes(instruction) || (instruction >= 0x45 && instruction <= 0xc4);
}

function skipMemory(reader: Reader): void {
  reader.number();
  reader.number();
}

function skipVectorImmediates(reader: Reader, instruction: number): void {
  const isLane = instruction >= 0x54 && instruction <= 0x5b;
  if (instruction <= 0x0b || isLane || instruction === 0x5c || instruction === 0x5d) skipMemory(reader);
  if (instruction === 0x0c || instruction === 0x0d) reader.at += 16;
  if (isLane || (instruction >= 0x15 && instruction <= 0x22)) reader.at += 1;
}
