import { open } from "node:fs/promises";
import {
  type Batch,
  type BatchSource,
  besideEachOther,
  DataError,
  type LanguageModelOptions,
  type Tokenizer,
} from "../index.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { bytesOf, decoderOf, readFailure } from "./text.ts";

const LINE_END = 0x0a;
const SEARCHED = 2 ** 16;

/**
 * A text file larger than memory as a language model reads it: `batchSize` places of the file are read side by side, each as
 * far as the next begins, `steps` tokens of each a batch; input and target int32 [T, B], state is carried. Places are moved to
 * the next line where one begins nearby. A pass ends where the first of them has no whole batch left.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("corpus.txt", "aba\ncac\n");
 * const vocabulary = new CharacterVocabulary("\nabc");
 * const source = languageModelFile("corpus.txt", vocabulary, { batchSize: 2, steps: 3 }); // for `trainer.fit`
 * const inputs: Tensor[] = [];
 * for await (const { input } of source.batches({ epoch: 0, seed: 0 })) inputs.push(input);
 * inputs[0]; // [[1, 3], [2, 1], [1, 3]]
 * ```
 *
 * @param tokenizer is given the text by whole lines, or words where lines are very long.
 * @throws {OptionError} when batchSize or steps is not a whole number ≥ 1; while it is walked {DataError} when the file cannot
 *   be read, is not UTF-8, or is too short for one batch.
 */
export function languageModelFile(path: string, tokenizer: Tokenizer, options: LanguageModelOptions): BatchSource {
  requireKnown("languageModelFile", options, ["batchSize", "steps"]);
  const batchSize = requireCount("languageModelFile batchSize", options.batchSize);
  const steps = requireCount("languageModelFile steps", options.steps);
  return { carriesState: true, batches: () => batches(path, tokenizer, batchSize, steps) };
}

async function* batches(path: string, tokenizer: Tokenizer, batchSize: number, steps: number): AsyncGenerator<Batch> {
  const places = await placesOf(path, batchSize);
  const pieces = Array.from({ length: batchSize }, (_, b) => {
    return new Piece(tokenizer, path, places[b] as number, places[b + 1] as number);
  });
  let made = 0;
  try {
    for (;;) {
      for (const piece of pieces) {
        if (await piece.has(steps + 1)) continue;
        if (made === 0) {
          throw new DataError(`${path}: expected a text of ${batchSize} times ${steps + 1} tokens, got a shorter one`);
        }
        return;
      }
      yield besideEachOther(batchSize, steps, (b) => (pieces[b] as Piece).take(steps));
      made++;
    }
  } finally {
    await Promise.all(pieces.map((piece) => piece.close()));
  }
}

/** Where the pieces begin, and where the last ends: equal shares of the bytes, moved to a line's begin or at least a character's. */
async function placesOf(path: string, count: number): Promise<number[]> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const places = [0];
      const found = Buffer.alloc(SEARCHED);
      for (let b = 1; b < count; b++) {
        const at = Math.floor((size / count) * b);
        if (at < 1) {
          places.push(0);
          continue;
        }
        const { bytesRead } = await file.read(found, 0, SEARCHED, at - 1);
        const line = found.subarray(0, bytesRead).indexOf(LINE_END);
        // No line begins near: the first byte that does not continue a character.
        const character = found.subarray(1, bytesRead).findIndex((byte) => (byte & 0xc0) !== 0x80);
        places.push(Math.min(size, line >= 0 ? at + line : at + Math.max(0, character)));
      }
      return [...places, size];
    } finally {
      await file.close();
    }
  } catch (error) {
    throw readFailure(path, error);
  }
}

/** One piece of the file, from one place to the next, as tokens. */
class Piece {
  readonly #tokenizer: Tokenizer;
  readonly #text: AsyncGenerator<string> | null;
  #tokens = new Int32Array(0);
  #at = 0;

  constructor(tokenizer: Tokenizer, path: string, start: number, end: number) {
    this.#tokenizer = tokenizer;
    this.#text = end > start ? linesBetween(path, start, end - 1) : null;
  }

  /** Reads on until `count` tokens are there; false where the piece ends before. */
  async has(count: number): Promise<boolean> {
    while (this.#tokens.length - this.#at < count) {
      const next = await this.#text?.next();
      if (!next || next.done) return false;
      const more = this.#tokenizer.encode(next.value);
      const rest = this.#tokens.subarray(this.#at);
      const tokens = new Int32Array(rest.length + more.length);
      tokens.set(rest);
      tokens.set(more, rest.length);
      this.#tokens = tokens;
      this.#at = 0;
    }
    return true;
  }

  /** The next tokens, `steps` of them and the one after; it moves on by `steps`. */
  take(steps: number): Int32Array {
    const taken = this.#tokens.subarray(this.#at, this.#at + steps + 1);
    this.#at += steps;
    return taken;
  }

  async close(): Promise<void> {
    await this.#text?.return(undefined);
  }
}

/** The text between two bytes in parts that end with a line, or before a blank where there is no end of a line. */
async function* linesBetween(path: string, start: number, end: number): AsyncGenerator<string> {
  const decoder = decoderOf("utf-8");
  let at = start;
  const decode = (bytes?: Buffer): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new DataError(`${path}: expected text in utf-8, got bytes that are none near byte ${at}`);
    }
  };
  let rest = "";
  for await (const bytes of bytesOf(path, { start, end })) {
    rest += decode(bytes);
    at += bytes.length;
    const cut = rest.lastIndexOf("\n") + 1 || rest.lastIndexOf(" ");
    if (cut <= 0) continue;
    yield rest.slice(0, cut);
    rest = rest.slice(cut);
  }
  rest += decode();
  if (rest !== "") yield rest;
}
