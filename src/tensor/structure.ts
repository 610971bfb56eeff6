/** Values made of tensors: a tensor, or arrays and plain objects of such values, to any depth. */
import { formatShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Whether a value is an object written down as `{ … }`, not one of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

/** The same structure with every tensor in it replaced; what is neither tensor, array nor plain object stays. */
export function mapTensors<Value>(value: Value, replace: (tensor: Tensor) => Tensor): Value {
  if (value instanceof Tensor) return replace(value) as Value;
  if (Array.isArray(value)) return value.map((entry) => mapTensors(entry, replace)) as Value;
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]) => [name, mapTensors(entry, replace)]),
    ) as Value;
  }
  return value;
}

/** The tensors of a structure, in order. */
export function tensorsIn(value: unknown, found: Tensor[] = []): Tensor[] {
  if (value instanceof Tensor) found.push(value);
  else if (Array.isArray(value)) for (const entry of value) tensorsIn(entry, found);
  else if (isPlainObject(value)) for (const entry of Object.values(value)) tensorsIn(entry, found);
  return found;
}

/** A structure like `value`, its tensors replaced by these in their order. */
export function withTensors<Value>(value: Value, tensors: readonly Tensor[]): Value {
  let next = 0;
  return mapTensors(value, () => tensors[next++] as Tensor);
}

/** What a value is, in the words of a message: `a tensor [3, 5]`, `{ h, c }`, `an array of 2`, `a number`. */
export function describe(value: unknown): string {
  if (value instanceof Tensor) return `a tensor ${formatShape(value.shape)}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isPlainObject(value)) return `{ ${Object.keys(value).join(", ")} }`;
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? `an object of class ${value.constructor?.name ?? "unknown"}` : `a ${typeof value}`;
}
