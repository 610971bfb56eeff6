import { OptionError } from "./errors.ts";

/** @throws {OptionError} unless options are an object: null counts as one nowhere. */
export function requireOptions(what: string, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new OptionError(`${what}: expected an object of options, got ${options}`);
  }
}

/**
 * Checks that an options object holds known names only, so that a misspelt one is not silently ignored.
 * @throws {OptionError} naming the unknown option and the known ones.
 */
export function requireKnown(what: string, options: object, known: readonly string[]): void {
  requireOptions(what, options);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      const wanted = known.length > 0 ? `options ${known.join(", ")}` : "no options";
      throw new OptionError(`${what}: expected ${wanted}, got ${JSON.stringify(name)}`);
    }
  }
}

/** @throws {OptionError} unless `value` is a whole number ≥ 1. */
export function requireCount(what: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new OptionError(`${what}: expected a whole number ≥ 1, got ${value}`);
  }
  return value;
}
