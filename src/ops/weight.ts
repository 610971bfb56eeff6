/** Products with a weight of a layer, whose packed copy is kept while it stays the same. */
import { engine } from "../runtime/engine.ts";
import { type Blocks, PackedCopy, type Packing, pack, packedSize } from "../tensor/packedCopy.ts";
import { Parameter } from "../tensor/parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Rows from which on packing the weight is lost in what the product costs. */
const MANY_ROWS = 1024;

/**
 * The address of a weight's packed copy, when the product with `rows` rows should use one and it is there; otherwise 0,
 * and the weight is packed by the product itself.
 */
export function keptCopy(weight: Tensor, packing: Packing, blocks: readonly number[], rows: number): number {
  if (!(weight instanceof Parameter) || rows >= MANY_ROWS) return 0;
  for (const copy of weight.copies) if (copy.is(packing, blocks)) return copy.current;
  const copy = new PackedCopy(packing, weight, blocksOf(weight, blocks));
  weight.copies.push(copy);
  return copy.current;
}

/** The address of a weight's packed copy: one that is kept, or one for this step. */
export function packedCopy(weight: Tensor, packing: Packing, blocks: readonly number[], rows: number): number {
  const kept = keptCopy(weight, packing, blocks, rows);
  if (kept !== 0) return kept;
  const of = blocksOf(weight, blocks);
  const address = engine().allocate(packedSize(packing, of));
  pack(packing, of, address);
  return address;
}

function blocksOf(weight: Tensor, blocks: readonly number[]): Blocks {
  return { address: weight.address, blocks, depth: weight.shape[1] as number };
}
