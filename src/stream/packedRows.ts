import { engine } from "../runtime/engine.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { reserve } from "./reserve.ts";

/**
 * Rows of a weight, packed so that a product with one vector streams them as a single run of memory; costs as much
 * memory as the weight.
 */
export class PackedRows {
  readonly address: number;
  readonly #weight: Parameter;
  readonly #first: number;
  readonly #rows: number;

  /** @param first the first row, and `rows` how many; all of them when omitted. */
  constructor(weight: Parameter, first = 0, rows = weight.shape[0] as number) {
    this.#weight = weight;
    this.#first = first;
    this.#rows = rows;
    this.address = reserve(this, engine().kernels.packedRowsSize(rows, weight.shape[1] as number));
  }

  /** Packs the weight as it is now. */
  pack(): void {
    const depth = this.#weight.shape[1] as number;
    engine().kernels.packRows(this.#weight.address + this.#first * depth * 4, this.#rows, depth, this.address);
  }
}
