import { WeightsError } from "../runtime/errors.ts";
import type { Blocks } from "./blocks.ts";

/**
 * All that an optimizer carries from step to step, as plain data: what a checkpoint keeps besides the weights.
 * Taking it up again, training goes on to the same bits.
 */
export interface OptimizerState {
  /** The class whose state it is: `"AdamW"`. */
  readonly kind: string;
  /** Learning rates, how often each parameter was changed, and what else is a number. All are finite. */
  readonly numbers: Readonly<Record<string, number | readonly number[]>>;
  /** `<index of the parameter>.<name of the array>`, as in `0.expAvg`. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/** The arrays of every parameter that has them, by name. */
export function readArrays(blocks: Blocks, count: number): Record<string, Float32Array> {
  const arrays: Record<string, Float32Array> = {};
  for (let i = 0; i < count; i++) {
    const names = blocks.arraysOf(i);
    blocks.read(i).forEach((values, j) => {
      arrays[`${i}.${names[j]?.name}`] = values;
    });
  }
  return arrays;
}

/**
 * Finds the arrays of every parameter in a state: all of them, or null for one that has none.
 * @throws {WeightsError} when one is missing, unknown or of another length.
 */
export function findArrays(
  what: string,
  arrays: OptimizerState["arrays"],
  blocks: Blocks,
  count: number,
): (readonly Float32Array[] | null)[] {
  const left = new Set(Object.keys(requireObject(`${what} arrays`, arrays)));
  const found = Array.from({ length: count }, (_, i) => {
    const wanted = blocks.arraysOf(i);
    if (!wanted.some(({ name }) => left.has(`${i}.${name}`))) return null;
    return wanted.map(({ name, size }) => {
      const key = `${i}.${name}`;
      left.delete(key);
      return requireNumbers(`${what} ${key}`, arrays[key], size);
    });
  });
  if (left.size > 0)
    throw new WeightsError(`${what}: expected the arrays of this optimizer, got ${[...left].join(", ")}`);
  return found;
}

function requireNumbers(what: string, values: unknown, size: number): Float32Array {
  if (!(values instanceof Float32Array)) {
    throw new WeightsError(`${what}: expected a Float32Array of ${size} numbers, got ${typeof values}`);
  }
  if (values.length !== size) throw new WeightsError(`${what}: expected ${size} numbers, got ${values.length}`);
  return values;
}

/** @throws {WeightsError} unless `state` is one of this kind. */
export function requireKind(what: string, state: OptimizerState, kind: string): void {
  requireObject(what, state);
  if (state.kind !== kind) throw new WeightsError(`${what}: expected the state of ${kind}, got that of ${state.kind}`);
  requireObject(`${what} numbers`, state.numbers);
}

/** A single number of a state. @throws {WeightsError} unless it is finite and ≥ 0. */
export function findNumber(what: string, { numbers }: OptimizerState, name: string): number {
  const value = numbers[name];
  if (!isCount(value)) throw new WeightsError(`${what} ${name}: expected a finite number ≥ 0, got ${value}`);
  return value;
}

/** A list of numbers of a state. @throws {WeightsError} unless there are `length` of them, each finite and ≥ 0. */
export function findList(what: string, { numbers }: OptimizerState, name: string, length: number): readonly number[] {
  const values = numbers[name];
  if (!Array.isArray(values) || values.length !== length) {
    const got = Array.isArray(values) ? values.length : typeof values;
    throw new WeightsError(`${what} ${name}: expected ${length} numbers, got ${got}`);
  }
  const fault = values.find((value) => !isCount(value));
  if (fault !== undefined) throw new WeightsError(`${what} ${name}: expected finite numbers ≥ 0, got ${fault}`);
  return values;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function requireObject(what: string, value: unknown): object {
  if (typeof value !== "object" || value === null) throw new WeightsError(`${what}: expected an object, got ${value}`);
  return value;
}
