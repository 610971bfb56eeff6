import { type CsvOptions, csvColumns, readCsv, readLines } from "../node/index.ts";

/** How a table is written: what an option of its readers says, found by looking at its first lines. */
export type TableFormat = Required<Pick<CsvOptions, "header" | "delimiter" | "decimal">>;

/** Lines that are looked at. */
const LINES = 20;

/**
 * How a table is written. Between cells is what the first line has most of, a comma, a semicolon or a tab; where that is no
 * comma and a cell is written like 1,5 a comma parts whole from fraction, as spreadsheets of many countries write it.
 * @throws {DataError} when the file cannot be read, or holds no row.
 */
export async function tableFormat(path: string): Promise<TableFormat> {
  const lines = await readLines(path).take(LINES).toArray();
  const bare = lines.map((line) => line.replace(/"[^"]*"/g, '""'));
  const count = (delimiter: string): number => (bare[0] ?? "").split(delimiter).length;
  const delimiter = [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
  const commas = (line: string): boolean => line.split(delimiter).some((cell) => /^\s*[+-]?\d+,\d+\s*$/.test(cell));
  const decimal = delimiter !== "," && bare.some(commas) ? "," : ".";
  return { delimiter, decimal, header: await hasHeader(path, { delimiter, decimal }) };
}

/**
 * Whether the first row names the columns: it does unless it holds numbers, all but one of them at most, and those do not just
 * count the columns. A first cell that is empty is the name of a column that counts the rows.
 */
async function hasHeader(path: string, format: Omit<TableFormat, "header">): Promise<boolean> {
  const numberIn = (cell: string): number =>
    cell.trim() === "" ? Number.NaN : Number(format.decimal === "," ? cell.replace(",", ".") : cell);
  const { numbers: some, text: others } = await csvColumns(path, { ...format, header: false });
  const places = Array.from({ length: some.length + others.length }, (_, c) => String(c + 1));
  const options = { ...format, header: false, text: places, numbers: [], missing: 0 };
  for await (const { text } of readCsv(path, options).take(1)) {
    const numbers = text.map(numberIn).filter(Number.isFinite);
    if (text[0] === "") return true;
    if (numbers.length === 0 || numbers.length < text.length - 1) return true;
    const counted = numbers.every((value, i) => value === (numbers[0] as number) + i);
    const counts = counted && (numbers[0] === 0 || numbers[0] === 1);
    return numbers.length > 1 && counts && numbers.length < text.length;
  }
  return true;
}
