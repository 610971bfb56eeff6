import { DataError } from "../runtime/errors.ts";

/** What a SentencePiece model file says, as far as it is needed here. */
export interface SentencePieceModel {
  /** Each piece and the logarithm of its probability, in the order of their numbers. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  readonly unknown: number;
  /** Numbers of pieces that stand for no text, such as the begin and the end of a sentence. */
  readonly control: readonly number[];
  /** The name of the rules by which text is brought to one spelling: "nmt_nfkc", "nfkc", either with "_cf", or "identity". */
  readonly normalization: string;
  /** Whether a blank is put before a text. */
  readonly dummyPrefix: boolean;
  /** Whether blanks at the ends are dropped, and several made one. */
  readonly fewerBlanks: boolean;
}

/** The kinds of pieces in a model file. */
const Kind = { unknown: 2, control: 3 } as const;
const UNIGRAM = 1;

type Field = { readonly number: number; readonly bytes: Uint8Array; readonly value: number };

/** The fields of a message in Protocol Buffers' wire format, in their order. */
function* fieldsOf(path: string, bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const damaged = (): never => {
    throw new DataError(`${path}: expected a SentencePiece model, got other or damaged content`);
  };
  const varint = (): number => {
    for (let value = 0, shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++] ?? damaged();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return damaged();
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    const number = Math.floor(key / 8);
    if (kind === 0) {
      yield { number, bytes: new Uint8Array(0), value: varint() };
      continue;
    }
    const length = kind === 2 ? varint() : kind === 5 ? 4 : kind === 1 ? 8 : damaged();
    if (at + length > bytes.length) damaged();
    yield { number, bytes: bytes.subarray(at, at + length), value: kind === 5 ? view.getFloat32(at, true) : 0 };
    at += length;
  }
}

/**
 * Reads a SentencePiece model file.
 * @throws {DataError} when it is none, is damaged, or holds another model than a unigram one.
 * Source: sentencepiece_model.proto of Kudo & Richardson 2018, "SentencePiece".
 */
export function parseSentencePiece(path: string, bytes: Uint8Array): SentencePieceModel {
  const pieces: [string, number][] = [];
  const control: number[] = [];
  const spelling = { normalization: "nmt_nfkc", dummyPrefix: true, fewerBlanks: true };
  let unknown = -1;
  let kind = UNIGRAM;
  for (const field of fieldsOf(path, bytes)) {
    if (field.number === 1) {
      const piece = pieceOf(path, field.bytes);
      if (piece.kind === Kind.unknown) unknown = pieces.length;
      if (piece.kind === Kind.control) control.push(pieces.length);
      pieces.push([piece.text, piece.score]);
    }
    if (field.number === 2) kind = [...fieldsOf(path, field.bytes)].find(({ number }) => number === 3)?.value ?? kind;
    if (field.number === 3) readSpelling(path, field.bytes, spelling);
  }
  if (pieces.length === 0 || unknown < 0) {
    throw new DataError(`${path}: expected a SentencePiece model, got other or damaged content`);
  }
  if (kind !== UNIGRAM) throw new DataError(`${path}: expected a unigram model, got another kind (${kind})`);
  return { pieces, unknown, control, ...spelling };
}

type Spelling = { -readonly [Name in "normalization" | "dummyPrefix" | "fewerBlanks"]: SentencePieceModel[Name] };

function readSpelling(path: string, bytes: Uint8Array, into: Spelling): void {
  for (const field of fieldsOf(path, bytes)) {
    if (field.number === 1) into.normalization = new TextDecoder().decode(field.bytes);
    if (field.number === 3) into.dummyPrefix = field.value !== 0;
    if (field.number === 4) into.fewerBlanks = field.value !== 0;
  }
}

function pieceOf(path: string, bytes: Uint8Array): { text: string; score: number; kind: number } {
  let [text, score, kind] = ["", 0, 1];
  for (const field of fieldsOf(path, bytes)) {
    if (field.number === 1) text = new TextDecoder().decode(field.bytes);
    if (field.number === 2) score = field.value;
    if (field.number === 3) kind = field.value;
  }
  return { text, score, kind };
}
