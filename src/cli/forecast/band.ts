/**
 * How far the truth may lie from a forecast, learned from forecasts whose truth is known: a quantile of their errors, for
 * each step ahead, whose level moves with how often the truth was outside.
 * Sources: Vovk, Gammerman & Shafer 2005, "Algorithmic learning in a random world" (conformal prediction); Gibbs & Candès 2021,
 * "Adaptive conformal inference under distribution shift", section 2: α_{t+1} = α_t + γ(α − err_t).
 */
import type { Forecast } from "./measures.ts";

/** How fast the level follows: γ. */
const RATE = 0.02;

/** Errors that a quantile is taken of: the latest. */
const LATEST = 1000;

/** The latest numbers of a stream, by size. */
class Sorted {
  readonly #capacity: number;
  readonly #arrived: number[] = [];
  readonly #sorted: number[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(value: number): void {
    if (this.#arrived.length === this.#capacity) this.#sorted.splice(this.#place(this.#arrived.shift() as number), 1);
    this.#arrived.push(value);
    this.#sorted.splice(this.#place(value), 0, value);
  }

  /** The first place whose number is not below this one. */
  #place(value: number): number {
    let low = 0;
    for (let high = this.#sorted.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What a share of numbers like these is below or at: as if the next one were the largest, since a quantile of few is else too small. */
  quantile(share: number): number {
    const count = this.#sorted.length;
    const place = Math.min(count, Math.max(1, Math.ceil(share * (count + 1)))) - 1;
    return this.#sorted[place] as number;
  }
}

/** One step ahead of all forecasts. */
class Step {
  readonly #errors = new Sorted(LATEST);
  readonly #share: number;
  /** The share that is aimed at, so that the wanted one is met. */
  #level: number;

  constructor(share: number) {
    this.#share = share;
    this.#level = share;
  }

  /** How far the band reaches now. */
  get width(): number {
    return this.#errors.quantile(Math.min(1, Math.max(0, this.#level)));
  }

  /** An error that has become known, and the width that had been foretold for it, if there was one. */
  learn(error: number, width?: number): void {
    if (width !== undefined) this.#level += RATE * (this.#share - (error <= width ? 1 : 0));
    this.#errors.add(error);
  }
}

/** Widths of the band, [step − 1]. */
export type Widths = readonly number[];

/** The bands of forecasts, made in the order of time by nothing but what was known when each was made. */
export interface Bands {
  /** Of each forecast of the test. */
  readonly test: readonly Widths[];
  /** Of the rows after the last. */
  readonly next: Widths;
  /** The share of true values of the test that lie within. */
  readonly coverage: number;
}

/**
 * @param validation forecasts of rows that were not learned from, in the order of time; at least one.
 * @param test forecasts of the rows behind them.
 * @param share of true values that should lie within.
 */
export function bandsOf(
  { validation, test }: { readonly validation: readonly Forecast[]; readonly test: readonly Forecast[] },
  series: ArrayLike<number>,
  share: number,
): Bands {
  const horizon = validation[0]?.values.length ?? 0;
  const steps = Array.from({ length: horizon }, () => new Step(share));
  const errorOf = ({ start, values }: Forecast, h: number): number =>
    Math.abs((series[start + h] as number) - (values[h] as number));
  for (const forecast of validation) for (const [h, step] of steps.entries()) step.learn(errorOf(forecast, h));
  const widths: Widths[] = [];
  let inside = 0;
  // How many forecasts of the test have come true, by steps ahead.
  const known = new Int32Array(horizon);
  const learnUntil = (row: number): void => {
    for (const [h, step] of steps.entries()) {
      for (let i = known[h] as number; i < widths.length; i = ++(known[h] as number)) {
        const forecast = test[i] as Forecast;
        if (forecast.start + h >= row) break;
        step.learn(errorOf(forecast, h), widths[i]?.[h]);
      }
    }
  };
  for (const forecast of test) {
    learnUntil(forecast.start);
    const band = steps.map((step) => step.width);
    widths.push(band);
    band.forEach((width, h) => {
      if (errorOf(forecast, h) <= width) inside++;
    });
  }
  learnUntil(series.length);
  return { test: widths, next: steps.map((step) => step.width), coverage: inside / (test.length * horizon) };
}
