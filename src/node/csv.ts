import Papa from "papaparse";
import { Examples } from "../index.ts";
import { DataError } from "../runtime/errors.ts";
import { type CsvOptions, type CsvPlan, csvPlan, numberReader, refuseCell } from "./csvOptions.ts";
import { LONGEST_LINE, textOf } from "./text.ts";

/** A row of a table: its numbers and its texts, each in the order of the columns chosen. */
export interface CsvRow {
  /** Which row of the file it is, from 1, the one with the names counted. */
  readonly row: number;
  readonly numbers: readonly number[];
  readonly text: readonly string[];
}

/** Which columns a table's rows bring. */
export interface CsvColumns {
  readonly numbers: readonly string[];
  readonly text: readonly string[];
}

/** A whole table in memory, column by column. */
export interface Table {
  /** How many rows there are. */
  readonly length: number;
  readonly numbers: ReadonlyMap<string, Float64Array>;
  readonly text: ReadonlyMap<string, readonly string[]>;
}

/** Where the chosen columns are in a row. */
interface Layout extends CsvColumns {
  readonly width: number;
  readonly numberAt: readonly number[];
  readonly textAt: readonly number[];
}

/** Rows as they are in the file, the first of them being the file's row number `first`. */
interface Rows {
  readonly rows: readonly string[][];
  readonly first: number;
}

/**
 * The rows of a CSV file, walked as often as you like; no more than a piece of the file is in memory. Cells may be quoted, and
 * then hold delimiters, quotes ("") and ends of lines; blank lines are left out.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("weather.csv", "temperature,pressure,sky\n21.5,1013,clear\n14,998,rain\n");
 * const skies = ["clear", "rain"];
 * const rows = readCsv("weather.csv", { numbers: ["temperature", "pressure"], text: ["sky"] });
 * const examples = rows.map(({ numbers, text: [sky = ""] }) => ({ input: numbers, label: skies.indexOf(sky) }));
 * const all = await examples.toArray();
 * all; // [{ input: [21.5, 1013], label: 0 }, { input: [14, 998], label: 1 }]
 * const source = examples.shuffle().batch({ sequences: "none" }); // for `trainer.fit`
 * const shapes: unknown[] = [];
 * for await (const { input } of source.batches({ epoch: 0, seed: 1 })) shapes.push(input.shape);
 * shapes; // [[2, 2]]
 * ```
 *
 * @throws {OptionError} when an option is unknown or out of range.
 * @throws {DataError} while they are walked, naming file and row: it cannot be read or has no rows, a column is not there or
 *   named twice, a row has more or fewer cells than there are columns, a quote is not closed, a cell is no number, a value is
 *   missing and `missing` says "refuse", or bytes are not text of the encoding.
 */
export function readCsv(path: string, options: CsvOptions = {}): Examples<CsvRow> {
  const plan = csvPlan("readCsv", path, options);
  return Examples.fromChunks(async function* () {
    let layout: Layout | undefined;
    let read: ((rows: Rows) => CsvRow[]) | undefined;
    for await (const rows of rowsOf(path, plan)) {
      if (!layout) {
        const found = layoutOf(path, rows, plan);
        layout = found.layout;
        read = rowReader(path, layout, plan);
        yield read(found.rest);
      } else yield (read as (rows: Rows) => CsvRow[])(rows);
    }
    if (!layout) throw new DataError(`${path}: expected a table, got an empty file`);
  });
}

/**
 * Which columns `readCsv` brings with these options; reads the beginning of the file.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("weather.csv", "temperature,sky\n21.5,clear\n");
 * const { numbers, text } = await csvColumns("weather.csv");
 * numbers; // ["temperature"]
 * text; // ["sky"]
 * ```
 *
 * @throws as `readCsv` does.
 */
export async function csvColumns(path: string, options: CsvOptions = {}): Promise<CsvColumns> {
  const plan = csvPlan("csvColumns", path, options);
  for await (const rows of rowsOf(path, plan)) {
    const { numbers, text } = layoutOf(path, rows, plan).layout;
    return { numbers, text };
  }
  throw new DataError(`${path}: expected a table, got an empty file`);
}

/**
 * A whole CSV file in memory, as the windows of a time series need it.
 *
 * ```ts
 * import { writeFileSync } from "node:fs";
 *
 * writeFileSync("sunspots.csv", "month,sunspots\n1749-01,96.7\n1749-02,104.3\n1749-03,116.7\n");
 * const { length, numbers } = await readTable("sunspots.csv", { numbers: ["sunspots"] });
 * length; // 3
 * const sunspots = numbers.get("sunspots") ?? []; // a column, for `forecastData` and `seriesWindows`
 * sunspots; // [96.7, 104.3, 116.7]
 * ```
 *
 * @throws as `readCsv` does, and {DataError} when there are no rows.
 */
export async function readTable(path: string, options: CsvOptions = {}): Promise<Table> {
  const columns = await csvColumns(path, options);
  const numbers: number[][] = columns.numbers.map(() => []);
  const text: string[][] = columns.text.map(() => []);
  let length = 0;
  for await (const rows of readCsv(path, options).chunks()) {
    for (const row of rows) {
      row.numbers.forEach((value, c) => {
        numbers[c]?.push(value);
      });
      row.text.forEach((value, c) => {
        text[c]?.push(value);
      });
    }
    length += rows.length;
  }
  if (length === 0) throw new DataError(`${path}: expected at least one row, got none`);
  return {
    length,
    numbers: new Map(columns.numbers.map((name, c) => [name, Float64Array.from(numbers[c] as number[])])),
    text: new Map(columns.text.map((name, c) => [name, text[c] as string[]])),
  };
}

/** Every row of the file, as cells. */
async function* rowsOf(path: string, { delimiter, encoding }: CsvPlan): AsyncGenerator<Rows> {
  let rest = "";
  let first = 1;
  const parse = (last: boolean): Rows => {
    const parser = new Papa.Parser({ delimiter, newline: "\n" });
    const { data, errors, meta } = parser.parse(rest, 0, !last) as Papa.ParseResult<string[]>;
    const [error] = errors;
    if (error) {
      const wanted = error.code === "MissingQuotes" ? "the quote to be closed" : "a delimiter after the closing quote";
      throw new DataError(`${path} row ${first + (error.row ?? data.length)}: expected ${wanted}`);
    }
    rest = last ? "" : rest.slice(meta.cursor);
    const rows = { rows: data, first };
    first += data.length;
    return rows;
  };
  for await (const text of textOf(path, encoding)) {
    rest += text;
    const rows = parse(false);
    if (rest.length > LONGEST_LINE) {
      throw new DataError(`${path} row ${first}: expected the row to end; is a quote not closed?`);
    }
    if (rows.rows.length > 0) yield rows;
  }
  if (rest !== "") yield parse(true);
}

const isBlank = (row: readonly string[]): boolean => row.length === 1 && (row[0] as string).trim() === "";

/** The names and places of columns, and the rows that come after the names. */
function layoutOf(path: string, rows: Rows, plan: CsvPlan): { layout: Layout; rest: Rows } {
  const start = rows.rows.findIndex((row) => !isBlank(row));
  const head = rows.rows[start];
  if (!head) throw new DataError(`${path}: expected a table, got an empty file`);
  const rest = plan.header === true ? { rows: rows.rows.slice(start + 1), first: rows.first + start + 1 } : rows;
  const names = namesOf(path, head, rows.first + start, plan);
  const place = (name: string): number => {
    const at = names.indexOf(name);
    if (at >= 0) return at;
    throw new DataError(`${path}: expected a column ${JSON.stringify(name)}, got ${names.join(", ").slice(0, 200)}`);
  };
  const chosen = plan.numbers || plan.text ? plan : kindsOf(names, rest.rows, plan);
  const { numbers = [], text = [] } = chosen;
  return {
    layout: { numbers, text, width: names.length, numberAt: numbers.map(place), textAt: text.map(place) },
    rest,
  };
}

function namesOf(path: string, head: readonly string[], row: number, { header, delimiter }: CsvPlan): string[] {
  if (header === false) return head.map((_, c) => String(c + 1));
  const names = header === true ? head.map((name) => name.trim()) : [...header];
  const twice = names.find((name, c) => names.indexOf(name) !== c);
  if (twice !== undefined) {
    throw new DataError(`${path} row ${row}: expected each column's name once, got ${JSON.stringify(twice)} twice`);
  }
  if (header === true && names.every((name) => name !== "" && Number.isFinite(Number(name)))) {
    const got = head.join(delimiter).slice(0, 40);
    throw new DataError(`${path} row ${row}: expected names of columns, got ${got}; say \`header: false\``);
  }
  return names;
}

/** Columns whose first cell that is not missing is a number, and the others. */
function kindsOf(names: readonly string[], rows: readonly string[][], plan: CsvPlan): CsvColumns {
  const read = numberReader(plan);
  const isNumber = (_: string, c: number): boolean => {
    const row = rows.find((cells) => !isBlank(cells) && read(cells[c] ?? "") !== "missing");
    return row === undefined || typeof read(row[c] as string) === "number";
  };
  const numeric = names.map(isNumber);
  return { numbers: names.filter((_, c) => numeric[c]), text: names.filter((_, c) => !numeric[c]) };
}

/** Turns cells into rows, and knows the latest of them. */
function rowReader(path: string, layout: Layout, plan: CsvPlan): (rows: Rows) => CsvRow[] {
  const { width, numberAt, textAt, numbers: names, text: textNames } = layout;
  const { missing } = plan;
  const readNumber = numberReader(plan);
  let previous: readonly number[] | undefined;
  const refuseMissing = (row: number, column: string): never => {
    throw new DataError(
      `${path} row ${row}, column ${JSON.stringify(column)}: expected a value, got none; \`missing\` says what to do then`,
    );
  };
  const fill = (row: number, c: number): number | "skip" => {
    if (missing === "skip" || typeof missing === "number") return missing;
    const value = missing === "previous" ? previous?.[c] : undefined;
    return value ?? refuseMissing(row, names[c] as string);
  };
  /** False where the row is to be skipped. */
  const fillNumbers = (cells: readonly string[], row: number, into: number[]): boolean => {
    for (let c = 0; c < numberAt.length; c++) {
      const cell = cells[numberAt[c] as number] as string;
      let value: number | string = readNumber(cell);
      if (value === "none") refuseCell(`${path} row ${row}`, names[c] as string, cell, plan);
      if (value === "missing") value = fill(row, c);
      if (value === "skip") return false;
      into.push(value as number);
    }
    return true;
  };
  const fillText = (cells: readonly string[], row: number, into: string[]): boolean => {
    for (let c = 0; c < textAt.length; c++) {
      const cell = cells[textAt[c] as number] as string;
      if (cell === "" && missing === "skip") return false;
      if (cell === "" && missing === "refuse") refuseMissing(row, textNames[c] as string);
      into.push(cell);
    }
    return true;
  };
  return ({ rows, first }) => {
    const out: CsvRow[] = [];
    rows.forEach((cells, i) => {
      const row = first + i;
      if (cells.length !== width) {
        if (isBlank(cells)) return;
        throw new DataError(`${path} row ${row}: expected ${width} cells, got ${cells.length}`);
      }
      const numbers: number[] = [];
      const text: string[] = [];
      if (!fillNumbers(cells, row, numbers) || !fillText(cells, row, text)) return;
      previous = numbers;
      out.push({ row, numbers, text });
    });
    return out;
  };
}
