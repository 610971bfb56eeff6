import { InvalidArgumentError } from "commander";

/** A parser of an option's text, for commander; it names the option in what it throws. */
type Parse<Value> = (text: string) => Value;

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(text: string): number {
  return decimal.test(text) ? Number(text) : Number.NaN;
}

/** A whole number ≥ `lowest`. */
export function wholeNumber(lowest: number): Parse<number> {
  return (text) => {
    const value = numberOf(text);
    if (!Number.isSafeInteger(value) || value < lowest) fail(`a whole number ≥ ${lowest}`, text);
    return value;
  };
}

/** A finite number > 0. */
export function positive(text: string): number {
  const value = numberOf(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) fail("a number > 0", text);
  return value;
}

/** A finite number > 0, or "auto". */
export function positiveOrAuto(text: string): number | "auto" {
  if (text === "auto") return "auto";
  const value = numberOf(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) fail("auto or a number > 0", text);
  return value;
}

/** A finite number ≥ 0. */
export function zeroOrMore(text: string): number {
  const value = numberOf(text);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) fail("a number ≥ 0", text);
  return value;
}

/** A number from 0 to just below 1. */
export function fraction(text: string): number {
  const value = numberOf(text);
  if (!(value >= 0 && value < 1)) fail("a number from 0 to below 1", text);
  return value;
}

/** One of these words. */
export function oneOf<Word extends string>(words: readonly Word[]): Parse<Word> {
  return (text) => words.find((word) => word === text) ?? fail(`one of ${words.join(", ")}`, text);
}

/** How many threads: "auto", or a whole number from 1 to 64. */
export function threadCount(text: string): number | "auto" {
  if (text === "auto") return "auto";
  const value = numberOf(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 64) fail("auto or a whole number from 1 to 64", text);
  return value;
}

/** A name that can be a folder's: not empty, no separators, not `.` or `..`. */
export function folderName(text: string): string {
  if (/[\\/\0]/.test(text) || /^\.{0,2}$/.test(text)) fail("a name without / and \\", text);
  return text;
}

function fail(wanted: string, got: string): never {
  throw new InvalidArgumentError(`expected ${wanted}, got ${JSON.stringify(got)}`);
}
