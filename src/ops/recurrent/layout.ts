/**
 * How the sequences of a batch lie in memory during a pass, and in which stretches of time a kernel walks through them.
 *
 * Sequences of one length are [T, B, ·], one stretch. Sequences of several lengths are packed: sorted by length, the
 * longest first, and at each time step only those that have not ended, one row behind the other. The sequences that take
 * part are then always the first ones, and from one end of a sequence to the next they stay the same: such a stretch is
 * [steps, sequences, ·] like any batch, and the same kernel computes it. Nothing is computed for padding.
 */
import { Tensor } from "../../tensor/tensor.ts";

/** Time steps in which the same sequences take part. */
export interface Stretch {
  readonly steps: number;
  /** How many sequences take part: the first ones. */
  readonly batch: number;
  /** The first of its rows among all rows of the pass. */
  readonly row: number;
  /** The first of its rows among the states, of which there is one step more a stretch. */
  readonly stateRow: number;
}

/** What a pass walks through. */
export interface Layout {
  readonly batch: number;
  /** Time steps of all sequences together: the rows of every product over all of time. */
  readonly rows: number;
  /** The axes before the last one of what a pass reads and gives: [T, B], or [rows] when packed. */
  readonly axes: readonly number[];
  /** In order of time. */
  readonly stretches: readonly Stretch[];
  /** int32 [B]: the sequence that stands at each place; none: they stand as they are given. */
  readonly order?: Tensor;
}

/** Sequences that all last T steps, as they lie. */
export function evenLayout(steps: number, batch: number): Layout {
  const stretches = [{ steps, batch, row: 0, stateRow: 0 }];
  return { batch, rows: steps * batch, axes: [steps, batch], stretches };
}

/** A layout of packed sequences, and where the rows and the sequences come from. */
export interface PackedLayout extends Layout {
  /** int32 [rows]: the row of [T·B, ·] that each packed row is. */
  readonly sources: Tensor;
  /** int32 [B]: the sequence that stands at each place, the longest first. */
  readonly order: Tensor;
  /** int32 [B]: the place that each sequence stands at. */
  readonly places: Tensor;
  /** Whether the sequences are in order as they are. */
  readonly sorted: boolean;
}

/** Packs sequences of these lengths out of [T, B, ·]. */
export function packedLayout(lengths: Int32Array): PackedLayout {
  const batch = lengths.length;
  const order = Int32Array.from(lengths.keys());
  order.sort((a, b) => (lengths[b] as number) - (lengths[a] as number) || a - b);
  const places = new Int32Array(batch);
  order.forEach((sequence, place) => {
    places[sequence] = place;
  });
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const sources = new Int32Array(rows);
  const stretches: Stretch[] = [];
  let from = 0;
  let row = 0;
  let stateRow = 0;
  for (let active = batch; active > 0; ) {
    const until = lengths[order[active - 1] as number] as number;
    if (until > from) {
      stretches.push({ steps: until - from, batch: active, row, stateRow });
      for (let t = from; t < until; t++) {
        for (let place = 0; place < active; place++) sources[row++] = t * batch + (order[place] as number);
      }
      stateRow += (until - from + 1) * active;
      from = until;
    }
    active--;
  }
  return {
    batch,
    rows,
    axes: [rows],
    stretches,
    sources: Tensor.fromArray(sources, [rows]),
    order: Tensor.fromArray(order, [batch]),
    places: Tensor.fromArray(places, [batch]),
    sorted: order.every((sequence, place) => sequence === place),
  };
}
