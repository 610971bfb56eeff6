import { engine } from "../runtime/engine.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";

/** Writes sizes and strides where the kernels read them. */
function describe(sizes: Shape, strides: readonly number[]): { rank: number; sizes: number; strides: number } {
  const e = engine();
  const rank = sizes.length;
  const address = e.allocate(Math.max(2 * rank, 1));
  e.i32.set(sizes, address >>> 2);
  e.i32.set(strides, (address >>> 2) + rank);
  return { rank, sizes: address, strides: address + rank * 4 };
}

/** `to`, contiguous, := `from` read at `strides` (elements, 0 repeats). */
export function gatherStrided(from: number, to: number, sizes: Shape, strides: readonly number[]): void {
  if (sizeOf(sizes) === 0) return;
  const layout = describe(sizes, strides);
  engine().kernels.gatherStrided(from, to, layout.rank, layout.sizes, layout.strides);
}

/** `to`, written at `strides` (elements), := `from`, contiguous. */
export function scatterStrided(from: number, to: number, sizes: Shape, strides: readonly number[]): void {
  if (sizeOf(sizes) === 0) return;
  const layout = describe(sizes, strides);
  engine().kernels.scatterStrided(from, to, layout.rank, layout.sizes, layout.strides);
}

/** `to` := `from`, `count` numbers that do not overlap. */
export function copy(from: number, to: number, count: number): void {
  engine().f32.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + count);
}
