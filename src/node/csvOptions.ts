import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import { decoderOf, type TextOptions } from "./text.ts";

export interface CsvOptions extends TextOptions {
  /** What is between cells; default "," and, for a file whose name ends with .tsv, a tab. */
  delimiter?: string;
  /** The first row names the columns (default), or there is none and columns are "1", "2" ..., or these are their names. */
  header?: boolean | readonly string[];
  /** Columns that hold numbers. Where neither these nor `text` are given, each column is what its first cell says. */
  numbers?: readonly string[];
  /** Columns that are taken as they are: classes, names, dates. */
  text?: readonly string[];
  /** What parts whole from fraction; default ".". */
  decimal?: "." | ",";
  /** What groups thousands, as in 1,234.5; default: nothing does, and such a number is refused. */
  thousands?: string;
  /**
   * What to do about a cell that is empty or a mark of what is missing: "refuse" it (default), "skip" its row, take the
   * "previous" row's number, or a number to fill in (NaN too). A cell of text is missing only where it is empty, and is left so
   * unless it is refused or skipped.
   */
  missing?: "refuse" | "skip" | "previous" | number;
  /** What stands for a missing number, besides nothing; default NA, N/A, NaN, nan, null and ?. */
  missingMarks?: readonly string[];
}

/** Options, all of them there. */
export type CsvPlan = Required<Omit<CsvOptions, "numbers" | "text" | "thousands">> &
  Pick<CsvOptions, "numbers" | "text" | "thousands">;

/** Codes: the last blank of ASCII, and the last digit, before which all comes that numbers are written in but letters. */
const BLANK = 32;
const NINE = 57;

const marks = ["NA", "N/A", "NaN", "nan", "null", "?"];

/** @throws {OptionError} when an option is unknown or out of range. */
export function csvPlan(what: string, path: string, options: CsvOptions): CsvPlan {
  requireKnown(what, options, [
    ...["delimiter", "header", "numbers", "text", "decimal", "thousands", "missing", "missingMarks", "encoding"],
  ]);
  const { header = true, decimal = ".", missing = "refuse", missingMarks = marks, encoding = "utf-8" } = options;
  const { delimiter = /\.tsv$/i.test(path) ? "\t" : ",", thousands, numbers, text } = options;
  const refuse = (name: string, wanted: string, got: unknown): never => {
    throw new OptionError(`${what} ${name}: expected ${wanted}, got ${JSON.stringify(got)}`);
  };
  if (typeof delimiter !== "string" || delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    refuse("delimiter", "one character, not a quote or an end of line", delimiter);
  }
  if (decimal !== "." && decimal !== ",") refuse("decimal", '"." or ","', decimal);
  if (thousands !== undefined && (typeof thousands !== "string" || thousands.length !== 1 || thousands === decimal)) {
    refuse("thousands", "one character other than the decimal one", thousands);
  }
  if (typeof missing !== "number" && !["refuse", "skip", "previous"].includes(missing)) {
    refuse("missing", '"refuse", "skip", "previous" or a number', missing);
  }
  if (typeof header !== "boolean" && !Array.isArray(header)) refuse("header", "true, false or names", header);
  for (const [name, list] of Object.entries({ numbers, text, missingMarks })) {
    if (list !== undefined && !Array.isArray(list)) refuse(name, "an array of texts", list);
  }
  decoderOf(encoding);
  return { delimiter, header, decimal, missing, missingMarks, encoding, thousands, numbers, text };
}

/** What a cell that should be a number is: the number, or NaN and why not. */
export type ReadNumber = (cell: string) => number | "missing" | "none";

/** Reads cells as numbers, as the options say they are written. */
export function numberReader({ decimal, thousands, missingMarks }: CsvPlan): ReadNumber {
  const missing = new Set(missingMarks);
  const plain = (cell: string): number | "missing" | "none" => {
    const value = Number(cell);
    // What Number takes for numbers that tables do not: blanks are 0 to it, and 0x1f is 31.
    if (value === 0 && cell.trim() === "") return "missing";
    const plainly = cell.length < 2 || (cell.charCodeAt(0) > BLANK && cell.charCodeAt(1) <= NINE);
    if (Number.isFinite(value) && (plainly || !/^\s*0[xob]/i.test(cell))) return value;
    return missing.has(cell.trim()) ? "missing" : "none";
  };
  if (decimal === "." && thousands === undefined) return plain;
  const group = thousands?.replace(/[\\\]^-]/g, "\\$&");
  const grouped = group === undefined ? null : new RegExp(`^\\s*[+-]?\\d{1,3}(?:[${group}]\\d{3})+(?![\\d${group}])`);
  return (cell) => {
    let number = cell;
    if (thousands !== undefined && number.includes(thousands)) {
      if (!grouped?.test(number)) return missing.has(cell.trim()) ? "missing" : "none";
      number = number.replaceAll(thousands, "");
    }
    if (decimal === ",") {
      if (number.includes(".")) return "none";
      number = number.replace(",", ".");
    }
    return plain(number);
  };
}

/** @throws {DataError} naming file and row, for a cell that is no number. */
export function refuseCell(where: string, column: string, cell: string, { decimal, thousands }: CsvPlan): never {
  const hint =
    decimal === "." && thousands === undefined && /^\s*[+-]?[\d.]*,[\d.,]*\s*$/.test(cell)
      ? "; `decimal` and `thousands` say what a comma means"
      : "";
  throw new DataError(
    `${where}, column ${JSON.stringify(column)}: expected a number, got ${JSON.stringify(cell.slice(0, 40))}${hint}`,
  );
}
