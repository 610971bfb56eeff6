/**
 * One pass over a whole sequence, shared among threads. Sequences do not look at each other, so each thread walks
 * through all T steps with sequences of its own and nobody waits inside a step.
 */
import { engine } from "../../runtime/engine.ts";
import { type Range, ranges } from "../../runtime/threads/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { MULTIPLY } from "../elementwise.ts";
import { keptCopy, packedCopy } from "../weight.ts";
import { type History, walkStretches } from "./history.ts";
import type { Layout, Stretch } from "./layout.ts";

/** What a pass is, as far as cutting it up is concerned. */
export interface Pass {
  readonly layout: Layout;
  readonly hidden: number;
  /** Walk from the last time step to the first. */
  readonly reverse: boolean;
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

type Cell = "rnn" | "lstm" | "lstmVariant" | "gru" | "gruVariant";
export type ForwardKernel = `${Cell}Forward`;
export type BackwardKernel = `${Cell}Backward`;

/** Writes the plan of a share of the sequences of a stretch and returns its address. */
export type PlanShare = (stretch: Stretch, share: Range, packed: PackedWeight) => number;

/** Runs a pass, stretch after stretch; `histories` are the states that it carries. */
export function runForward(kernel: ForwardKernel, pass: Pass, histories: readonly History[], plan: PlanShare): void {
  const panels = panelsOfMany(pass, "packTransposed");
  walkStretches(pass.layout, pass.reverse, (stretch, previous) => {
    for (const history of histories) history.enter(stretch, previous);
    runStretch(kernel, pass, stretch, panels, plan);
  });
  for (const history of histories) history.finish();
}

/** Runs a pass from its last stretch back to its first. */
export function runBackward(kernel: BackwardKernel, pass: Pass, plan: PlanShare): void {
  const panels = panelsOfMany(pass, "packDirect");
  walkStretches(pass.layout, !pass.reverse, (stretch) => runStretch(kernel, pass, stretch, panels, plan));
}

/** The weight, packed once for all stretches where there are several; 0 where there is one. */
function panelsOfMany({ layout, weight, blocks }: Pass, packing: "packTransposed" | "packDirect"): number {
  return layout.stretches.length > 1 ? packedCopy(weight, packing, blocks, layout.rows) : 0;
}

function runStretch(
  kernel: ForwardKernel | BackwardKernel,
  { hidden, weight, blocks, most }: Pass,
  stretch: Stretch,
  packed: number,
  planShare: PlanShare,
): void {
  const { arena, kernels, threads } = engine();
  const { steps, batch } = stretch;
  const plan = (share: Range, copies: PackedWeight): number => planShare(stretch, share, copies);
  const forward = kernel.endsWith("Forward");
  const packing = forward ? "packTransposed" : "packDirect";
  const rowsOfAll = weight.shape[0] as number;
  const parts = threads?.partsFor(steps * batch * rowsOfAll * hidden, most ?? batch) ?? 1;
  const all = { first: 0, size: batch };
  const shares = parts > 1 ? shareOut(batch, parts) : [all];
  // Plans and the room to work in are for the call alone: a layer that is called at each time step would pile them up.
  arena.open();
  try {
    if (batch === 1) {
      const copy = steps >= MANY_STEPS ? packedCopy : keptCopy;
      const rows = forward ? copy(weight, "packRows", blocks, steps) : 0;
      kernels[kernel](plan(all, { rows, panels: rows === 0 ? packed : 0 }));
    } else if (!threads || shares.length === 1) {
      kernels[kernel](plan(all, { rows: 0, panels: packed || keptCopy(weight, packing, blocks, steps * batch) }));
    } else {
      const panels = packed || packedCopy(weight, packing, blocks, steps * batch);
      threads.run(
        kernel,
        shares.map((share) => [plan(share, { rows: 0, panels })]),
      );
    }
  } finally {
    arena.close();
  }
}

/** The address of states [rows, H] times the mask [B, H] that all steps share. */
export function maskedStates(states: number, mask: number, { stretches, rows }: Layout, width: number): number {
  const { kernels } = engine();
  const masked = engine().allocate(rows * width);
  for (const { steps, batch, row } of stretches) {
    const block = batch * width;
    const at = row * width * 4;
    kernels.binary(MULTIPLY, states + at, mask, masked + at, steps, block, block, 1, 0, 1);
  }
  return masked;
}
