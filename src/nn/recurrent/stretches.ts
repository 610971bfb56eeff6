/** A layer in one direction over sequences of several lengths: stretch after stretch, each a batch of those that go on. */
import { concat, reshape, slice, transpose } from "../../ops/layout.ts";
import { cutInto, joinInto } from "../../ops/pieces.ts";
import type { PackedLayout } from "../../ops/recurrent/layout.ts";
import { orderState, restoreState } from "../../ops/recurrent/packing.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What one direction of one layer walks through: sequences that all have T steps. */
export interface Walk {
  /** Tensors [T, B, ·]: what the layer makes of each position by itself. */
  readonly drives: readonly Tensor[];
  /** What it carries before the first step that is walked; null: zeros. */
  readonly state: readonly Tensor[] | null;
  /** Walk from the last step to the first. */
  readonly reverse: boolean;
}

/** Where a walk has led: output [T, B, H] and what the layer carries after the last step that was walked. */
export interface Walked {
  readonly output: Tensor;
  readonly state: readonly Tensor[];
}

/** A part of the state, its sequences in another order. */
function reordered(part: Tensor, axis: number, reorder: (rows: Tensor) => Tensor): Tensor {
  if (part.size === 0) return part;
  if (axis === 0) return reorder(part);
  const first = transpose(part, 0, axis);
  const rows = reorder(reshape(first, [first.shape[0] as number, -1]));
  return transpose(reshape(rows, first.shape), 0, axis);
}

/**
 * Walks through packed sequences: drives are [1, rows, ·], the state is of the whole batch, in its own order. In a stretch
 * the same sequences take part, the first ones in the order of the layout, so that it is a batch like any other and padding
 * is not computed. A sequence that is over, or that has not begun on the way from the end, keeps its state.
 * @param axes which axis of each part of the state is the batch: 0 or 1.
 * @returns output [1, rows, H] and the state in the batch's own order.
 */
export function walkThrough(
  walk: (stretch: Walk) => Walked,
  { drives, state, reverse }: Walk & { readonly state: readonly Tensor[] },
  axes: readonly number[],
  layout: PackedLayout,
): Walked {
  const { stretches, batch, rows } = layout;
  const pieces = drives.map((drive) => {
    const width = drive.shape[2] as number;
    return cutInto(
      drive,
      stretches.map(({ steps, batch: active }) => [steps, active, width]),
    );
  });
  const along = (part: number): number => axes[part] as number;
  const outputs = new Array<Tensor>(stretches.length);
  let current = state.map((part, p) => reordered(part, along(p), (of) => orderState(of, layout)));
  const order = [...stretches.keys()];
  for (const i of reverse ? order.reverse() : order) {
    const { batch: active } = stretches[i] as { batch: number };
    const given = pieces.map((piece) => piece[i] as Tensor);
    const all = active === batch;
    const own = all ? current : current.map((part, p) => slice(part, along(p), 0, active));
    const waiting = all ? [] : current.map((part, p) => slice(part, along(p), active));
    const { output, state: after } = walk({ drives: given, state: own, reverse });
    outputs[i] = output;
    current = all ? [...after] : after.map((part, p) => concat([part, waiting[p] as Tensor], along(p)));
  }
  const last = current.map((part, p) => reordered(part, along(p), (of) => restoreState(of, layout)));
  const width = (outputs[0] as Tensor).shape[2] as number;
  return { output: joinInto(outputs, [1, rows, width]), state: last };
}
