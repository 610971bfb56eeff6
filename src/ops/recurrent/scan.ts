import { giveGradient, gradientOf, record, writeGradient } from "../../autograd/graph.ts";
import { companion } from "../../runtime/companion.ts";
import { engine } from "../../runtime/engine.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { ranges } from "../../runtime/threads/ranges.ts";
import { formatShape, requireFloat32, requireShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { copy } from "../strided.ts";
import { openStateGradient } from "./history.ts";
import { present } from "./inputProduct.ts";
import { openStates } from "./states.ts";

export interface LinearRecurrenceOptions {
  /** [B, H]; zeros when omitted. */
  h0?: Tensor | null;
  /** Walk from the last time step to the first; default false. */
  reverse?: boolean;
}

/** Multiply-adds that take as long as one step of one number. */
const WORK = 4;
/** Numbers of a cache line: threads share none. */
const LINE = 16;

/** Calls a kernel for all numbers of a step, or for each thread's stretch of them, `at` bytes from the first. */
function overWidth(
  kernel: "scanForward" | "scanBackward",
  steps: number,
  width: number,
  values: (at: number, size: number) => readonly number[],
): void {
  const kernels = companion();
  const { threads } = engine();
  const parts = threads?.partsFor(steps * width * WORK, Math.ceil(width / LINE)) ?? 1;
  if (threads && parts > 1) {
    const stretches = ranges(width, parts, LINE);
    threads.run(
      kernel,
      stretches.map(({ first, size }) => values(first * 4, size)),
    );
  } else {
    (kernels[kernel] as unknown as (...values: readonly number[]) => void)(...values(0, width));
  }
}

/**
 * First-order linear recurrence, number by number: h_t = a_t ⊙ h_{t-1} + b_t.
 *
 * ```ts
 * const [keep, drive] = [full([3, 1, 1], 0.5), ones([3, 1, 1])]; // [T, B, H]
 * linearRecurrence(keep, drive).output; // [[[1]], [[1.5]], [[1.75]]]
 * ```
 *
 * What MinGRU, MinLSTM, QRNN and RG-LRU are made of: their gates do not look at the state, so all products come before.
 * @param a [T, B, H], how much of the state stays; @param b [T, B, H], what comes in.
 * @returns output [T, B, H] and the last state h [B, H].
 * @throws {ShapeError} when shapes differ or are empty; {OptionError} when an option is unknown.
 * Keeps h for the way back: (T + 1)·B·H numbers.
 * Source: Martin & Cundy 2018, arXiv:1709.04057.
 */
export function linearRecurrence(
  a: Tensor,
  b: Tensor,
  options: LinearRecurrenceOptions = {},
): { output: Tensor; h: Tensor } {
  requireKnown("linearRecurrence", options, ["h0", "reverse"]);
  const { h0, reverse = false } = options;
  requireFloat32("linearRecurrence a", a);
  requireFloat32("linearRecurrence b", b);
  requireShape("linearRecurrence a", a.shape, ["T", "B", "H"]);
  requireShape("linearRecurrence b", b.shape, a.shape);
  const [steps, batch, hidden] = a.shape as [number, number, number];
  if (a.size === 0) {
    throw new ShapeError(`linearRecurrence a: expected a shape without empty axes, got ${formatShape(a.shape)}`);
  }
  const { all: states, output, last } = openStates("linearRecurrence h0", h0, [steps, batch, hidden], reverse);
  const width = batch * hidden;
  const walk = [width, Number(reverse)] as const;
  overWidth("scanForward", steps, width, (at, size) => [
    a.address + at,
    b.address + at,
    states.address + at,
    steps,
    size,
    ...walk,
  ]);
  record(present([a, b, h0]), [output, last], () => {
    const dh = openStateGradient(last);
    const dOutput = gradientOf(output);
    const [da, db] = [engine().allocate(a.size), engine().allocate(a.size)];
    overWidth("scanBackward", steps, width, (at, size) => [
      a.address + at,
      states.address + at,
      dOutput && dOutput + at,
      dh + at,
      da + at,
      db + at,
      steps,
      size,
      ...walk,
    ]);
    giveGradient(a, da);
    giveGradient(b, db);
    if (h0) writeGradient(h0, (d) => copy(dh, d, width));
  });
  return { output, h: last };
}
