import { basename } from "node:path";
import { csvColumns, readCsv, readTable } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { type TableFormat, tableFormat } from "../table.ts";
import type { Collection, Reading, Sequence } from "./collection.ts";

/** Names that a column of labels goes by. */
const labelNames = ["label", "class", "target", "category"];

/**
 * One sequence a row of a table: its values in the order of the columns, and its label in one of them. Cells that are
 * empty at the end of a row are behind the end of a shorter sequence.
 * @throws {Failure | DataError} naming file and row.
 */
export async function readRows(path: string, { label, labelled, known }: Reading): Promise<Collection> {
  const format = await tableFormat(path);
  const { numbers, text } = await csvColumns(path, format);
  const names = [...numbers, ...text];
  const wanted = label ?? known?.labelColumn ?? undefined;
  const labelColumn = labelled
    ? wanted === undefined
      ? await guessLabel(path, format, names, text)
      : requireColumn(path, names, wanted)
    : (names.find((name) => name === wanted) ?? null);
  const [stray] = text.filter((name) => name !== labelColumn);
  if (stray !== undefined) {
    const hint = labelColumn === null ? "" : `; the label is ${JSON.stringify(labelColumn)}`;
    throw new Failure(`${path}: expected numbers in column ${JSON.stringify(stray)}, got text${hint}`);
  }
  const values = numbers.filter((name) => name !== labelColumn);
  if (values.length === 0) throw new Failure(`${path}: expected columns of numbers beside the label, got none`);
  const sequences: Sequence[] = [];
  const rows = readCsv(path, {
    ...format,
    numbers: values,
    text: labelColumn === null ? [] : [labelColumn],
    missing: Number.NaN,
  });
  for await (const row of rows) {
    const where = `${path} row ${row.row}`;
    const data = withoutEnd(where, row.numbers);
    const found = row.text[0]?.trim() ?? null;
    if (found === "" && labelled)
      throw new Failure(`${where}: expected a label in column ${JSON.stringify(labelColumn)}, got none`);
    sequences.push({
      name: `${basename(path)} row ${row.row}`,
      input: { data, shape: [data.length, 1] },
      label: found || null,
      speaker: null,
      official: null,
    });
  }
  if (sequences.length === 0) throw new Failure(`${path}: expected a sequence a row, got no rows`);
  return { title: basename(path), layout: "rows", channels: 1, sequences, features: null, labelColumn, official: null };
}

function requireColumn(path: string, names: readonly string[], wanted: string): string {
  if (names.includes(wanted)) return wanted;
  const some = names.length > 8 ? `${names.slice(0, 8).join(", ")} …` : names.join(", ");
  throw new Failure(`--label ${wanted}: expected a column of ${path}, which has ${some}`);
}

/** The column with a telling name, or the only one of text, or the last or else the first of which numbers are classes. */
async function guessLabel(
  path: string,
  format: TableFormat,
  names: readonly string[],
  text: readonly string[],
): Promise<string> {
  const named = labelNames.flatMap((wanted) => names.filter((name) => name.toLowerCase() === wanted));
  const only = text.length === 1 ? text[0] : undefined;
  if (named[0] ?? only) return (named[0] ?? only) as string;
  const candidates = text.length > 1 ? [] : [names.at(-1) as string, names[0] as string];
  const { numbers } = await readTable(path, { ...format, numbers: candidates, text: [], missing: Number.NaN });
  const found = candidates.find((name) => areClasses(numbers.get(name) as Float64Array));
  if (found !== undefined) return found;
  throw new Failure(`${path}: expected a column of labels, got none that looks like one: say which with --label`);
}

/** Whole numbers, each of them several times. */
function areClasses(values: Float64Array): boolean {
  return values.every(Number.isInteger) && new Set(values).size <= values.length / 2;
}

function withoutEnd(where: string, values: readonly number[]): Float32Array {
  let end = values.length;
  while (end > 0 && Number.isNaN(values[end - 1])) end--;
  if (end === 0) throw new Failure(`${where}: expected at least one value, got none`);
  const gap = values.slice(0, end).findIndex(Number.isNaN);
  if (gap >= 0)
    throw new Failure(`${where}: expected a value in each place up to the last, got none in place ${gap + 1}`);
  return Float32Array.from(values.slice(0, end));
}
