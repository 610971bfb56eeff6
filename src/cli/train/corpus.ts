import { createHash } from "node:crypto";
import { parse } from "node:path";
import { CharacterVocabulary, type Dataset, textWindows } from "../../index.ts";
import { bookName, readBook } from "../book.ts";
import { Failure } from "../failure.ts";
import { readBytes } from "../files.ts";

/** A text, taken apart for training. */
export interface Corpus {
  /** What the text is called where it is shown. */
  readonly title: string;
  /** The same for the same text only. */
  readonly fingerprint: string;
  /** Unicode characters in the whole text. */
  readonly characters: number;
  readonly vocabulary: CharacterVocabulary;
  /** Characters of the part that is learned from. */
  readonly trainingCharacters: number;
  /** Windows that start at any character of that part. */
  readonly training: Dataset;
  /** Windows side by side over the held-out part, the last of the text; null when nothing is held out. */
  readonly heldOut: Dataset | null;
}

/** How a text is cut. */
export interface Cut {
  /** Characters the network sees at once. */
  readonly window: number;
  /** Fraction of the text, from its end, that is held out. */
  readonly validation: number;
}

/** The name of a run over a file, or over the book. */
export function runName(file: string | undefined): string {
  return file === undefined ? bookName : parse(file).name;
}

/**
 * Reads and cuts a text.
 * @param file its path; the book when omitted.
 * @throws {Failure} when it cannot be read, is not UTF-8, or is too short or too plain to learn from.
 */
export function readCorpus(file: string | undefined, cut: Cut): Corpus {
  const title = file ?? "Moby Dick, Herman Melville";
  const text = file === undefined ? readBook() : decode(file, readBytes(file));
  if (text === "") throw new Failure(`${title}: expected a text, got an empty file`);
  const vocabulary = new CharacterVocabulary(text);
  const tokens = vocabulary.encode(text);
  requireLength(title, tokens.length, cut.window);
  if (vocabulary.size < 2) {
    const only = JSON.stringify(vocabulary.characters[0]);
    throw new Failure(`${title}: expected at least 2 different characters, got only ${only}`);
  }
  const boundary = tokens.length - Math.floor(tokens.length * cut.validation);
  requireParts(tokens.length, boundary, cut);
  const { window } = cut;
  return {
    title,
    fingerprint: createHash("sha256").update(text).digest("hex"),
    characters: tokens.length,
    vocabulary,
    trainingCharacters: boundary,
    training: textWindows(tokens.subarray(0, boundary), { window }),
    heldOut: cut.validation === 0 ? null : textWindows(tokens.subarray(boundary), { window, stride: window }),
  };
}

/** The text in these bytes, without a byte order mark. */
function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new Failure(`${file}: expected text in UTF-8, got bytes that are not`);
    throw new Failure(`${file}: cannot be read: it is too large to be held as one text`);
  }
}

function requireLength(title: string, length: number, window: number): void {
  if (length > window) return;
  throw new Failure(`${title}: expected more than ${window} characters (--window), got ${length}`);
}

/** Both parts must hold a window and the character after it. */
function requireParts(length: number, boundary: number, { window, validation }: Cut): void {
  const parts = [
    { part: "learned from", characters: boundary, needed: true },
    { part: "held out", characters: length - boundary, needed: validation > 0 },
  ];
  const short = parts.find(({ characters, needed }) => needed && characters <= window);
  if (!short) return;
  throw new Failure(
    `--validation ${validation}: expected more than ${window} characters (--window) to be ${short.part}, got ${short.characters} of ${length}`,
  );
}
