import { engine } from "../runtime/engine.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { WeightFormat } from "./format.ts";
import { reserve } from "./reserve.ts";

/**
 * Rows of a weight, packed so that a product with one vector streams them as a single run of memory. Costs as much memory
 * as the weight, or a quarter of it as int8.
 */
export class PackedRows {
  readonly address: number;
  readonly #weight: Parameter;
  readonly #format: WeightFormat;
  readonly #first: number;
  readonly #rows: number;

  /** @param first the first row, and `rows` how many; all of them when omitted. */
  constructor(weight: Parameter, format: WeightFormat, first = 0, rows = weight.shape[0] as number) {
    this.#weight = weight;
    this.#format = format;
    this.#first = first;
    this.#rows = rows;
    const { packedRowsSize, packedRowsInt8Size } = engine().kernels;
    const size = format === "int8" ? packedRowsInt8Size : packedRowsSize;
    this.address = reserve(this, size(rows, weight.shape[1] as number));
  }

  /** Packs the weight as it is now. */
  pack(): void {
    const { packRows, packRowsInt8 } = engine().kernels;
    const depth = this.#weight.shape[1] as number;
    const pack = this.#format === "int8" ? packRowsInt8 : packRows;
    pack(this.#weight.address + this.#first * depth * 4, this.#rows, depth, this.address);
  }
}
