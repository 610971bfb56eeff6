/** Rows of numbers out of a CSV, whatever is in it. */
import { parse } from "csv-parse";

/**
 * Rows as they come, numbered from 1 without the header. A cell that is no number is NaN; a row with another number of cells
 * is told to `broken`.
 * @param wanted the columns to read; default: those of which the first row has a number.
 */
export async function* rowsOf(input, { wanted, broken = () => undefined } = {}) {
  const parser = input.pipe(
    parse({ relax_column_count: true, relax_quotes: true, skip_empty_lines: true, trim: true, bom: true }),
  );
  input.on("error", (error) => parser.destroy(error));
  let header;
  let chosen;
  let number = 0;
  for await (const record of parser) {
    if (!header) {
      const named = record.some((cell) => Number.isNaN(numberOf(cell)) && cell !== "");
      header = named ? record : record.map((_, i) => `column ${i + 1}`);
      chosen = wanted?.map((name) => indexOf(header, name));
      if (named) continue;
    }
    number++;
    if (record.length !== header.length) {
      broken(number, `expected ${header.length} cells, got ${record.length}`);
      continue;
    }
    chosen ??= record.flatMap((cell, i) => (Number.isNaN(numberOf(cell)) ? [] : [i]));
    if (chosen.length === 0) throw new Error("expected a column of numbers, got none in the first row");
    yield { number, columns: chosen.map((i) => header[i]), values: chosen.map((i) => numberOf(record[i])) };
  }
}

function indexOf(header, name) {
  const index = header.indexOf(name);
  if (index < 0) throw new Error(`expected a column of ${header.join(", ")}, got ${name}`);
  return index;
}

function numberOf(cell) {
  return cell === "" ? Number.NaN : Number(cell);
}
