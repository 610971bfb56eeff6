import { type Batch, type BatchSource, CharacterVocabulary, type Tokenizer, WordVocabulary } from "unrolled";
import { languageModelFile, readCsv, readJsonLines, readLines } from "unrolled/node";

/** What a walk over a file gave. */
export interface Walk {
  /** Rows or tokens, whatever the pipeline counts. */
  readonly count: number;
}

export interface Pipeline {
  readonly name: string;
  /** Which of the generated files it reads. */
  readonly file: "csv" | "jsonl" | "text";
  readonly unit: "rows" | "tokens";
  walk(path: string): Promise<Walk>;
}

/** Walks one pass and counts the examples, of each batch its second axis or, without time, its first. */
async function countExamples(source: BatchSource, axis: number): Promise<Walk> {
  let count = 0;
  for await (const { input } of source.batches({ epoch: 0, seed: 1 }) as AsyncIterable<Batch>) {
    count += input.shape[axis] as number;
  }
  return { count };
}

const columns = { numbers: ["a", "b", "c", "d", "e", "f"], text: ["station"] };
const label = (station: string): number => Number(station.slice(-1));

/** Walks a text as a language model does, and counts the tokens. */
async function countTokens(path: string, tokenizer: Tokenizer): Promise<Walk> {
  let count = 0;
  const source = languageModelFile(path, tokenizer, { batchSize: 32, steps: 64 });
  for await (const { input } of source.batches({ epoch: 0, seed: 1 }) as AsyncIterable<Batch>) count += input.size;
  return { count };
}

export const pipelines: readonly Pipeline[] = [
  {
    name: "CSV rows",
    file: "csv",
    unit: "rows",
    walk: async (path) => {
      let count = 0;
      for await (const rows of readCsv(path, columns).chunks()) count += rows.length;
      return { count };
    },
  },
  {
    name: "CSV, shuffled through 10,000, batches of 32",
    file: "csv",
    unit: "rows",
    walk: (path) => {
      const examples = readCsv(path, columns).map(({ numbers, text: [station] }) => ({
        input: numbers,
        label: label(station as string),
      }));
      return countExamples(examples.shuffle().batch({ sequences: "none" }), 0);
    },
  },
  {
    name: "JSON lines, shuffled, batches of 32",
    file: "jsonl",
    unit: "rows",
    walk: (path) => {
      const rows = readJsonLines<{ values: number[]; station: string }>(path, { fields: ["values", "station"] });
      const examples = rows.map(({ values, station }) => ({ input: values, label: label(station) }));
      return countExamples(examples.shuffle().batch({ sequences: "none" }), 0);
    },
  },
  {
    name: "text by character, lines in buckets, batches of 32",
    file: "text",
    unit: "tokens",
    walk: async (path) => {
      const vocabulary = new CharacterVocabulary(" abcdefghijklmnopqrstuvwxyz.");
      const examples = readLines(path).map((line) => {
        const tokens = vocabulary.encode(line);
        return { input: tokens.subarray(0, -1), target: tokens.subarray(1) };
      });
      let count = 0;
      const source = examples.shuffle().batch({ sequences: "both", bucket: 1024 });
      for await (const { lengths } of source.batches({ epoch: 0, seed: 1 }) as AsyncIterable<Batch>) {
        for (const length of lengths as Int32Array) count += length;
      }
      return { count };
    },
  },
  {
    name: "text by character, language model [64, 32]",
    file: "text",
    unit: "tokens",
    walk: (path) => countTokens(path, new CharacterVocabulary(" abcdefghijklmnopqrstuvwxyz.\n")),
  },
  {
    name: "text by word, language model [64, 32]",
    file: "text",
    unit: "tokens",
    walk: async (path) =>
      countTokens(path, await WordVocabulary.count(readLines(path).take(10_000), { limit: 20_000 })),
  },
];
