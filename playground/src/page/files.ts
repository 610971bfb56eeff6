/** Reading what a visitor drops, pastes or chooses, and saying what is wrong with it. */
import { parse } from "papaparse";

/** Larger files than this would be learned from for days. */
export const LARGEST_FILE = 20_000_000;

/** Why something cannot be learned from, by a name that the texts have a sentence for. */
export class MaterialError extends Error {
  override readonly name = "MaterialError";
  /** Numbers and names for the sentence. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: string, details: Readonly<Record<string, string | number>> = {}) {
    super(code);
    this.details = details;
  }
}

export interface DecodedText {
  readonly text: string;
  /** The encoding, when it is not UTF-8. */
  readonly encoding: string | undefined;
}

/** Encodings that are tried in turn where a file is no UTF-8; the last takes anything. */
const others = ["gb18030", "windows-1252"] as const;

/**
 * The text of a file.
 * @throws {MaterialError} when it is empty, too large, or no text.
 */
export async function textOf(file: File): Promise<DecodedText> {
  if (file.size > LARGEST_FILE) {
    throw new MaterialError("tooLarge", { size: Math.round(file.size / 1e6), most: LARGEST_FILE / 1e6 });
  }
  if (file.size === 0) throw new MaterialError("empty");
  const bytes = new Uint8Array(await file.arrayBuffer());
  // UTF-16 says so in its first two bytes; other texts have no zeros, and most binary files do.
  const wide = utf16Of(bytes);
  if (wide) return { text: new TextDecoder(wide).decode(bytes), encoding: wide };
  if (bytes.subarray(0, 100_000).includes(0)) throw new MaterialError("binary", { name: file.name });
  for (const encoding of ["utf-8", ...others]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (isMostlyControl(text)) break;
      return { text, encoding: encoding === "utf-8" ? undefined : encoding };
    } catch {
      // Not in this encoding: the next one.
    }
  }
  throw new MaterialError("binary", { name: file.name });
}

function utf16Of(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return undefined;
}

/** Whether more than a twentieth of a text is what no text has. */
function isMostlyControl(text: string): boolean {
  const sample = text.slice(0, 20_000);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const strange = sample.match(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g)?.length ?? 0;
  return strange * 20 > sample.length;
}

export interface Table {
  readonly columns: readonly { readonly name: string; readonly values: Float32Array; readonly filled: number }[];
}

/** Fewer values than this teach nothing. */
export const LEAST_VALUES = 100;

/** The columns of a CSV that are numbers for the most part; a cell that is none gets what lies between its neighbours. */
export function tableOf(text: string): Table {
  const { data } = parse<string[]>(text.trim(), { skipEmptyLines: "greedy" });
  const width = data.reduce((most, row) => Math.max(most, row.length), 0);
  const hasHeader = data[0]?.some((cell) => cell.trim() !== "" && !Number.isFinite(numberOf(cell))) ?? false;
  const rows = hasHeader ? data.slice(1) : data;
  const columns = Array.from({ length: width }, (_, column) => {
    const name = (hasHeader && data[0]?.[column]?.trim()) || `column ${column + 1}`;
    const numbers = rows.map((row) => numberOf(row[column]));
    const known = numbers.filter(Number.isFinite).length;
    return { name, values: Float32Array.from(filledIn(numbers)), known, filled: rows.length - known };
  }).filter(({ known }) => known > 0 && known >= rows.length * 0.6);
  if (columns.length === 0) throw new MaterialError("noNumbers");
  if (rows.length < LEAST_VALUES) throw new MaterialError("tooFewRows", { rows: rows.length, least: LEAST_VALUES });
  return { columns };
}

/** Larger numbers than this are none to a network, which computes with 32 bits. */
const LARGEST_VALUE = 1e30;

/** A cell's number; NaN when it is none, or too large. A decimal comma is one when there is no point. */
function numberOf(cell: string | undefined): number {
  const text = cell?.trim() ?? "";
  if (text === "") return Number.NaN;
  const plain = /^[+-]?\d+,\d+$/.test(text) ? text.replace(",", ".") : text;
  const value = Number(plain);
  return Math.abs(value) <= LARGEST_VALUE ? value : Number.NaN;
}

function filledIn(numbers: readonly number[]): number[] {
  const known = numbers.flatMap((value, i) => (Number.isFinite(value) ? [i] : []));
  let next = 0;
  return numbers.map((value, i) => {
    if (Number.isFinite(value)) {
      next++;
      return value;
    }
    const [before, after] = [known[next - 1], known[next]];
    if (before === undefined || after === undefined) return numbers[(before ?? after) as number] as number;
    const share = (i - before) / (after - before);
    return (numbers[before] as number) * (1 - share) + (numbers[after] as number) * share;
  });
}

/** Whether a text looks like a table of numbers rather than prose. */
export function looksLikeTable(name: string, text: string): boolean {
  if (/\.(csv|tsv)$/i.test(name)) return true;
  const lines = text
    .slice(0, 5000)
    .split(/\r?\n/)
    .slice(1, 30)
    .filter((line) => line.trim() !== "");
  const numeric = lines.filter((line) => /^[\s\d.,;+\-eE:/T"]+$/.test(line) && /\d/.test(line));
  return lines.length >= 10 && numeric.length >= lines.length * 0.9;
}
