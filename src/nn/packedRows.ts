import { engine } from "../runtime/engine.ts";
import { reserve } from "../stream/stream.ts";
import type { Parameter } from "../tensor/parameter.ts";

/**
 * Blocks of rows of a weight, packed so that a product with one vector streams them as a single run of memory. Packed
 * again when the parameter has changed; costs as much memory as the weight.
 */
export class PackedRows {
  readonly address: number;
  readonly #weight: Parameter;
  readonly #blocks: readonly number[];
  #version = -1;

  /** @param blocks how many rows each block has; all of them together are the weight. */
  constructor(weight: Parameter, blocks: readonly number[] = [weight.shape[0] as number]) {
    this.#weight = weight;
    this.#blocks = blocks;
    this.address = reserve(
      this,
      this.#sizes().reduce((sum, size) => sum + size, 0),
    );
  }

  #sizes(): number[] {
    return this.#blocks.map((rows) => engine().kernels.packedRowsSize(rows, this.#weight.shape[1] as number));
  }

  /** The address of the packed rows, which are up to date. */
  get current(): number {
    this.refresh();
    return this.address;
  }

  /** Packs again if the parameter has changed. */
  refresh(): void {
    if (this.#version !== this.#weight.version) this.#pack();
  }

  #pack(): void {
    const { kernels } = engine();
    const depth = this.#weight.shape[1] as number;
    let from = this.#weight.address;
    let to = this.address;
    this.#sizes().forEach((size, i) => {
      const rows = this.#blocks[i] as number;
      kernels.packRows(from, rows, depth, to);
      from += rows * depth * 4;
      to += size * 4;
    });
    this.#version = this.#weight.version;
  }
}
