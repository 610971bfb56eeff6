/**
 * The states of a pass: in each stretch of time one block [sequences, H] before the first step and one after each step.
 * Walking backward in time the initial state lies last, so that the outputs of a stretch and the states before its steps
 * are both contiguous, one block apart.
 */
import { gradientOf } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import { requireFloat32, requireShape } from "../../tensor/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";
import type { Layout, Stretch } from "./layout.ts";

/** The states of one pass, stretch by stretch. */
export class History {
  /** [T, B, H], or [rows, H] when packed: the state after each step. Complete after `finish`. */
  readonly output: Tensor;
  /** [B, H]: the state after the last step of each sequence. Complete after `finish`. */
  readonly last: Tensor;
  readonly #layout: Layout;
  readonly #hidden: number;
  readonly #reverse: boolean;
  /** All stretches, one behind the other. */
  readonly #states: Tensor;
  readonly #initial: Tensor | null;
  /** Whether one stretch is all there is, of all sequences. */
  readonly #whole: boolean;

  /** @throws {ShapeError} when the initial state is not [B, H] of float32 numbers. */
  constructor(what: string, initial: Tensor | null | undefined, layout: Layout, hidden: number, reverse: boolean) {
    const { batch, axes, stretches } = layout;
    if (initial) {
      requireFloat32(what, initial);
      requireShape(what, initial.shape, [batch, hidden]);
    }
    this.#layout = layout;
    this.#hidden = hidden;
    this.#reverse = reverse;
    this.#initial = initial ?? null;
    const { stateRow, steps, batch: active } = stretches.at(-1) as Stretch;
    const rows = stateRow + (steps + 1) * active;
    this.#states = Tensor.inStep([rows, hidden]);
    const alone = stretches.length === 1;
    const block = active * hidden;
    this.output = alone
      ? Tensor.view(this.#states, reverse ? 0 : block, [...axes, hidden])
      : Tensor.inStep([...axes, hidden]);
    this.#whole = alone && active === batch;
    this.last = this.#whole
      ? Tensor.view(this.#states, reverse ? 0 : steps * block, [batch, hidden])
      : Tensor.inStep([batch, hidden]);
  }

  /** Where the blocks of a stretch begin. */
  address({ stateRow }: Stretch): number {
    return this.#at(stateRow);
  }

  #at(row: number): number {
    return this.#states.address + row * this.#hidden * 4;
  }

  /** The row of the state before the first step that is walked, and of the state after the last one. */
  #ends({ stateRow, steps, batch }: Stretch): [number, number] {
    const far = stateRow + steps * batch;
    return this.#reverse ? [far, stateRow] : [stateRow, far];
  }

  /**
   * Puts the state that a stretch begins with in its place: what the stretch walked before it ended with, and for
   * sequences that begin with this one, as they do on the way from the end, the initial state.
   */
  enter(stretch: Stretch, previous: Stretch | undefined): void {
    const width = this.#hidden;
    const [first] = this.#ends(stretch);
    const kept = previous ? Math.min(previous.batch, stretch.batch) : 0;
    if (previous) copy(this.#at(this.#ends(previous)[1]), this.#at(first), kept * width);
    this.#begin(kept, stretch.batch, this.#at(first + kept));
  }

  /** Writes the initial states of some sequences to an address. */
  #begin(from: number, to: number, address: number): void {
    const width = this.#hidden;
    const count = (to - from) * width;
    if (count === 0) return;
    if (this.#initial) copy(this.#initial.address + from * width * 4, address, count);
    else engine().kernels.fill(address, count, 0);
  }

  /** Collects outputs and last states, once every stretch has been walked. */
  finish(): void {
    if (this.#whole) return;
    const { stretches, batch: all } = this.#layout;
    const width = this.#hidden;
    // Sequences of no steps keep the state that they came with.
    const { batch: most } = stretches[0] as Stretch;
    this.#begin(most, all, this.last.address + most * width * 4);
    stretches.forEach((stretch, i) => {
      const { stateRow, batch, row, steps } = stretch;
      const after = stateRow + (this.#reverse ? 0 : batch);
      if (stretches.length > 1) copy(this.#at(after), this.output.address + row * width * 4, steps * batch * width);
      // Walking forward, the sequences that do not go on into the next stretch end here; walking back, all end in the first.
      const next = stretches[i + 1]?.batch ?? 0;
      const ended = this.#reverse ? (i === 0 ? [0, batch] : [0, 0]) : [next, batch];
      const [from, to] = ended as [number, number];
      const last = this.#ends(stretch)[1];
      if (to > from) copy(this.#at(last + from), this.last.address + from * width * 4, (to - from) * width);
    });
  }

  /** The address of the state before each step, [rows, H]. */
  before(): number {
    const { stretches, rows } = this.#layout;
    const width = this.#hidden;
    const rowOf = ({ stateRow, batch }: Stretch): number => stateRow + (this.#reverse ? batch : 0);
    if (stretches.length === 1) return this.#at(rowOf(stretches[0] as Stretch));
    const together = engine().allocate(rows * width);
    for (const stretch of stretches) {
      copy(this.#at(rowOf(stretch)), together + stretch.row * width * 4, stretch.steps * stretch.batch * width);
    }
    return together;
  }
}

/** Calls `walk` for each stretch, in the order in which a pass goes through them, with the one before it. */
export function walkStretches(
  { stretches }: Layout,
  reverse: boolean,
  walk: (stretch: Stretch, previous: Stretch | undefined) => void,
): void {
  const order = reverse ? stretches.toReversed() : stretches;
  order.forEach((stretch, i) => {
    walk(stretch, order[i - 1]);
  });
}

/** A block [B, H] that starts as the gradient of the last state (zeros when nothing depended on it). */
export function openStateGradient(last: Tensor): number {
  const block = engine().allocate(last.size);
  const from = gradientOf(last);
  if (from !== 0) copy(from, block, last.size);
  else engine().kernels.fill(block, last.size, 0);
  return block;
}
