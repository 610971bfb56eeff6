import { readFile } from "node:fs/promises";
import { Tokenizer as Engine } from "@huggingface/tokenizers";
import { OptionError, type Tokenizer } from "../index.ts";
import { DataError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { parseSentencePiece } from "./sentencePiece.ts";
import { readFailure } from "./text.ts";

/** Where a single blank begins a word; other blanks, and runs of them, stay with what is before them. */
const WORDS = /(?<=\S)(?= \S)/u;
/** The same where the blank proper is the only character that parts words. */
const BLANK_WORDS = /(?<=[^ ])(?= [^ ])/u;
const KNOWN = 2 ** 16;
const WORD_LENGTH = 64;

/** A tokenizer whose tokens are pieces of words. */
class SubwordTokenizer implements Tokenizer {
  readonly size: number;
  readonly #engine: Engine;
  readonly #words: RegExp | null;
  /** Words met before: a few thousand of them make up most of any text. */
  readonly #known = new Map<string, readonly number[]>();

  /** @param words where a text can be parted without a change of its tokens; null: nowhere. */
  constructor(
    path: string,
    definition: object,
    { words = null, configuration = {} }: { words?: RegExp | null; configuration?: object } = {},
  ) {
    this.#words = words;
    try {
      this.#engine = new Engine(definition, configuration);
    } catch (error) {
      throw new DataError(`${path}: expected a tokenizer, got one that is not known: ${(error as Error).message}`);
    }
    let size = 0;
    for (const number of this.#engine.get_vocab(true).values()) size = Math.max(size, number + 1);
    this.size = size;
  }

  encode(text: string): Int32Array {
    if (!this.#words) return Int32Array.from(this.#encode(text));
    const out: number[] = [];
    for (const word of text.split(this.#words)) {
      let numbers = this.#known.get(word);
      if (!numbers) {
        numbers = this.#encode(word);
        if (this.#known.size === KNOWN) this.#known.clear();
        if (word.length <= WORD_LENGTH) this.#known.set(word, numbers);
      }
      for (const number of numbers) out.push(number);
    }
    return Int32Array.from(out);
  }

  #encode(text: string): readonly number[] {
    return text === "" ? [] : this.#engine.encode(text, { add_special_tokens: false }).ids;
  }

  decode(tokens: Iterable<number>): string {
    const numbers = [...tokens];
    const wrong = numbers.find((token) => !(Number.isInteger(token) && token >= 0 && token < this.size));
    if (wrong !== undefined) {
      throw new OptionError(`decode: expected numbers from 0 to ${this.size - 1}, got ${wrong}`);
    }
    // The engine asks for at least one token.
    if (numbers.length === 0) return "";
    return this.#engine.decode(numbers, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  }
}

async function bytesIn(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readFailure(path, error);
  }
}

async function textIn(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await bytesIn(path));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: expected text in utf-8, got bytes that are none`);
  }
}

async function jsonIn(path: string): Promise<Record<string, unknown>> {
  const text = await textIn(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path}: expected JSON, got ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null)
    throw new DataError(`${path}: expected an object, got ${typeof value}`);
  return value as Record<string, unknown>;
}

const linesIn = (text: string): string[] => text.replace(/\r?\n$/, "").split(/\r?\n/);

export interface WordPieceOptions {
  /** Make letters small and drop accents, as "uncased" vocabularies want it; default true. */
  lowercase?: boolean;
}

/**
 * BERT's tokenizer, from its vocab.txt (a piece a line).
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("vocab.txt", ["[UNK]", "un", "##roll", "##ed", "net", "##works"].join("\n"));
 * const tokenizer = await wordPieceTokenizer("vocab.txt");
 * tokenizer.encode("Unrolled networks"); // [1, 2, 3, 4, 5]
 * tokenizer.decode([1, 2, 3, 4, 5]); // "unrolled networks"
 * ```
 *
 * @throws {DataError} when the file cannot be read or has no piece [UNK]; {OptionError} when an option is unknown.
 * Source: Devlin et al. 2019, "BERT"; Wu et al. 2016 for the pieces.
 */
export async function wordPieceTokenizer(path: string, options: WordPieceOptions = {}): Promise<Tokenizer> {
  requireKnown("wordPieceTokenizer", options, ["lowercase"]);
  const { lowercase = true } = options;
  const pieces = linesIn(await textIn(path));
  const vocab = Object.fromEntries(pieces.map((piece, i) => [piece, i]));
  if (!Object.hasOwn(vocab, "[UNK]")) throw new DataError(`${path}: expected a piece [UNK], got none`);
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter((piece) => Object.hasOwn(vocab, piece));
  return new SubwordTokenizer(
    path,
    {
      added_tokens: special.map((content) => addedToken(vocab[content] as number, content)),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: null,
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab,
      },
    },
    { words: WORDS },
  );
}

/**
 * GPT-2's tokenizer: bytes paired by frequency, from its encoder.json (or vocab.json) and vocab.bpe (or merges.txt). Every text
 * can be written in it, and comes back as it was.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("encoder.json", JSON.stringify({ l: 0, o: 1, w: 2, e: 3, r: 4, lo: 5, low: 6, er: 7 }));
 * writeFileSync("vocab.bpe", "l o\nlo w\ne r\n");
 * const tokenizer = await bytePairTokenizer("encoder.json", "vocab.bpe");
 * tokenizer.encode("lower"); // [6, 7]
 * tokenizer.decode([6, 7]); // "lower"
 * ```
 *
 * @throws {DataError} when a file cannot be read or is not what it should be.
 * Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; Sennrich, Haddow & Birch 2016.
 */
export async function bytePairTokenizer(vocabularyPath: string, mergesPath: string): Promise<Tokenizer> {
  const vocab = await jsonIn(vocabularyPath);
  if (!Object.values(vocab).every(Number.isInteger)) {
    throw new DataError(`${vocabularyPath}: expected a number for each piece`);
  }
  const lines = linesIn(await textIn(mergesPath));
  const first = lines[0]?.startsWith("#version") ? 1 : 0;
  const merges = lines.slice(first).filter((line) => line !== "");
  const wrong = merges.findIndex((line) => line.split(" ").length !== 2);
  if (wrong >= 0) {
    throw new DataError(
      `${mergesPath} line ${wrong + first + 1}: expected two pieces, got ${JSON.stringify(merges[wrong])}`,
    );
  }
  const end = vocab["<|endoftext|>"] as number | undefined;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return new SubwordTokenizer(
    vocabularyPath,
    {
      added_tokens: end === undefined ? [] : [addedToken(end, "<|endoftext|>")],
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: { type: "BPE", dropout: null, unk_token: null, vocab, merges: merges.map((line) => line.split(" ")) },
    },
    { words: WORDS },
  );
}

/**
 * A SentencePiece unigram tokenizer, from its model file. What is in no piece comes back as \u2047. Text is brought to one
 * spelling by the rules the model names (NFKC, with or without those for machine translation, in small letters or not), not by
 * the table it carries: rules of one's own are refused.
 *
 * ```ts
 * const tokenizer = await sentencePieceTokenizer("spiece.model");
 * const text = tokenizer.decode(tokenizer.encode("  two  spaces ")); // "two spaces"
 * ```
 *
 * @throws {DataError} when the file cannot be read, is damaged, or is no unigram model.
 * Source: Kudo 2018, "Subword regularization"; Kudo & Richardson 2018, "SentencePiece".
 */
export async function sentencePieceTokenizer(path: string): Promise<Tokenizer> {
  const { pieces, unknown, control, normalization, dummyPrefix, fewerBlanks } = parseSentencePiece(
    path,
    await bytesIn(path),
  );
  const rules = normalizations[normalization];
  if (!rules)
    throw new DataError(`${path}: expected normalization by known rules, got ${JSON.stringify(normalization)}`);
  const metaspace = { type: "Metaspace", replacement: "\u2581", prepend_scheme: dummyPrefix ? "always" : "never" };
  const blanks = [
    { type: "Replace", pattern: { Regex: "^ +| +$" }, content: "" },
    { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
  ];
  const vocab = pieces.map((piece, number) => (number === unknown ? ([UNKNOWN, piece[1]] as const) : piece));
  return new SubwordTokenizer(
    path,
    {
      added_tokens: control.map((number) => addedToken(number, pieces[number]?.[0] as string)),
      normalizer: { type: "Sequence", normalizers: [...rules, ...(fewerBlanks ? blanks : [])] },
      pre_tokenizer: metaspace,
      post_processor: null,
      decoder: metaspace,
      model: { type: "Unigram", unk_id: unknown, vocab },
    },
    { words: dummyPrefix && fewerBlanks ? BLANK_WORDS : null },
  );
}

/** What SentencePiece writes for what it does not know; its blanks keep it from being met in a text. */
const UNKNOWN = " \u2047 ";

/** The rules that SentencePiece has names for. "Precompiled" is what its rules for machine translation come to. */
const normalizations: Readonly<Record<string, readonly object[]>> = {
  identity: [],
  nfkc: [{ type: "NFKC" }],
  nmt_nfkc: [{ type: "Precompiled", precompiled_charsmap: null }],
  nfkc_cf: [{ type: "NFKC" }, { type: "Lowercase" }],
  nmt_nfkc_cf: [{ type: "Precompiled", precompiled_charsmap: null }, { type: "Lowercase" }],
};

/**
 * A tokenizer from a tokenizer.json, as models on the Hugging Face Hub bring it.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * const definition = {
 *   added_tokens: [],
 *   normalizer: { type: "Lowercase" },
 *   pre_tokenizer: { type: "Whitespace" },
 *   model: { type: "WordPiece", vocab: { "[UNK]": 0, sea: 1, ship: 2 }, unk_token: "[UNK]" },
 *   post_processor: null,
 *   decoder: { type: "WordPiece", prefix: "##", cleanup: true },
 * };
 * writeFileSync("tokenizer.json", JSON.stringify(definition));
 * const tokenizer = await readTokenizer("tokenizer.json");
 * tokenizer.size; // 3
 * tokenizer.encode("Ship sea boat"); // [2, 1, 0]
 * tokenizer.decode([2, 1]); // "ship sea"
 * ```
 *
 * @param configurationPath the tokenizer_config.json beside it, if there is one.
 * @throws {DataError} when a file cannot be read or is no tokenizer.
 */
export async function readTokenizer(path: string, configurationPath?: string): Promise<Tokenizer> {
  const configuration = configurationPath === undefined ? {} : await jsonIn(configurationPath);
  return new SubwordTokenizer(path, await jsonIn(path), { configuration });
}

function addedToken(id: number, content: string): object {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}
