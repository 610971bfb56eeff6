import { basename } from "node:path";
import { csvColumns, readTable } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { tableFormat } from "../table.ts";
import { type Calendar, calendarOf } from "./calendar.ts";

/** A series as it was found, in the order of time. */
export interface Series {
  readonly title: string;
  readonly rows: number;
  /** Names of the columns: what is to be foretold, then what helps to. */
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  /** The column that times are in, or null. */
  readonly timeColumn: string | null;
  /** What is written for the time of each row: the row's number where there are no times. */
  readonly stamps: readonly string[];
  readonly calendar: Calendar | null;
}

/** Which columns to read; undefined: found by name and content. */
export interface Choice {
  readonly target?: string;
  readonly inputs: readonly string[];
  readonly time?: string;
  /** What to do where a value is missing; default: refuse it. */
  readonly missing?: "refuse" | "previous";
}

/** Names that a column of times goes by. */
const timeName = /^(time|timestamp|date|datetime|year|month|week|day|quarter|hour|ds|)$/i;

/**
 * Reads a series from a table.
 * @throws {Failure | DataError} naming the file, and row or column: it cannot be read, a column is not there, is not of numbers,
 *   never changes, or times go back.
 */
export async function readSeries(path: string, choice: Choice): Promise<Series> {
  const format = await tableFormat(path);
  const { numbers, text } = await csvColumns(path, format);
  const timeColumn = chooseTime(path, choice, numbers, text);
  const target = chooseTarget(path, choice, numbers, text, timeColumn);
  for (const name of choice.inputs) requireNumbers(path, "--inputs", name, numbers, text);
  const names = [target, ...choice.inputs];
  const twice = names.find((name, i) => names.indexOf(name) !== i || name === timeColumn);
  if (twice !== undefined) throw new Failure(`--inputs: expected each column once, got ${JSON.stringify(twice)} twice`);
  const table = await readTable(path, {
    ...format,
    numbers: names,
    text: timeColumn === null ? [] : [timeColumn],
    missing: choice.missing ?? "refuse",
  });
  const columns = names.map((name) => table.numbers.get(name) as Float64Array);
  columns.forEach((column, c) => {
    if (column.some((value) => value !== column[0])) return;
    throw new Failure(
      `${path}, column ${JSON.stringify(names[c])}: expected values that change, got ${column[0]} in every row`,
    );
  });
  const times = timeColumn === null ? null : (table.text.get(timeColumn) as readonly string[]);
  const offset = format.header ? 2 : 1;
  const calendar = times && calendarOf(times, (i) => `${path} row ${i + offset}`);
  const stamps = times ?? Array.from({ length: table.length }, (_, i) => String(i + 1));
  return { title: basename(path), rows: table.length, names, columns, timeColumn, stamps, calendar };
}

function chooseTime(
  path: string,
  { time, target, inputs }: Choice,
  numbers: readonly string[],
  text: readonly string[],
): string | null {
  if (time !== undefined) {
    if (numbers.includes(time) || text.includes(time)) return time;
    throw new Failure(`--time ${time}: expected a column of ${path}, which has ${tell([...text, ...numbers])}`);
  }
  const named = [...text, ...numbers].find((name) => timeName.test(name));
  const found = named ?? text[0] ?? null;
  return found === target || (found !== null && inputs.includes(found)) ? null : found;
}

function chooseTarget(
  path: string,
  { target, inputs }: Choice,
  numbers: readonly string[],
  text: readonly string[],
  time: string | null,
): string {
  if (target !== undefined) {
    requireNumbers(path, "--target", target, numbers, text);
    return target;
  }
  const left = numbers.filter((name) => name !== time && !inputs.includes(name));
  if (left.length === 1) return left[0] as string;
  if (left.length === 0) throw new Failure(`${path}: expected a column of numbers to foretell, got none`);
  throw new Failure(`${path}: expected --target with one of ${tell(left)}, got none`);
}

function requireNumbers(
  path: string,
  option: string,
  name: string,
  numbers: readonly string[],
  text: readonly string[],
) {
  if (numbers.includes(name)) return;
  if (text.includes(name)) throw new Failure(`${option} ${name}: expected a column of numbers in ${path}, got text`);
  throw new Failure(`${option} ${name}: expected a column of ${path}, which has ${tell([...numbers, ...text])}`);
}

function tell(names: readonly string[]): string {
  const some = names.slice(0, 10).map((name) => (name === "" ? '""' : name));
  return names.length > some.length ? `${some.join(", ")} …` : some.join(", ");
}
