import { randomFloats, randomSource, randomTokens } from "../random.ts";
import type { Draw } from "./workloads.ts";

/** The numbers of one case, drawn when asked for. */
export class Inputs {
  readonly #draws: Readonly<Record<string, Draw>>;

  constructor(draws: Readonly<Record<string, Draw>>) {
    this.#draws = draws;
  }

  floats(name: string): Float32Array {
    const { seed, low, high } = this.#draw(name);
    return randomFloats(randomSource(seed), this.#size(name), low, high);
  }

  shape(name: string): number[] {
    return [...this.#draw(name).shape];
  }

  /** Names of everything that is learned, in the order of the case. */
  get parameters(): string[] {
    return Object.keys(this.#draws).filter((name) => /weight|bias/.test(name));
  }

  /** Tokens and targets [T, B]: the same text, targets one step further; its first and its last token are 0. */
  text(): { tokens: Int32Array; targets: Int32Array } {
    const { shape, seed, low, high } = this.#draw("text");
    const text = randomTokens(randomSource(seed), this.#size("text"), high - low).map((token) => token + low);
    const batch = shape[1];
    text.fill(0, 0, batch).fill(0, text.length - batch);
    return { tokens: text.slice(0, -batch), targets: text.slice(batch) };
  }

  /** Rows of one [rows, size] array, each on its own. */
  rows(name: string): Float32Array[] {
    const [rows, size] = this.#draw(name).shape;
    const values = this.floats(name);
    return Array.from({ length: rows }, (_, row) => values.slice(row * size, (row + 1) * size));
  }

  /** The sum of the two bias vectors of a layer, for peers that have only one. */
  bias(prefix = ""): Float32Array {
    const hidden = this.floats(`${prefix}bias_hh_l0`);
    return this.floats(`${prefix}bias_ih_l0`).map((value, i) => value + hidden[i]);
  }

  #draw(name: string): Draw {
    const draw = this.#draws[name];
    if (!draw) throw new Error(`expected one of ${Object.keys(this.#draws).join(", ")}, got ${name}`);
    return draw;
  }

  #size(name: string): number {
    return this.#draw(name).shape.reduce((size, axis) => size * axis, 1);
  }
}

/** [rows, columns] → [columns, rows]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  return result;
}

/** Blocks of equal size in another order: block b of the result is block order[b] of the values. */
export function reordered(values: Float32Array, order: readonly number[]): Float32Array {
  const size = values.length / order.length;
  const result = new Float32Array(values.length);
  order.forEach((from, to) => {
    result.set(values.subarray(from * size, (from + 1) * size), to * size);
  });
  return result;
}
