/** Sequences of a state or of what comes in, one by one: parts are [B, …], or [n, B, …] where the batch is the second axis. */
import type { Tensor } from "../../tensor/tensor.ts";

type Numbers = Float32Array | Int32Array;

/** Where the numbers of each sequence are in a part. */
interface Strides {
  /** How many stretches a sequence has, and how long each is. */
  readonly outer: number;
  readonly inner: number;
  readonly batch: number;
}

function stridesOf({ shape, size }: Tensor, axis: 0 | 1): Strides {
  const outer = axis === 0 ? 1 : (shape[0] as number);
  const batch = shape[axis] as number;
  return { outer, batch, inner: batch === 0 ? 0 : size / (outer * batch) };
}

/** How many numbers of a part belong to one sequence. */
export function widthOf(part: Tensor, axis: 0 | 1): number {
  const { outer, inner } = stridesOf(part, axis);
  return outer * inner;
}

/** The numbers of sequence `row`, of a part whose numbers are given. */
export function rowOf(part: Tensor, numbers: Numbers, axis: 0 | 1, row: number): Numbers {
  const { outer, inner, batch } = stridesOf(part, axis);
  if (outer === 1) return numbers.subarray(row * inner, (row + 1) * inner);
  const found = numbers.slice(0, outer * inner);
  for (let o = 0; o < outer; o++) {
    const from = (o * batch + row) * inner;
    found.set(numbers.subarray(from, from + inner), o * inner);
  }
  return found;
}

/** A part of other sequences in the shape of this one: `rows[i]` are the numbers of sequence i. */
export function partOf(like: Tensor, axis: 0 | 1, rows: readonly Numbers[]): { data: Numbers; shape: number[] } {
  const { outer, inner } = stridesOf(like, axis);
  const count = rows.length;
  const data = like.dtype === "int32" ? new Int32Array(outer * count * inner) : new Float32Array(outer * count * inner);
  rows.forEach((row, i) => {
    for (let o = 0; o < outer; o++) data.set(row.subarray(o * inner, (o + 1) * inner), (o * count + i) * inner);
  });
  return { data, shape: like.shape.with(axis, count) };
}
