/**
 * Weights packed the way products read them. Packing costs about as much as multiplying by a few rows, so a product of
 * few rows with a weight that stays the same should not do it again.
 */
import { engine } from "../runtime/engine.ts";
import { MemoryError } from "../runtime/errors.ts";

/** The kernels that pack rows of a weight, and those that tell how many numbers they write. */
const sizeKernels = {
  /** For W·x with one vector. */
  packRows: "packedRowsSize",
  /** For x·Wᵀ. */
  packTransposed: "panelsSize",
  /** For d·W. */
  packDirect: "panelsSize",
} as const;

export type Packing = keyof typeof sizeKernels;

/** A weight [rows, depth] whose rows are multiplied in blocks: each is packed by itself, one behind the other. */
export interface Blocks {
  readonly address: number;
  /** How many rows each block has; all of them are the weight. */
  readonly blocks: readonly number[];
  readonly depth: number;
}

/** Numbers that a packed weight takes. */
export function packedSize(packing: Packing, { blocks, depth }: Blocks): number {
  const sizeOf = engine().kernels[sizeKernels[packing]];
  let size = 0;
  for (const rows of blocks) size += sizeOf(rows, depth);
  return size;
}

/** Packs a weight as it is now. */
export function pack(packing: Packing, { address, blocks, depth }: Blocks, to: number): void {
  const { kernels } = engine();
  const sizeOf = kernels[sizeKernels[packing]];
  let from = address;
  let at = to;
  for (const rows of blocks) {
    kernels[packing](from, rows, depth, at);
    from += rows * depth * 4;
    at += sizeOf(rows, depth) * 4;
  }
}

/** What a copy asks of the parameter it is made of. */
interface Original {
  /** Counts its changes. */
  readonly version: number;
  /** Memory for `count` numbers, held as long as it is. */
  reserve(count: number): number;
}

/**
 * A packed copy of a parameter, kept until the parameter changes. The first product after a change does without: where
 * every step changes the weights there is never a copy, and no memory for one. The second makes it.
 */
export class PackedCopy {
  readonly #packing: Packing;
  readonly #original: Original;
  readonly #of: Blocks;
  #address = 0;
  /** The version that was packed last, and the one that was asked for last. */
  #packed = -1;
  #asked = -1;

  constructor(packing: Packing, original: Original, of: Blocks) {
    this.#packing = packing;
    this.#original = original;
    this.#of = of;
  }

  /** Whether it is packed this way, in as many blocks. */
  is(packing: Packing, blocks: readonly number[]): boolean {
    return this.#packing === packing && this.#of.blocks.length === blocks.length;
  }

  /** The address of a copy of the parameter as it is now, or 0 while there is none. */
  get current(): number {
    const { version } = this.#original;
    if (this.#packed === version) return this.#address;
    if (this.#asked === version && this.#reserve()) {
      pack(this.#packing, this.#of, this.#address);
      this.#packed = version;
      return this.#address;
    }
    this.#asked = version;
    return 0;
  }

  /** Whether there is memory for the copy. */
  #reserve(): boolean {
    try {
      this.#address ||= this.#original.reserve(packedSize(this.#packing, this.#of));
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
    }
    return this.#address !== 0;
  }
}
