import { createReadStream } from "node:fs";
import { Examples } from "../index.ts";
import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";

export interface TextOptions {
  /**
   * How the file's bytes spell text: any name that `TextDecoder` knows, such as "utf-16le" or "windows-1252"; default
   * "utf-8". A byte-order mark is left out.
   */
  encoding?: string;
}

/** How many characters a line, or a row of a table, may have before it is taken for a mistake. */
export const LONGEST_LINE = 2 ** 25;

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is not a directory",
};

/** An error of the file system as a {@link DataError} that names the file; any other error as it is. */
export function readFailure(path: string, error: unknown): unknown {
  const { code } = Object(error) as NodeJS.ErrnoException;
  if (typeof code !== "string" || !(error instanceof Error) || error instanceof DataError) return error;
  return new DataError(`${path}: cannot be read: ${reasons[code] ?? error.message}`, { cause: error });
}

/** The bytes of a file, a piece at a time. */
export async function* bytesOf(path: string, range: { start?: number; end?: number } = {}): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, range) as AsyncIterable<Buffer>;
  } catch (error) {
    throw readFailure(path, error);
  }
}

/** @throws {OptionError} when no decoder of this name is known. */
export function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new OptionError(`encoding: expected a name that TextDecoder knows, got ${JSON.stringify(encoding)}`);
  }
}

/**
 * The text of a file, a piece at a time, every line ended by "\n" however the file ends them.
 * @throws {DataError} naming the file, and the line where bytes are no text of that encoding.
 */
export async function* textOf(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = decoderOf(encoding);
  let at = 0;
  let kept = "";
  for await (const bytes of bytesOf(path)) {
    if (at === 0) requireEncoding(path, bytes, decoder.encoding);
    const text = kept + (await decoded(path, decoder, bytes, at));
    at += bytes.length;
    // A "\r" at the end may be half of a line's end.
    kept = text.endsWith("\r") ? "\r" : "";
    yield withPlainEnds(kept ? text.slice(0, -1) : text);
  }
  yield withPlainEnds(kept + (await decoded(path, decoder, undefined, at)));
}

function withPlainEnds(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

async function decoded(path: string, decoder: TextDecoder, bytes: Buffer | undefined, at: number): Promise<string> {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    const line = await lineOfFault(path, decoder.encoding, at);
    throw new DataError(
      `${path} line ${line}: expected text in ${decoder.encoding}, got bytes that are none; is it another \`encoding\`?`,
    );
  }
}

/** A file in UTF-16 has zeros that would pass as UTF-8: it is told by its mark. */
function requireEncoding(path: string, bytes: Buffer, encoding: string): void {
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  const found = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : encoding;
  if (found === encoding) return;
  throw new DataError(`${path}: expected text in ${encoding}, got the mark of ${found}; say \`encoding: "${found}"\``);
}

/** The line, from 1, of the first bytes that are no text, which is known to be at `start` or later, give or take a character. */
async function lineOfFault(path: string, encoding: string, start: number): Promise<number> {
  const lenient = new TextDecoder(encoding);
  let line = 1;
  let at = 0;
  for await (const bytes of bytesOf(path)) {
    const text = lenient.decode(bytes, { stream: true });
    const fault = at + bytes.length > start ? text.indexOf("\ufffd") : -1;
    for (let end = text.indexOf("\n"); end >= 0 && (fault < 0 || end < fault); end = text.indexOf("\n", end + 1))
      line++;
    if (fault >= 0) break;
    at += bytes.length;
  }
  return line;
}

/**
 * The lines of a text file, without their ends; no more than a piece of the file is in memory.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("train.txt", "the sea\nthe ship\r\n");
 * const lines = await readLines("train.txt").toArray();
 * lines; // ["the sea", "the ship"]
 * const vocabulary = await WordVocabulary.count(readLines("train.txt"));
 * vocabulary.words; // ["<unk>", "the", "sea", "ship"]
 * ```
 *
 * @throws {OptionError} when the encoding is unknown; while they are walked {DataError} when the file cannot be read, naming
 *   the line where it is not text of its encoding.
 */
export function readLines(path: string, options: TextOptions = {}): Examples<string> {
  requireKnown("readLines", options, ["encoding"]);
  const { encoding = "utf-8" } = options;
  decoderOf(encoding);
  return Examples.fromChunks(() => linesOf(path, encoding));
}

async function* linesOf(path: string, encoding: string): AsyncGenerator<string[]> {
  let rest = "";
  let count = 0;
  for await (const text of textOf(path, encoding)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    count += lines.length;
    if (rest.length > LONGEST_LINE) {
      throw new DataError(`${path} line ${count + 1}: expected at most ${LONGEST_LINE} characters, got more`);
    }
    yield lines;
  }
  if (rest !== "") yield [rest];
}

export interface JsonLinesOptions extends TextOptions {
  /** Fields that every object must have; default: none is asked for. */
  fields?: readonly string[];
}

/**
 * The objects of a JSON lines file: one a line, blank lines left out.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("words.jsonl", '{ "word": "so", "class": 0 }\n{ "word": "long", "class": 1 }\n');
 * const rows = readJsonLines<{ word: string; class: number }>("words.jsonl", { fields: ["word", "class"] });
 * const words = await rows.map(({ word }) => word).toArray();
 * words; // ["so", "long"]
 * ```
 *
 * @throws {DataError} while they are walked: the file cannot be read, or a line is no JSON object or lacks a field; the message
 *   names file and line.
 */
export function readJsonLines<Row extends object = Record<string, unknown>>(
  path: string,
  options: JsonLinesOptions = {},
): Examples<Row> {
  requireKnown("readJsonLines", options, ["encoding", "fields"]);
  const { encoding = "utf-8", fields = [] } = options;
  decoderOf(encoding);
  return Examples.fromChunks(async function* () {
    let line = 0;
    for await (const lines of linesOf(path, encoding)) {
      const rows: Row[] = [];
      for (const text of lines) {
        line++;
        if (text.trim() !== "") rows.push(rowOf(`${path} line ${line}`, text, fields) as Row);
      }
      yield rows;
    }
  });
}

function rowOf(where: string, text: string, fields: readonly string[]): object {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: expected JSON, got ${(error as Error).message}`);
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new DataError(`${where}: expected an object, got ${text.slice(0, 40)}`);
  }
  const lacking = fields.find((field) => !Object.hasOwn(row as object, field));
  if (lacking !== undefined) throw new DataError(`${where}: expected a field ${JSON.stringify(lacking)}, got none`);
  return row;
}
