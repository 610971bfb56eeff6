/**
 * One pass over a whole sequence, shared among threads. Sequences do not look at each other, so each thread walks
 * through all T steps with sequences of its own and nobody waits inside a step.
 */
import { engine } from "../../runtime/engine.ts";
import { type Range, ranges } from "../../runtime/threads/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { keptCopy, packedCopy } from "../weight.ts";

/** What a pass is, as far as cutting it up is concerned. */
export interface Pass {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  /** W_hh. */
  readonly weight: Tensor;
  /** Rows of W_hh that are multiplied together; all blocks are the weight. */
  readonly blocks: readonly number[];
  /** Shares it may be cut into at most, where there is a limit. */
  readonly most?: number;
}

/** Rows of a tile of the matrix product: shares are whole tiles where they can be. */
const TILE = 4;

/** Cuts a batch into at most `parts` shares of whole tiles; no share is a single sequence, which costs as much as two. */
export function shareOut(batch: number, parts: number): Range[] {
  return ranges(batch, Math.min(parts, Math.floor((batch + 2) / TILE)), TILE);
}

/** Where the packed copies of W_hh are that a plan uses; 0: the kernel packs for itself, or does without. */
export interface PackedWeight {
  /** For a single sequence. */
  readonly rows: number;
  /** For a batch. */
  readonly panels: number;
}

/** Steps from which on a single sequence repays packing the weight, kept or not. */
const MANY_STEPS = 16;

/**
 * Runs a pass.
 * @param plan writes the plan of a share and returns its address.
 */
export function runPass(
  kernel: "rnnForward" | "lstmForward" | "gruForward" | "rnnBackward" | "lstmBackward" | "gruBackward",
  pass: Pass,
  plan: (share: Range, packed: PackedWeight) => number,
): void {
  const { kernels, threads } = engine();
  const { steps, batch, hidden, weight, blocks, most = batch } = pass;
  const forward = kernel.endsWith("Forward");
  const packing = forward ? "packTransposed" : "packDirect";
  const rowsOfAll = weight.shape[0] as number;
  const parts = threads?.partsFor(steps * batch * rowsOfAll * hidden, most) ?? 1;
  const all = { first: 0, size: batch };
  const shares = parts > 1 ? shareOut(batch, parts) : [all];
  if (batch === 1) {
    const copy = steps >= MANY_STEPS ? packedCopy : keptCopy;
    const rows = forward ? copy(weight, "packRows", blocks, steps) : 0;
    kernels[kernel](plan(all, { rows, panels: 0 }));
  } else if (!threads || shares.length === 1) {
    kernels[kernel](plan(all, { rows: 0, panels: keptCopy(weight, packing, blocks, steps * batch) }));
  } else {
    const panels = packedCopy(weight, packing, blocks, steps * batch);
    threads.run(
      kernel,
      shares.map((share) => [plan(share, { rows: 0, panels })]),
    );
  }
}
