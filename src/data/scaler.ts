import { DataError, OptionError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";

/** The columns of a table or series, all equally long. */
export type SeriesColumns = readonly ArrayLike<number>[];

/** Which rows to look at: from `from` to before `to`; default all. */
export interface RowRange {
  from?: number;
  to?: number;
}

/** What a scaler has learnt; plain numbers, to be kept beside a model. */
export interface ScalerState {
  readonly offset: readonly number[];
  readonly scale: readonly number[];
}

/**
 * Brings columns to a common size and back: y = (x − offset) / scale, with an offset and a scale for each column. What
 * it knows it learns from the rows it is given, so give it those of the training part alone. A column that is constant there
 * has scale 1 and becomes 0 wherever it keeps that value.
 *
 * ```ts
 * const prices = [10, 20, 30, 90];
 * const scaler = Scaler.minMax([prices], { to: 3 }); // learns from the first three rows
 * scaler.transform([prices])[0]; // [0, 0.5, 1, 4]
 * scaler.invert([0.5, 4]); // [20, 90]
 * ```
 */
export class Scaler {
  readonly offset: Float64Array;
  readonly scale: Float64Array;

  /** @throws {OptionError} unless there is a finite offset and a finite scale other than 0 for each column. */
  constructor({ offset, scale }: ScalerState) {
    this.offset = Float64Array.from(offset);
    this.scale = Float64Array.from(scale);
    const fits = this.offset.length === this.scale.length && this.offset.length > 0;
    if (!fits || !this.offset.every(Number.isFinite) || !this.scale.every((s) => Number.isFinite(s) && s !== 0)) {
      throw new OptionError("Scaler: expected finite numbers, an offset and a scale other than 0 for each column");
    }
  }

  /**
   * Mean 0 and standard deviation 1: offset is the mean of a column and scale its deviation, √(Σ(x − mean)² / N).
   * @throws {DataError} when there are no rows, or a number is not finite (naming column and row); {OptionError} when the
   *   range is none.
   */
  static standard(columns: SeriesColumns, range: RowRange = {}): Scaler {
    return learnt("Scaler.standard", columns, range, (column, from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += column[i] as number;
      const mean = sum / (to - from);
      // In units of the column's range, so that no square is too small or too large for a number.
      const { least, greatest } = extremes(column, from, to);
      const unit = greatest - least;
      let squares = 0;
      for (let i = from; i < to; i++) squares += (((column[i] as number) - mean) / unit) ** 2;
      return { offset: mean, scale: unit * Math.sqrt(squares / (to - from)) };
    });
  }

  /**
   * The least number becomes 0 and the greatest 1.
   * @throws as {@link Scaler.standard} does.
   */
  static minMax(columns: SeriesColumns, range: RowRange = {}): Scaler {
    return learnt("Scaler.minMax", columns, range, (column, from, to) => {
      const { least, greatest } = extremes(column, from, to);
      return { offset: least, scale: greatest - least };
    });
  }

  /**
   * Columns, scaled.
   * @throws {DataError} unless there are as many as it has learnt.
   */
  transform(columns: SeriesColumns): Float32Array[] {
    if (columns.length !== this.offset.length) {
      throw new DataError(`Scaler: expected ${this.offset.length} columns, got ${columns.length}`);
    }
    return columns.map((column, c) => {
      const offset = this.offset[c] as number;
      const scale = this.scale[c] as number;
      return Float32Array.from(column, (value) => (value - offset) / scale);
    });
  }

  /**
   * Numbers in the unit they had before: x = y · scale + offset.
   * @param columns which column each belongs to, over and over again: `[2]` for all of column 2, `[0, 1]` for pairs; default [0].
   * @throws {OptionError} when there is no such column, or the numbers are no whole rows of them.
   */
  invert(values: ArrayLike<number>, columns: readonly number[] = [0]): Float64Array {
    const wrong = columns.find((column) => !(column in this.offset));
    if (wrong !== undefined || columns.length === 0 || values.length % columns.length !== 0) {
      throw new OptionError(
        `Scaler invert: expected rows of columns from 0 to ${this.offset.length - 1}, got ${values.length} numbers of columns [${columns.join(", ")}]`,
      );
    }
    return Float64Array.from(values, (value, i) => {
      const column = columns[i % columns.length] as number;
      return value * (this.scale[column] as number) + (this.offset[column] as number);
    });
  }

  /** What it has learnt, for `new Scaler(state)`. */
  toJSON(): ScalerState {
    return { offset: [...this.offset], scale: [...this.scale] };
  }
}

type Learn = (column: ArrayLike<number>, from: number, to: number) => { offset: number; scale: number };

function learnt(what: string, columns: SeriesColumns, range: RowRange, learn: Learn): Scaler {
  requireKnown(what, range, ["from", "to"]);
  const length = requireColumns(what, columns);
  const { from = 0, to = length } = range;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to > length) {
    throw new OptionError(`${what}: expected rows from 0 to ${length}, got ${from} to ${to}`);
  }
  if (to <= from) throw new DataError(`${what}: expected at least one row to learn from, got none`);
  const found = columns.map((column, c) => {
    requireFinite(`${what} column ${c}`, column, from, to);
    // Equal numbers have a mean that may differ from them in the last digit: their deviation would be tiny, not 0.
    const { least, greatest } = extremes(column, from, to);
    return least === greatest ? { offset: least, scale: 1 } : learn(column, from, to);
  });
  return new Scaler({ offset: found.map(({ offset }) => offset), scale: found.map(({ scale }) => scale) });
}

function extremes(column: ArrayLike<number>, from: number, to: number): { least: number; greatest: number } {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) {
    least = Math.min(least, column[i] as number);
    greatest = Math.max(greatest, column[i] as number);
  }
  return { least, greatest };
}

/** @throws {DataError} naming the first row whose number is not finite. */
export function requireFinite(what: string, column: ArrayLike<number>, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (Number.isFinite(column[i])) continue;
    throw new DataError(`${what}: expected finite numbers, got ${column[i]} in row ${i}`);
  }
}

/** The number of rows. @throws {DataError} unless there are columns, all equally long. */
export function requireColumns(what: string, columns: SeriesColumns): number {
  if (!Array.isArray(columns) || columns.length === 0 || columns.some((column) => typeof column?.length !== "number")) {
    throw new DataError(
      `${what}: expected columns of numbers, got ${Array.isArray(columns) ? "none" : typeof columns}`,
    );
  }
  const length = columns[0]?.length as number;
  const ragged = columns.findIndex((column) => column.length !== length);
  if (ragged >= 0) {
    throw new DataError(
      `${what}: expected ${length} rows in each column, got ${columns[ragged]?.length} in column ${ragged}`,
    );
  }
  return length;
}
