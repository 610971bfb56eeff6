/** What recurrent networks carry from step to step: a tensor, or arrays and plain objects of tensors. */
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { describe, isPlainObject, mapTensors } from "../../tensor/structure.ts";
import { Tensor } from "../../tensor/tensor.ts";

/**
 * A copy of a state that no gradient flows through and that lives as long as it is held: what training on a stream hands
 * on from one piece to the next (truncated back-propagation through time). Outputs are those of the whole stream;
 * gradients reach back to the beginning of their piece.
 *
 * ```ts
 * const lstm = new LSTM({ inputSize: 1, hiddenSize: 4 });
 * const optimizer = new Adam(lstm.parameters());
 * const pieces = [0, 1, 2].map(() => ({ input: normal([6, 2, 1]), target: zeros([6, 2, 4]) }));
 * let state: LSTMState | undefined;
 * for (const { input, target } of pieces) {
 *   optimizer.zeroGrad();
 *   const result = lstm.forward(input, state);
 *   mseLoss(result.output, target).backward();
 *   state = detachState(result.state); // before the step ends, and its memory with it
 *   optimizer.step();
 * }
 * state?.h.shape; // [1, 2, 4]
 * ```
 *
 * @param state a tensor, or arrays and plain objects of tensors, as a layer or a cell returns it.
 * @throws {ShapeError} when something else is in it.
 * Source: Williams & Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network
 * trajectories".
 */
export function detachState<State>(state: State): State {
  requireTensors("detachState state", state);
  return mapTensors(state, (tensor) => tensor.detach());
}

/** @throws {ShapeError} unless a value consists of tensors, arrays and plain objects; it is named by its place. */
export function requireTensors(what: string, value: unknown): void {
  if (value instanceof Tensor) return;
  if (Array.isArray(value)) {
    for (const [i, entry] of value.entries()) requireTensors(`${what}[${i}]`, entry);
  } else if (isPlainObject(value)) {
    for (const [name, entry] of Object.entries(value)) requireTensors(`${what}.${name}`, entry);
  } else {
    throw new ShapeError(`${what}: expected a tensor, or arrays and plain objects of tensors, got ${describe(value)}`);
  }
}

/** @throws {ShapeError} unless `value` has the structure of `like`, with tensors of the same shapes and types. */
export function requireLike(what: () => string, like: unknown, value: unknown): void {
  if (like instanceof Tensor) {
    const fits = value instanceof Tensor && value.dtype === like.dtype && sameShape(value.shape, like.shape);
    if (fits) return;
    const kind = value instanceof Tensor && value.dtype !== like.dtype ? ` of ${like.dtype}` : "";
    const got = value instanceof Tensor && kind !== "" ? `one of ${value.dtype}` : describe(value);
    throw new ShapeError(`${what()}: expected a tensor ${formatShape(like.shape)}${kind}, got ${got}`);
  }
  const inside = Array.isArray(like) ? arrayEntries(like, value) : objectEntries(like as object, value);
  if (!inside) throw new ShapeError(`${what()}: expected ${describe(like)}, got ${describe(value)}`);
  for (const [place, wanted, got] of inside) requireLike(() => `${what()}${place}`, wanted, got);
}

type Entries = [place: string, wanted: unknown, got: unknown][];

function arrayEntries(like: readonly unknown[], value: unknown): Entries | null {
  if (!Array.isArray(value) || value.length !== like.length) return null;
  return like.map((entry, i) => [`[${i}]`, entry, value[i]]);
}

function objectEntries(like: object, value: unknown): Entries | null {
  if (!isPlainObject(value)) return null;
  const names = Object.keys(like);
  if (Object.keys(value).length !== names.length || !names.every((name) => Object.hasOwn(value, name))) return null;
  return Object.entries(like).map(([name, entry]) => [`.${name}`, entry, value[name]]);
}

/** The sizes of a state: `128` is a tensor [B, 128], `{ h: 128, c: 128 }` an object of two. */
export type StateSizes = number | readonly StateSizes[] | { readonly [name: string]: StateSizes };

/** A state of zeros, in the current step. */
export function zeroState(sizes: StateSizes, batch: number): unknown {
  if (typeof sizes === "number") return zeroTensor([batch, sizes]);
  if (Array.isArray(sizes)) return sizes.map((size) => zeroState(size, batch));
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, zeroState(size, batch)]));
}

/** Zeros in the current step. */
export function zeroTensor(shape: readonly number[]): Tensor {
  const t = Tensor.inStep(shape);
  engine().kernels.fill(t.address, t.size, 0);
  return t;
}
