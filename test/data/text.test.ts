import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Batch,
  type BatchSource,
  CharacterVocabulary,
  DataError,
  languageModelBatches,
  OptionError,
  type Tokenizer,
  WordVocabulary,
} from "../../src/index.ts";
import {
  bytePairTokenizer,
  languageModelFile,
  readTokenizer,
  sentencePieceTokenizer,
  wordPieceTokenizer,
} from "../../src/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: string | Uint8Array, name = "text.txt"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What each row of the batches reads, and is to say, one batch after the other. */
async function rowsOf(source: BatchSource) {
  const rows: { input: number[]; target: number[] }[] = [];
  const steps: number[] = [];
  for await (const { input, target } of source.batches({ epoch: 0, seed: 0 }) as AsyncIterable<Batch>) {
    const [T, B] = input.shape as [number, number];
    const [read, said] = [input.toArray(), target.toArray()];
    steps.push(T);
    for (let b = 0; b < B; b++) {
      rows[b] ??= { input: [], target: [] };
      for (let t = 0; t < T; t++) {
        rows[b]!.input.push(read[t * B + b]!);
        rows[b]!.target.push(said[t * B + b]!);
      }
    }
  }
  return { rows, steps };
}

describe("vocabularies", () => {
  test("words by frequency, then by letters, with a least count and a limit, the unknown first", async () => {
    const texts = ["b a c a", "a  b\tb d", "e"];
    const all = await WordVocabulary.count(texts);
    expect(all.words).toEqual(["<unk>", "a", "b", "c", "d", "e"]);
    expect((await WordVocabulary.count([...texts].reverse())).words).toEqual(all.words);
    expect((await WordVocabulary.count(texts, { minimumCount: 2 })).words).toEqual(["<unk>", "a", "b"]);
    expect((await WordVocabulary.count(texts, { limit: 3 })).size).toBe(3);
    expect((await WordVocabulary.count(texts, { limit: 3, unknown: null })).words).toEqual(["a", "b", "c"]);
    expect([...all.encode(" a  zebra b ")]).toEqual([1, 0, 2]);
    expect(all.decode([1, 0, 2])).toBe("a <unk> b");
    expect((await WordVocabulary.count(["a <unk> <unk> a"])).words).toEqual(["<unk>", "a"]);
    const letters = await WordVocabulary.count(["ab"], { split: (text) => [...text] });
    expect([...letters.encode("ba")]).toEqual([2, 1]);
    expect(new WordVocabulary(all.words).words).toEqual(all.words);
  });

  test("words that are unknown, none, or there twice are refused", async () => {
    const vocabulary = new WordVocabulary(["a"], { unknown: null });
    expect(() => vocabulary.encode("a b")).toThrow('expected words of the vocabulary, got "b" as word 1');
    expect(() => vocabulary.decode([1])).toThrow(OptionError);
    expect(() => new WordVocabulary(["a", "a"])).toThrow(OptionError);
    expect(() => new WordVocabulary([])).toThrow(DataError);
    await expect(WordVocabulary.count(["a b"], { minimumCount: 2 })).rejects.toBeInstanceOf(DataError);
    await expect(WordVocabulary.count("a b")).rejects.toBeInstanceOf(OptionError);
    await expect(WordVocabulary.count(["a"], { limit: 0 })).rejects.toBeInstanceOf(OptionError);
  });

  test("a character may stand for those that are not in the vocabulary", () => {
    const vocabulary = new CharacterVocabulary("abc", { unknown: "\ufffd" });
    expect([vocabulary.size, ...vocabulary.encode("a😀c")]).toEqual([4, 0, 3, 2]);
    expect(vocabulary.decode([0, 3])).toBe("a\ufffd");
    expect(new CharacterVocabulary("abc", { unknown: "a" }).size).toBe(3);
    expect(() => new CharacterVocabulary("abc", { unknown: "ab" })).toThrow(OptionError);
    expect(() => new CharacterVocabulary("abc").encode("d")).toThrow(DataError);
    expect(() => new CharacterVocabulary("", { unknown: "a" })).toThrow(DataError);
  });
});

describe("batches of a language model", () => {
  test("pieces side by side, each batch continuing the one before, no token lost but the last few", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 300 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 20 }),
        async (count, batchSize, steps) => {
          const tokens = Int32Array.from({ length: count }, (_, i) => i);
          if (count <= batchSize) {
            expect(() => languageModelBatches(tokens, { batchSize, steps })).toThrow(DataError);
            return;
          }
          const source = languageModelBatches(tokens, { batchSize, steps });
          const { rows, steps: taken } = await rowsOf(source);
          expect([source.carriesState, source.stepsPerEpoch]).toEqual([true, taken.length]);
          expect(taken.slice(0, -1).every((length) => length === steps)).toBe(true);
          const read = rows.flatMap(({ input }) => input);
          expect(read).toEqual([...tokens.subarray(0, read.length)]);
          expect(rows.flatMap(({ target }) => target)).toEqual([...tokens.subarray(1, read.length + 1)]);
          expect(count - read.length).toBeLessThanOrEqual(batchSize);
        },
      ),
    );
    expect(() => languageModelBatches(new Int32Array(9), { batchSize: 0, steps: 2 })).toThrow(OptionError);
    expect(() => languageModelBatches(new Int32Array(9), { batchSize: 2, steps: 1.5 })).toThrow(OptionError);
    expect(() => languageModelBatches([1, 2] as unknown as Int32Array, { batchSize: 1, steps: 1 })).toThrow(DataError);
  });

  const lines = Array.from({ length: 4000 }, (_, i) => `line ${i} ${"äö😀 ".repeat(i % 11)}`);
  test.each([
    ["with lines", `${lines.join("\n")}\n`],
    ["without lines", lines.join(" ")],
    ["without blanks", lines.join("").replaceAll(" ", "")],
  ])(
    "a file %s is read at several places at once: each piece runs on, and the next begins where it ends",
    async (_, text) => {
      const vocabulary = new CharacterVocabulary(text);
      const path = file(text);
      const { rows, steps } = await rowsOf(languageModelFile(path, vocabulary, { batchSize: 5, steps: 100 }));
      expect(steps.every((length) => length === 100)).toBe(true);
      const pieces = rows.map(({ input }) => vocabulary.decode(input));
      let at = 0;
      for (const [b, piece] of pieces.entries()) {
        const found = text.indexOf(piece, at);
        expect(found).toBeGreaterThanOrEqual(at);
        if (b === 0) expect(found).toBe(0);
        expect(vocabulary.decode(rows[b]!.target)).toBe(
          [...text.slice(found, found + piece.length + 2)].slice(1, rows[b]!.input.length + 1).join(""),
        );
        at = found + piece.length;
      }
      // Pieces are equal in bytes, not in characters: what is left over is what the longer ones have more.
      expect(pieces.join("").length).toBeGreaterThan(0.8 * text.length);
      expect(await rowsOf(languageModelFile(path, vocabulary, { batchSize: 5, steps: 100 }))).toEqual({ rows, steps });
    },
  );

  test("a file that is too short, not there or not UTF-8", async () => {
    const vocabulary = new CharacterVocabulary("ab\n");
    const walk = (path: string) => rowsOf(languageModelFile(path, vocabulary, { batchSize: 4, steps: 3 }));
    await expect(walk(file("ab\n"))).rejects.toThrow("expected a text of 4 times 4 tokens");
    await expect(walk(file(""))).rejects.toBeInstanceOf(DataError);
    await expect(walk(join(folder, "none.txt"))).rejects.toThrow("no such file");
    await expect(walk(file(new Uint8Array(100).fill(0xff)))).rejects.toThrow("expected text in utf-8");
    await expect(walk(file("abc\n".repeat(20)))).rejects.toThrow('got "c"');
    expect(() => languageModelFile("x", vocabulary, { batchSize: 1, steps: 0 })).toThrow(OptionError);
  });
});

interface Case {
  readonly tokens: number[][];
  readonly texts: string[];
  readonly bookTokens: number;
  readonly bookSha256: string;
}
const reference = JSON.parse(
  readFileSync(fileURLToPath(new URL("../fixtures/tokenizers.json", import.meta.url)), "utf8"),
) as Record<"wordPiece" | "bytePair" | "sentencePiece", Case> & { texts: string[] };

const data = join(
  process.env.UNROLLED_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url)),
  "tokenizers",
);

describe.skipIf(!existsSync(data))("subwords, against the reference tokenizers", () => {
  const made: [
    keyof typeof reference & ("wordPiece" | "bytePair" | "sentencePiece"),
    number,
    () => Promise<Tokenizer>,
  ][] = [
    ["wordPiece", 30_522, () => wordPieceTokenizer(join(data, "bert/vocab.txt"))],
    ["bytePair", 50_257, () => bytePairTokenizer(join(data, "gpt2/encoder.json"), join(data, "gpt2/vocab.bpe"))],
    ["sentencePiece", 1000, () => sentencePieceTokenizer(join(data, "sentencepiece/test_model.model"))],
  ];
  test.each(made)(
    "%s: the same tokens of short texts and of a book, and the same text again",
    async (name, size, make) => {
      const tokenizer = await make();
      const { tokens, texts, bookTokens, bookSha256 } = reference[name];
      expect(tokenizer.size).toBe(size);
      expect(reference.texts.map((text) => [...tokenizer.encode(text)])).toEqual(tokens);
      expect(tokens.map((each) => tokenizer.decode(each))).toEqual(texts);
      const book = readFileSync(join(data, "sentencepiece/botchan.txt"), "utf8").replaceAll("\r\n", "\n").split("\n");
      const all = Int32Array.from(book.flatMap((line) => [...tokenizer.encode(line)]));
      expect(all.length).toBe(bookTokens);
      expect(createHash("sha256").update(new Uint8Array(all.buffer)).digest("hex")).toBe(bookSha256);
      expect(() => tokenizer.decode([size])).toThrow(OptionError);
      expect(() => tokenizer.decode([-1])).toThrow(OptionError);
    },
  );

  test("bytes paired: every text comes back as it was", async () => {
    const tokenizer = await bytePairTokenizer(join(data, "gpt2/encoder.json"), join(data, "gpt2/vocab.bpe"));
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.constantFrom(" ", "\n", "a", "'s", "1", "é")),
        (text, parts) => {
          for (const each of [text, parts.join("")]) expect(tokenizer.decode(tokenizer.encode(each))).toBe(each);
        },
      ),
    );
  });
});

describe("files that are no tokenizers", () => {
  test("are refused by a typed error that names the file", async () => {
    const json = (value: unknown, name: string) => file(JSON.stringify(value), name);
    const none = join(folder, "none");
    const refused: [() => Promise<Tokenizer>, string][] = [
      [() => wordPieceTokenizer(none), "none: cannot be read: no such file"],
      [() => wordPieceTokenizer(file("a\nb\n")), "expected a piece [UNK]"],
      [() => bytePairTokenizer(json({ a: "b" }, "v.json"), file("a b\n")), "v.json: expected a number for each piece"],
      [
        () => bytePairTokenizer(json({ a: 0 }, "v.json"), file("#version: 0.2\na b\nc\n")),
        "text.txt line 3: expected two pieces",
      ],
      [() => bytePairTokenizer(file("{", "v.json"), file("a b\n")), "v.json: expected JSON"],
      [() => sentencePieceTokenizer(file("no model at all")), "expected a SentencePiece model"],
      [() => sentencePieceTokenizer(file(new Uint8Array(0))), "expected a SentencePiece model"],
      [() => readTokenizer(json({ model: { type: "Nothing" } }, "t.json")), "t.json: expected a tokenizer"],
      [() => wordPieceTokenizer(file(Uint8Array.of(0xff, 0x0a))), "expected text in utf-8"],
    ];
    for (const [make, message] of refused) {
      await expect(make()).rejects.toThrow(message);
      await expect(make()).rejects.toBeInstanceOf(DataError);
    }
  });

  test.skipIf(!existsSync(data))(
    "a model file cut off at any byte is refused, or has lost whole pieces only",
    async () => {
      const whole = readFileSync(join(data, "sentencepiece/test_model.model"));
      for (let cut = 1; cut < 400; cut += 7) {
        const path = file(whole.subarray(0, cut));
        const tokenizer = await sentencePieceTokenizer(path).catch((error: unknown) => error);
        if (tokenizer instanceof Error) expect(tokenizer).toBeInstanceOf(DataError);
        else expect((tokenizer as Tokenizer).size).toBeGreaterThan(0);
      }
    },
  );
});
