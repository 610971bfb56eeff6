/** How a gradient fares on its way back through the steps of a recurrent layer. */
import { gradientOf } from "../../autograd/graph.ts";
import { engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { median, slopeOf } from "./robust.ts";
import { rowOf, widthOf } from "./rows.ts";
import type { Step, Unit } from "./unit.ts";

/** The gradients of a layer's states, one entry for each step, in the order in which the layer walked them. */
export interface GradientFlow {
  /**
   * ‖∂L/∂h_t‖, the mean over the sequences that take part: the total derivative by the state after the step, through what
   * reads it there and through all later steps. Of a state of several tensors other than an LSTM's, that by all of them.
   * Of layers whose output is not their state but made of it (SRU, QRNN), through later steps alone: 0 after the last.
   */
  readonly norms: readonly number[];
  /** The same for each sequence; where lengths differ, the longest come first and those that are over are left out. */
  readonly bySequence: readonly (readonly number[])[];
  /** ‖∂L/∂c_t‖ of an LSTM, h_t held: what comes back through the cell from later steps; null where there is no cell. */
  readonly cellNorms: readonly number[] | null;
  /**
   * By what each step multiplies the norm of the gradient of the whole state that it passes back: ‖J_tᵀ·g_t‖/‖g_t‖, the
   * median over sequences. NaN where there is none, as it is zero or subnormal.
   */
  readonly ratios: readonly number[];
  /** The usual ratio: e to the slope of a robust line through the logarithm of their products; NaN without any. */
  readonly factor: number;
  /** The product of all ratios: how much of a gradient of the last step arrives before the first. */
  readonly gain: number;
  /** How many steps at the beginning have no gradient, or one below float32's normal numbers (2⁻¹²⁶). */
  readonly lost: number;
  /** How many steps have a gradient that is infinite or NaN. */
  readonly overflown: number;
}

/** Below it, float32 loses digits: ratios mean nothing. */
const SMALLEST_NORMAL = 2 ** -126;

/** The numbers of a gradient; null: there is none. */
function gradientNumbers(t: Tensor): Float32Array | null {
  t.requireAlive();
  const address = gradientOf(t);
  return address === 0 ? null : engine().f32.subarray(address >>> 2, (address >>> 2) + t.size);
}

/** The square of the norm of each sequence's part of a gradient, with that of `more` added before squaring. */
function squares(part: Tensor, axis: 0 | 1, rows: number, more: Tensor | null = null): Float64Array {
  const found = new Float64Array(rows);
  const [own, other] = [gradientNumbers(part), more && gradientNumbers(more)];
  if (!own && !other) return found;
  const width = widthOf(part, axis);
  for (let row = 0; row < rows; row++) {
    const one = own && rowOf(part, own, axis, row);
    const two = other?.subarray(row * width, (row + 1) * width);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += ((one?.[i] ?? 0) + (two?.[i] ?? 0)) ** 2;
    found[row] = sum;
  }
  return found;
}

/** Sums over parts. */
function together(parts: readonly Float64Array[], rows: number): Float64Array {
  const sum = new Float64Array(rows);
  for (const part of parts) for (let row = 0; row < rows; row++) (sum[row] as number) += part[row] as number;
  return sum;
}

/** What one step shows. */
interface StepNorms {
  readonly hidden: number[];
  readonly cell: number[] | null;
  /** The logarithm of the ratio of each sequence whose gradient is a normal number. */
  readonly logRatios: number[];
}

function normsOf(unit: Unit, { before, after, output, rows }: Step, isLstm: boolean): StepNorms {
  const total = after.map((part, p) => squares(part, unit.batchAxis(p), rows, p === 0 ? output : null));
  const back = before.map((part, p) => squares(part, unit.batchAxis(p), rows));
  const [whole, sent] = [together(total, rows), together(back, rows)];
  const hidden = Array.from(isLstm ? (total[0] as Float64Array) : whole, Math.sqrt);
  const cell = isLstm ? Array.from(total[1] as Float64Array, Math.sqrt) : null;
  const logRatios: number[] = [];
  for (let row = 0; row < rows; row++) {
    const norm = Math.sqrt(whole[row] as number);
    if (norm >= SMALLEST_NORMAL && norm < Number.POSITIVE_INFINITY) {
      logRatios.push(Math.log(Math.sqrt(sent[row] as number) / norm));
    }
  }
  return { hidden, cell, logRatios };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The gradients of the longest trajectory of a unit, once the loss has sent them back.
 * @throws {LifetimeError} when its tensors have not outlived the forward pass.
 */
export function gradientFlow(unit: Unit): GradientFlow {
  const steps = unit.trajectory;
  const { hasCell: isLstm } = unit.kind;
  const each = steps.map((step) => normsOf(unit, step, isLstm));
  const norms = each.map(({ hidden }) => mean(hidden));
  const logs = each.map(({ logRatios }) => median(logRatios));
  // From the last step back: the logarithm of what is left of a gradient that began there.
  const left: number[] = [];
  let sum = 0;
  for (const log of logs.toReversed()) {
    if (Number.isNaN(log)) continue;
    sum += log;
    left.push(sum);
  }
  const wholes = each.map(({ hidden, cell }) => mean(hidden) + (cell ? mean(cell) : 0));
  const firstFelt = wholes.findIndex((norm) => !(norm < SMALLEST_NORMAL));
  return {
    norms,
    bySequence: each.map(({ hidden }) => hidden),
    cellNorms: isLstm ? each.map(({ cell }) => mean(cell as number[])) : null,
    ratios: logs.map(Math.exp),
    factor: left.length === 1 ? Math.exp(left[0] as number) : Math.exp(slopeOf(left)),
    gain: left.length === 0 ? Number.NaN : Math.exp(sum),
    lost: firstFelt < 0 ? wholes.length : firstFelt,
    overflown: wholes.filter((norm) => !Number.isFinite(norm)).length,
  };
}
