import { ShapeError } from "../runtime/errors.ts";

/** The sizes of a tensor's axes, outermost first; `[]` is a single number. */
export type Shape = readonly number[];

/** The product of all axes: how many numbers the shape holds. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const axis of shape) size *= axis;
  return size;
}

/** `[32, 65]`, as messages write a shape. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** @throws {ShapeError} unless every axis is a whole number ≥ 0. */
export function checkShape(what: string, shape: Shape): void {
  for (const axis of shape) {
    if (!Number.isSafeInteger(axis) || axis < 0) {
      throw new ShapeError(`${what}: expected axes that are whole numbers ≥ 0, got ${formatShape(shape)}`);
    }
  }
}

/**
 * Checks a shape against a pattern at the door of an operation.
 * @param pattern numbers that must match, and letters for axes of any size, such as `["T", "B", 64]`.
 * @throws {ShapeError} `LSTM x: expected [T, B, 64], got [100, 8, 32]`.
 */
export function requireShape(what: string, shape: Shape, pattern: readonly (number | string)[]): void {
  let fits = shape.length === pattern.length;
  for (let i = 0; i < shape.length; i++) fits &&= typeof pattern[i] === "string" || pattern[i] === shape[i];
  if (!fits) throw new ShapeError(`${what}: expected ${`[${pattern.join(", ")}]`}, got ${formatShape(shape)}`);
}

/** @throws {ShapeError} unless the tensor holds float32 numbers: integers are indices, not something to compute with. */
export function requireFloat32(what: string, t: { readonly dtype: string }): void {
  if (t.dtype !== "float32") throw new ShapeError(`${what}: expected float32 numbers, got ${t.dtype}`);
}

/**
 * An axis counted from either end, as a number from 0 to rank − 1.
 * @throws {ShapeError} when there is no such axis.
 */
export function resolveAxis(what: string, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    throw new ShapeError(`${what}: expected an axis from ${-rank} to ${rank - 1}, got ${axis}`);
  }
  return resolved;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/**
 * The shape two shapes broadcast to: aligned at the last axis, axes of 1 stretch.
 * @throws {ShapeError} when two axes differ and neither is 1.
 */
export function broadcastShapes(what: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const left = a[a.length - i] ?? 1;
    const right = b[b.length - i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(`${what}: expected shapes that broadcast, got ${formatShape(a)} and ${formatShape(b)}`);
    }
    out[rank - i] = left === 1 ? right : left;
  }
  return out;
}
