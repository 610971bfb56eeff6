/**
 * One pass over a whole sequence, shared among threads. Sequences do not look at each other, so each thread walks
 * through all T steps with sequences of its own and nobody waits inside a step.
 */
import { engine } from "../../runtime/engine.ts";
import { type Range, ranges } from "../../runtime/threads/ranges.ts";

/** What a pass is, as far as cutting it up is concerned. */
export interface Pass {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  /** W_hh. */
  readonly weight: number;
  /** Rows of W_hh that are multiplied together; all blocks are the weight. */
  readonly blocks: readonly number[];
  /** Shares it may be cut into at most, where there is a limit. */
  readonly most?: number;
}

/** Rows of a tile of the matrix product: shares are whole tiles where they can be. */
const TILE = 4;

/**
 * Cuts a batch into at most `parts` shares of whole tiles. No share is a single sequence, which would be multiplied by
 * other kernels than a batch is.
 */
export function shareOut(batch: number, parts: number): Range[] {
  return ranges(batch, Math.min(parts, Math.floor((batch + 2) / TILE)), TILE);
}

/**
 * Runs a pass.
 * @param plan writes the plan of a share and returns its address; `panels` is the weight packed for all shares, or 0.
 */
export function runPass(
  kernel: "rnnForward" | "lstmForward" | "gruForward" | "rnnBackward" | "lstmBackward" | "gruBackward",
  pass: Pass,
  plan: (share: Range, panels: number) => number,
): void {
  const { kernels, threads } = engine();
  const { steps, batch, hidden, blocks, most = batch } = pass;
  const rows = blocks.reduce((sum, block) => sum + block, 0);
  const parts = threads?.partsFor(steps * batch * rows * hidden, most) ?? 1;
  const shares = shareOut(batch, parts);
  if (!threads || shares.length === 1) {
    kernels[kernel](plan({ first: 0, size: batch }, 0));
    return;
  }
  const panels = packPanels(kernel.endsWith("Forward") ? "packTransposed" : "packDirect", pass);
  threads.run(
    kernel,
    shares.map((share) => [plan(share, panels)]),
  );
}

/** The weight packed once for all shares, in the step's memory. */
function packPanels(pack: "packTransposed" | "packDirect", { weight, blocks, hidden }: Pass): number {
  const { kernels } = engine();
  const sizes = blocks.map((rows) => kernels.panelsSize(rows, hidden));
  const panels = engine().allocate(sizes.reduce((sum, size) => sum + size, 0));
  let from = weight;
  let to = panels;
  blocks.forEach((rows, i) => {
    kernels[pack](from, rows, hidden, to);
    from += rows * hidden * 4;
    to += (sizes[i] as number) * 4;
  });
  return panels;
}
