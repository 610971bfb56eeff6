/** A small seeded generator for tests, so that a failure names numbers anyone can make again. */

import { type Matrix, matrix, type Vector } from "./vector.ts";

/** Uniform numbers in [-1, 1), exactly representable in float32 (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.fround(((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1);
  };
}

export function randomVector(next: () => number, length: number): Vector {
  return Float64Array.from({ length }, next);
}

export function randomMatrix(next: () => number, rows: number, columns: number): Matrix {
  return matrix(rows, columns, randomVector(next, rows * columns));
}
