import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface CharacterVocabularyOptions {
  /** A character that stands for all that are not in the vocabulary, such as "\ufffd"; default: those are refused. */
  unknown?: string;
}

/**
 * The characters of a text (Unicode code points, sorted), and their numbers.
 *
 * ```ts
 * const vocabulary = new CharacterVocabulary("banana");
 * vocabulary.encode("nab"); // [2, 0, 1]
 * vocabulary.decode([1, 0, 2]); // "ban"
 * ```
 */
export class CharacterVocabulary implements Tokenizer {
  readonly characters: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #unknown: number | undefined;

  /**
   * @param source a text, whose characters are taken, or the characters themselves in their order.
   * @param options `unknown` becomes the last character, unless it is there already.
   * @throws {DataError} when there are none; {OptionError} when one is given twice, or `unknown` is not one character.
   */
  constructor(source: string | readonly string[], options: CharacterVocabularyOptions = {}) {
    requireKnown("CharacterVocabulary", options, ["unknown"]);
    const { unknown } = options;
    const characters = typeof source === "string" ? [...new Set(source)].sort(byCodePoint) : [...source];
    if (unknown !== undefined && [...unknown].length !== 1) {
      throw new OptionError(`CharacterVocabulary unknown: expected one character, got ${JSON.stringify(unknown)}`);
    }
    if (unknown !== undefined && characters.length > 0 && !characters.includes(unknown)) characters.push(unknown);
    this.characters = characters;
    this.#numbers = new Map(this.characters.map((character, i) => [character, i]));
    if (this.characters.length === 0) throw new DataError("CharacterVocabulary: expected a text, got an empty one");
    if (this.#numbers.size !== this.characters.length) {
      throw new OptionError("CharacterVocabulary: expected each character once, got one twice");
    }
    this.#unknown = unknown === undefined ? undefined : this.#numbers.get(unknown);
  }

  /** How many characters there are. */
  get size(): number {
    return this.characters.length;
  }

  /**
   * The numbers of a text's characters.
   * @throws {DataError} naming the first character that is not in the vocabulary, unless one stands for the unknown.
   */
  encode(text: string): Int32Array {
    const out = new Int32Array(text.length);
    let count = 0;
    for (const character of text) {
      const number = this.#numbers.get(character) ?? this.#unknown;
      if (number === undefined) {
        throw new DataError(
          `encode: expected characters of the vocabulary, got ${JSON.stringify(character)} at ${count}`,
        );
      }
      out[count++] = number;
    }
    return count === out.length ? out : out.slice(0, count);
  }

  /** The text of these numbers. @throws {OptionError} when one of them is no character's. */
  decode(tokens: Iterable<number>): string {
    let text = "";
    for (const token of tokens) {
      const character = this.characters[token];
      if (character === undefined) {
        throw new OptionError(`decode: expected numbers from 0 to ${this.size - 1}, got ${token}`);
      }
      text += character;
    }
    return text;
  }
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) as number) - (b.codePointAt(0) as number);
}
