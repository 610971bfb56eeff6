import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { Examples, type Walkable } from "./examples.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface WordVocabularyOptions {
  /** What stands for every word that is not in the vocabulary, as number 0; default "<unk>". Null: such words are refused. */
  unknown?: string | null;
  /** How a text is cut into words; default: at blanks. */
  split?: (text: string) => readonly string[];
}

export interface WordCountOptions extends WordVocabularyOptions {
  /** Leave out words that occur fewer times; default 1. */
  minimumCount?: number;
  /** At most this many entries, the unknown one counted: the most frequent words; default: no limit. */
  limit?: number;
}

const atBlanks = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== "");

/**
 * The words of some text, the most frequent first, and their numbers.
 *
 * ```ts
 * const vocabulary = await WordVocabulary.count(["a cat", "a dog", "a cat"], { minimumCount: 2 });
 * vocabulary.words; // ["<unk>", "a", "cat"]
 * vocabulary.encode("a cat nobody saw"); // [1, 2, 0, 0]
 * ```
 */
export class WordVocabulary implements Tokenizer {
  /** Every entry by its number; the unknown word first, where there is one. */
  readonly words: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #unknown: string | null;
  readonly #split: (text: string) => readonly string[];

  /**
   * @param words the words in the order of their numbers, as `words` of another vocabulary has them.
   * @throws {DataError} when there are none; {OptionError} when one is there twice, or an option is unknown.
   */
  constructor(words: readonly string[], options: WordVocabularyOptions = {}) {
    requireKnown("WordVocabulary", options, ["unknown", "split"]);
    const { unknown = "<unk>", split = atBlanks } = options;
    this.#unknown = unknown;
    this.#split = split;
    this.words = unknown === null ? [...words] : [unknown, ...words.filter((word) => word !== unknown)];
    this.#numbers = new Map(this.words.map((word, i) => [word, i]));
    if (words.length === 0) throw new DataError("WordVocabulary: expected at least one word, got none");
    if (this.#numbers.size !== this.words.length) {
      throw new OptionError("WordVocabulary: expected each word once, got one twice");
    }
  }

  /**
   * The vocabulary of texts, which are walked once: lines of a file, say, or `[text]`. Words that are equally frequent stand in
   * the order of their letters, so that the order of the texts does not matter.
   * @throws {DataError} when no word is frequent enough; {OptionError} when an option is unknown or out of range.
   */
  static async count(texts: Walkable<string>, options: WordCountOptions = {}): Promise<WordVocabulary> {
    requireKnown("WordVocabulary", options, ["unknown", "split", "minimumCount", "limit"]);
    const { minimumCount = 1, limit, ...own } = options;
    requireCount("WordVocabulary minimumCount", minimumCount);
    if (limit !== undefined) requireCount("WordVocabulary limit", limit);
    if (typeof texts === "string")
      throw new OptionError("WordVocabulary: expected texts to walk, got one; give [text]");
    const { unknown = "<unk>", split = atBlanks } = own;
    const counts = new Map<string, number>();
    for await (const chunk of Examples.from(texts).chunks()) {
      for (const text of chunk) for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    if (unknown !== null) counts.delete(unknown);
    const frequent = [...counts].filter(([, count]) => count >= minimumCount);
    frequent.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    if (frequent.length === 0) {
      throw new DataError(`WordVocabulary: expected words that occur ${minimumCount} times, got none`);
    }
    const most = limit === undefined ? frequent.length : limit - (unknown === null ? 0 : 1);
    return new WordVocabulary(
      frequent.slice(0, most).map(([word]) => word),
      own,
    );
  }

  /** How many entries there are. */
  get size(): number {
    return this.words.length;
  }

  /**
   * The numbers of a text's words.
   * @throws {DataError} naming the first word that is not in the vocabulary, where it has no entry for the unknown.
   */
  encode(text: string): Int32Array {
    const words = this.#split(text);
    const out = new Int32Array(words.length);
    for (let i = 0; i < words.length; i++) {
      const number = this.#numbers.get(words[i] as string);
      if (number === undefined && this.#unknown === null) {
        throw new DataError(`encode: expected words of the vocabulary, got ${JSON.stringify(words[i])} as word ${i}`);
      }
      out[i] = number ?? 0;
    }
    return out;
  }

  /** The words of these numbers, with blanks between. @throws {OptionError} when one of them is no word's. */
  decode(tokens: Iterable<number>): string {
    return Array.from(tokens, (token) => {
      const word = this.words[token];
      if (word !== undefined) return word;
      throw new OptionError(`decode: expected numbers from 0 to ${this.size - 1}, got ${token}`);
    }).join(" ");
  }
}
