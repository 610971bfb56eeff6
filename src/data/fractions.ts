import { OptionError } from "../runtime/errors.ts";

/**
 * Where each part ends, as sums of the fractions; the last is 1.
 * @throws {OptionError} unless they are numbers > 0 whose sum is 1.
 */
export function boundsOf(what: string, fractions: readonly number[]): number[] {
  const sum = Array.isArray(fractions) ? fractions.reduce((a, b) => a + b, 0) : Number.NaN;
  if (!(Math.abs(sum - 1) <= 1e-9) || fractions.some((fraction) => !(fraction > 0))) {
    throw new OptionError(`${what} fractions: expected numbers > 0 whose sum is 1, got ${JSON.stringify(fractions)}`);
  }
  let end = 0;
  return fractions.map((fraction, p) => {
    end += fraction;
    return p === fractions.length - 1 ? 1 : end;
  });
}

/** Where each part of `total` begins, and where the last ends. */
export function cutsOf(what: string, fractions: readonly number[], total: number): number[] {
  return [0, ...boundsOf(what, fractions).map((bound) => Math.round(bound * total))];
}
