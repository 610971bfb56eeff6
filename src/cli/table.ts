import { type CsvOptions, csvColumns, readCsv, readLines } from "../node/index.ts";

/** How a table is written: what an option of its readers says, found by looking at its first lines. */
export type TableFormat = Required<Pick<CsvOptions, "header" | "delimiter" | "decimal">> &
  Pick<CsvOptions, "thousands">;

/** Lines that are looked at. */
const LINES = 20;

/**
 * How a table is written. Between cells is what the first line has most of, a comma, a semicolon or a tab; where that is no
 * comma and a cell is written like 1,5 a comma parts whole from fraction, as spreadsheets of many countries write it. The
 * other of the two groups thousands where all cells that have it are written like 1,234 or 1,234.5.
 * @throws {DataError} when the file cannot be read, or holds no row.
 */
export async function tableFormat(path: string): Promise<TableFormat> {
  const lines = await readLines(path).take(LINES).toArray();
  const bare = lines.map((line) => line.replace(/"[^"]*"/g, '""'));
  const count = (delimiter: string): number => (bare[0] ?? "").split(delimiter).length;
  const delimiter = [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
  const some = (cell: RegExp): boolean =>
    bare.some((line) => line.split(delimiter).some((text) => cell.test(text.trim())));
  const points = some(/^[+-]?\d{1,3}(,\d{3})+\.\d+$/);
  const commas = delimiter !== "," && !points && some(/^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$/);
  const [decimal, mark] = commas ? ([",", "."] as const) : ([".", ","] as const);
  const thousands = groupsThousands(lines, delimiter, mark) ? { thousands: mark } : {};
  return { delimiter, decimal, ...thousands, header: await hasHeader(path, { delimiter, decimal, ...thousands }) };
}

/** Whether numbers have this mark between groups of three digits: some do, and none has it elsewhere. */
function groupsThousands(lines: readonly string[], delimiter: string, mark: "," | "."): boolean {
  const point = mark === "," ? "\\." : ",";
  const grouped = new RegExp(`^[+-]?\\d{1,3}(?:\\${mark}\\d{3})+(?:${point}\\d+)?$`);
  const cells = lines.flatMap((line) => {
    const quoted = Array.from(line.matchAll(/"([^"]*)"/g), ([, cell]) => (cell as string).trim());
    const bare = line.replace(/"[^"]*"/g, "").split(delimiter);
    return [...quoted, ...bare.map((cell) => cell.trim())];
  });
  const marked = cells.filter((cell) => cell.includes(mark) && /^[+-]?[\d.,]+$/.test(cell));
  return marked.length > 0 && marked.every((cell) => grouped.test(cell));
}

/**
 * Whether the first row names the columns: it does unless it holds numbers, all but one of them at most, and those do not just
 * count the columns. A first cell that is empty is the name of a column that counts the rows.
 */
async function hasHeader(path: string, format: Omit<TableFormat, "header">): Promise<boolean> {
  const { decimal, thousands } = format;
  const plain = (cell: string): string => {
    const whole = thousands === undefined ? cell : cell.replaceAll(thousands, "");
    return decimal === "," ? whole.replace(",", ".") : whole;
  };
  const numberIn = (cell: string): number => (cell.trim() === "" ? Number.NaN : Number(plain(cell)));
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
