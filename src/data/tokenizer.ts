/** Turns text into numbers and back: characters, words, pieces of words. */
export interface Tokenizer {
  /** How many different tokens there are: numbers from 0 to size − 1. */
  readonly size: number;
  /** The numbers of a text's tokens. */
  encode(text: string): Int32Array;
  /** The text of these numbers. */
  decode(tokens: Iterable<number>): string;
}
