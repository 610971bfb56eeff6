import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Example } from "./example.ts";

export interface SeriesFileOptions {
  /**
   * The classes in the order of their numbers, such as those of the training file for the test file. Default: those that a
   * .ts file's head lists, or those met in a .tsv file, sorted.
   */
  classes?: readonly string[];
  /** What to put where a value is missing; default: refuse it. */
  missing?: number;
  /** Named in messages: the file, mostly. */
  name?: string;
}

/** One series of an archive, time first ([T, I]), with its class. */
export interface SeriesExample extends Example {
  readonly input: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  readonly label: number;
}

/** What a file of an archive of time series holds. */
export interface SeriesFile {
  /** The classes; an example's label is a place in it. */
  readonly classes: readonly string[];
  /** How many values a time step has. */
  readonly dimensions: number;
  readonly examples: readonly SeriesExample[];
}

/** A series as it was written: its dimensions, and the name of its class. */
interface Line {
  readonly where: string;
  readonly dimensions: readonly (readonly string[])[];
  readonly label: string;
}

/**
 * Reads the text of a file of the UCR and UEA archives: either .ts (a head of @-lines, then a series a line, its dimensions
 * between colons and its class last) or .tsv (the class, then the values, between tabs). Series may differ in length; values
 * that are missing at the end of all dimensions are padding and left out.
 *
 * ```ts
 * const text = "@classLabel true up down\n@data\n1,2,3:up\n3,1:down\n";
 * const { examples, classes } = parseSeriesFile(text);
 * const source = Examples.from(examples).shuffle().batch({ batchSize: 16 });
 * classes; // ["up", "down"]
 * examples.map(({ input, label }) => [input.shape, label]); // [[[3, 1], 0], [[2, 1], 1]]
 * source.stepsPerEpoch; // 1
 * ```
 *
 * @throws {DataError} naming file and line: there is no series, a value is no number or missing, dimensions differ in number or
 *   length, a class is none of those listed, or the file has time stamps or no classes.
 * Source of the format: Middlehurst et al. 2024, "aeon: a Python toolkit for learning from time series".
 */
export function parseSeriesFile(text: string, options: SeriesFileOptions = {}): SeriesFile {
  requireKnown("parseSeriesFile", options, ["classes", "missing", "name"]);
  const { name = "series", missing } = options;
  if (missing !== undefined && typeof missing !== "number") {
    throw new OptionError(`parseSeriesFile missing: expected a number, got ${typeof missing}`);
  }
  const rows = text.replace(/^\ufeff/, "").split(/\r\n?|\n/);
  const start = rows.findIndex((row) => row.trim().toLowerCase() === "@data");
  const headed = rows.some((row) => row.startsWith("@"));
  if (headed && start < 0) throw new DataError(`${name}: expected a line @data, got none`);
  const head = headed ? headOf(name, rows.slice(0, start)) : undefined;
  const lines = headed ? colonLines(name, rows, start + 1) : tabLines(name, rows);
  const [first] = lines;
  if (!first) throw new DataError(`${name}: expected at least one series, got none`);
  const classes = options.classes ?? head?.classes ?? classesOf(lines);
  const dimensions = first.dimensions.length;
  return { classes, dimensions, examples: lines.map((line) => exampleOf(line, dimensions, classes, missing)) };
}

function headOf(name: string, rows: readonly string[]): { classes: readonly string[] } {
  const head = new Map<string, string[]>();
  for (const row of rows) {
    const [key = "", ...values] = row.trim().split(/\s+/);
    if (key.startsWith("@")) head.set(key.toLowerCase(), values);
  }
  if (head.get("@timestamps")?.[0]?.toLowerCase() === "true") {
    throw new DataError(`${name}: expected series without time stamps, got @timeStamps true`);
  }
  const [labelled = "", ...classes] = head.get("@classlabel") ?? [];
  if (labelled.toLowerCase() !== "true" || classes.length === 0) {
    throw new DataError(`${name}: expected series with classes (@classLabel true and their names), got none`);
  }
  return { classes };
}

function colonLines(name: string, rows: readonly string[], start: number): Line[] {
  return rows.slice(start).flatMap((row, i) => {
    const line = row.trim();
    if (line === "" || line.startsWith("#")) return [];
    const fields = line.split(":");
    const label = (fields.pop() as string).trim();
    const where = `${name} line ${start + i + 1}`;
    if (fields.length === 0)
      throw new DataError(`${where}: expected values, a colon and a class, got ${line.slice(0, 40)}`);
    return [{ where, dimensions: fields.map((field) => field.split(",")), label }];
  });
}

function tabLines(name: string, rows: readonly string[]): Line[] {
  return rows.flatMap((row, i) => {
    if (row.trim() === "") return [];
    const [label = "", ...values] = row.trimEnd().split("\t");
    const where = `${name} line ${i + 1}`;
    if (values.length === 0) {
      throw new DataError(`${where}: expected a class and values between tabs, got ${row.slice(0, 40)}`);
    }
    return [{ where, dimensions: [values], label: label.trim() }];
  });
}

/** The classes met, numbers by their size and names by their letters. */
function classesOf(lines: readonly Line[]): string[] {
  const classes = [...new Set(lines.map(({ label }) => label))];
  const numeric = classes.every((label) => label !== "" && Number.isFinite(Number(label)));
  return numeric ? classes.sort((a, b) => Number(a) - Number(b)) : classes.sort();
}

const isMissing = (value: string): boolean => /^(\?|nan|)$/i.test(value.trim());

/** How many values there are before those missing at the end. */
function endOf(values: readonly string[]): number {
  let end = values.length;
  while (end > 0 && isMissing(values[end - 1] as string)) end--;
  return end;
}

function exampleOf(line: Line, count: number, classes: readonly string[], missing?: number): SeriesExample {
  const { where, dimensions, label } = line;
  const number = classes.indexOf(label);
  if (number < 0)
    throw new DataError(`${where}: expected a class of ${classes.join(", ")}, got ${JSON.stringify(label)}`);
  if (dimensions.length !== count) {
    throw new DataError(`${where}: expected ${count} dimensions as in the first series, got ${dimensions.length}`);
  }
  const steps = Math.max(...dimensions.map(endOf));
  if (steps < 1) throw new DataError(`${where}: expected at least one value, got none`);
  const ragged = dimensions.findIndex((values) => values.length < steps);
  if (ragged >= 0) {
    const got = dimensions[ragged]?.length;
    throw new DataError(`${where}: expected ${steps} values in each dimension, got ${got} in dimension ${ragged + 1}`);
  }
  const data = new Float32Array(steps * count);
  dimensions.forEach((values, d) => {
    for (let t = 0; t < steps; t++) data[t * count + d] = numberOf(where, values[t] as string, missing);
  });
  return { input: { data, shape: [steps, count] }, label: number };
}

function numberOf(where: string, text: string, missing: number | undefined): number {
  if (isMissing(text)) {
    if (missing === undefined)
      throw new DataError(`${where}: expected a value, got none; \`missing\` says what to put there`);
    return missing;
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw new DataError(`${where}: expected numbers, got ${JSON.stringify(text)}`);
  return value;
}
