import { csvColumns, readCsv } from "../node/index.ts";

const isNumber = (cell: string): boolean => cell.trim() !== "" && Number.isFinite(Number(cell));

/**
 * Whether the first row of a table names its columns: it does unless it holds numbers, all but one of them at most, and those
 * do not just count the columns. A first cell that is empty is the name of a column that counts the rows.
 * @throws {DataError} when the file cannot be read, or holds no row.
 */
export async function hasHeader(path: string): Promise<boolean> {
  const { numbers: some, text: others } = await csvColumns(path, { header: false });
  const places = Array.from({ length: some.length + others.length }, (_, c) => String(c + 1));
  for await (const { text } of readCsv(path, { header: false, text: places, numbers: [], missing: 0 }).take(1)) {
    const numbers = text.filter(isNumber);
    if (text[0] === "") return true;
    if (numbers.length === 0 || numbers.length < text.length - 1) return true;
    const counted = numbers.every((cell, i) => Number(cell) === Number(numbers[0]) + i);
    const counts = counted && (numbers[0] === "0" || numbers[0] === "1");
    return numbers.length > 1 && counts && numbers.length < text.length;
  }
  return true;
}
