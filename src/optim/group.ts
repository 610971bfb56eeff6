import { OptionError } from "../runtime/errors.ts";
import { requireKnown, requireOptions } from "../runtime/options.ts";
import { Parameter } from "../tensor/parameter.ts";

/**
 * Some parameters with options of their own, which go before those of the optimizer: the embedding without weight decay,
 * the head at a tenth of the rate.
 */
export type ParameterGroup<Options = object> = Partial<Options> & {
  /** At least one; none of them may be in another group. */
  readonly parameters: readonly Parameter[];
};

/** What an optimizer learns: parameters, or groups of them. */
export type Learnable<Options = object> = readonly Parameter[] | readonly ParameterGroup<Options>[];

/** @throws {OptionError} unless `value` is a number from `low` to `high`. */
export function requireRange(what: string, value: number, low: number, high: number): number {
  if (!(typeof value === "number" && value >= low && value <= high)) {
    const wanted = high === Number.MAX_VALUE ? `a finite number ≥ ${low}` : `a number from ${low} to ${high}`;
    throw new OptionError(`${what}: expected ${wanted}, got ${value}`);
  }
  return value;
}

/** A group as it was given, its parameters each once, its options filled up from those of the optimizer. */
export interface GivenGroup<Options> {
  readonly parameters: readonly Parameter[];
  readonly options: Options;
}

/**
 * Takes parameters or groups apart.
 * @throws {OptionError} when there is nothing to learn, a parameter is none or in two groups, or an option is unknown.
 */
export function readGroups<Options extends object>(
  name: string,
  given: Learnable<Options>,
  options: Options,
  known: readonly string[],
): GivenGroup<Options>[] {
  requireKnown(name, options, known);
  if (!Array.isArray(given)) throw new OptionError(`${name}: expected an array of parameters, got ${typeof given}`);
  const list: readonly (Parameter | ParameterGroup<Options>)[] = given;
  if (list.length === 0) throw new OptionError(`${name}: expected parameters, got none`);
  if (!isGroup(list[0])) return [{ parameters: requireParameters(name, list), options }];
  const owner = new Map<Parameter, number>();
  return list.map((group, index) => {
    const what = `${name} group ${index}`;
    if (!isGroup(group)) throw new OptionError(`${what}: expected { parameters, … }, got ${typeOf(group)}`);
    requireKnown(what, group, [...known, "parameters"]);
    const { parameters: members, ...own } = group;
    const parameters = requireParameters(what, members);
    for (const parameter of parameters) {
      const other = owner.get(parameter);
      if (other !== undefined) {
        throw new OptionError(`${what}: expected parameters of no other group, got one that is in group ${other}`);
      }
      owner.set(parameter, index);
    }
    return { parameters, options: { ...options, ...own } as Options };
  });
}

function isGroup<Options>(value: unknown): value is ParameterGroup<Options> {
  return typeof value === "object" && value !== null && !(value instanceof Parameter) && "parameters" in value;
}

function requireParameters(what: string, values: readonly unknown[]): readonly Parameter[] {
  requireOptions(`${what} parameters`, values);
  if (!(values.length > 0)) throw new OptionError(`${what}: expected parameters, got none`);
  const stranger = values.findIndex((value) => !(value instanceof Parameter));
  if (stranger >= 0) {
    throw new OptionError(`${what}: expected parameters, got ${typeOf(values[stranger])} at ${stranger}`);
  }
  return [...new Set(values as readonly Parameter[])];
}

function typeOf(value: unknown): string {
  return value instanceof Parameter ? "a parameter" : typeof value;
}
