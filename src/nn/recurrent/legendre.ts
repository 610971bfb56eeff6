import { activations } from "../../ops/activation/maps.ts";
import { add } from "../../ops/elementwise.ts";
import { concat } from "../../ops/layout.ts";
import { linear } from "../../ops/matmul.ts";
import { cutAt } from "../../ops/pieces.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireCount } from "../../runtime/options.ts";
import { Parameter } from "../../tensor/parameter.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { fillUniform } from "../fill.ts";
import { type Cell, Recurrence } from "./recurrence.ts";
import { SequenceLayer, type SequenceLayerOptions, type StatePart } from "./sequence.ts";
import type { Walk, Walked } from "./stretches.ts";

export interface LegendreOptions extends SequenceLayerOptions {
  /** How many Legendre polynomials the memory holds: its size, d. */
  order: number;
  /** How many steps the memory reaches back: the length θ of its window. */
  theta: number;
}

/** What a Legendre memory unit carries: the hidden state and the memory. */
export interface LegendreState {
  /** [B, H], or [layers·directions, B, H]. */
  readonly h: Tensor;
  /** [B, order], or [layers·directions, B, order]. */
  readonly m: Tensor;
}

/** Matrices in float64, for what is computed once at the start. */
type Rows = readonly Float64Array[];

function product(a: Rows, b: Rows): Float64Array[] {
  return a.map((row) => {
    const out = new Float64Array((b[0] as Float64Array).length);
    row.forEach((value, k) => {
      const right = b[k] as Float64Array;
      for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) + value * (right[j] as number);
    });
    return out;
  });
}

/** e^M by scaling and squaring of the Taylor series: the scaled norm is below ½, where 18 terms leave 1e-22. */
function exponential(m: Rows): Rows {
  const norm = Math.max(...m.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
  let squarings = 0;
  let factor = 1;
  for (; norm * factor >= 0.5; factor /= 2) squarings++;
  const scaled = m.map((row) => row.map((value) => value * factor));
  let term: Rows = m.map((_, i) => Float64Array.from(m, (_, j) => (i === j ? 1 : 0)));
  let sum: Rows = term;
  for (let k = 1; k <= 18; k++) {
    term = product(term, scaled).map((row) => row.map((value) => value / k));
    sum = sum.map((row, i) => row.map((value, j) => value + ((term[i] as Float64Array)[j] as number)));
  }
  for (let i = 0; i < squarings; i++) sum = product(sum, sum);
  return sum;
}

/**
 * The memory's matrices for steps of 1: Ā = e^A and B̄ = A⁻¹(e^A − 1)·B, which are the upper blocks of e^[[A, B], [0, 0]]
 * (zero-order hold), with A_ij = (2i + 1)/θ · (−1 where i < j, else (−1)^{i−j+1}) and B_i = (2i + 1)(−1)^i/θ.
 */
export function legendreMemory(order: number, theta: number): { a: Float32Array; b: Float32Array } {
  const joined = Array.from({ length: order + 1 }, (_, i) =>
    Float64Array.from({ length: order + 1 }, (_, j) => {
      if (i === order) return 0;
      const scale = (2 * i + 1) / theta;
      if (j === order) return i % 2 === 0 ? scale : -scale;
      return i < j || (i - j) % 2 === 0 ? -scale : scale;
    }),
  );
  const upper = exponential(joined).slice(0, order);
  return {
    a: Float32Array.from(upper.flatMap((row) => [...row.subarray(0, order)])),
    b: Float32Array.from(upper, (row) => row[order] as number),
  };
}

/**
 * Legendre memory unit: a memory m of the last θ steps of one signal u, written in Legendre polynomials, and a network
 * that feeds and reads it. u_t = e_x·x_t + e_h·h_{t-1} + e_m·m_{t-1}, m_t = Ā·m_{t-1} + B̄·u_t,
 * h_t = tanh(W_x·x_t + W_h·h_{t-1} + W_m·m_t).
 *
 * ```ts
 * const layer = new LegendreMemoryUnit({ inputSize: 1, hiddenSize: 64, order: 32, theta: 500 });
 * const { output, state } = layer.forward(normal([5, 2, 1])); // [T, B, I]
 * output.shape; // [5, 2, 64]
 * state.m.shape; // [2, 32]
 * ```
 *
 * Ā and B̄ follow from order and theta and are not learnt. Parameters: encoderX [1, I], encoderH [1, H], encoderM [1, d],
 * weightX [H, I], weightH [H, H], weightM [H, d]; they start uniform in ±1/√(last axis), encoderM at zero.
 * Recorded operation by operation, so a step keeps about 3H + 4d numbers a sequence.
 * Source: Voelker, Kajić & Eliasmith 2019, "Legendre memory units: continuous-time representation in recurrent neural
 * networks".
 */
export class LegendreMemoryUnit extends SequenceLayer<LegendreState> {
  readonly order: number;
  readonly theta: number;
  readonly encoderX: Parameter;
  readonly encoderH: Parameter;
  readonly encoderM: Parameter;
  readonly weightX: Parameter;
  readonly weightH: Parameter;
  readonly weightM: Parameter;
  /** [d, d + 1], Ā beside B̄. */
  readonly #memory: Tensor;

  /** @throws {OptionError} when an option is unknown or out of range. */
  constructor(options: LegendreOptions) {
    super("LegendreMemoryUnit", options, ["order", "theta"]);
    const { inputSize, hiddenSize } = this;
    this.order = requireCount("LegendreMemoryUnit order", options.order);
    this.theta = options.theta;
    if (!(this.theta > 0 && Number.isFinite(this.theta))) {
      throw new OptionError(`LegendreMemoryUnit theta: expected a number of steps > 0, got ${this.theta}`);
    }
    const make = (rows: number, columns: number): Parameter => {
      const parameter = new Parameter([rows, columns]);
      fillUniform(parameter, 1 / Math.sqrt(columns));
      return parameter;
    };
    this.encoderX = make(1, inputSize);
    this.encoderH = make(1, hiddenSize);
    this.encoderM = new Parameter([1, this.order]);
    this.weightX = make(hiddenSize, inputSize);
    this.weightH = make(hiddenSize, hiddenSize);
    this.weightM = make(hiddenSize, this.order);
    this.#memory = this.#joined();
    this.addLayers((further) => new LegendreMemoryUnit({ ...options, ...further }));
  }

  #joined(): Tensor {
    const { order } = this;
    const { a, b } = legendreMemory(order, this.theta);
    const joined = new Float32Array(order * (order + 1));
    for (let i = 0; i < order; i++) {
      joined.set(a.subarray(i * order, (i + 1) * order), i * (order + 1));
      joined[i * (order + 1) + order] = b[i] as number;
    }
    return Tensor.fromArray(joined, [order, order + 1]);
  }

  protected override stateParts(): readonly StatePart[] {
    return [
      { name: "h", size: this.hiddenSize },
      { name: "m", size: this.order },
    ];
  }

  /** What of h and u comes from x. */
  protected override drives(x: Tensor): readonly Tensor[] {
    return [linear(x, concat([this.weightX, this.encoderX], 0))];
  }

  protected override walk({ drives, state, reverse }: Walk): Walked {
    const { hiddenSize, order } = this;
    const [drive] = drives as [Tensor];
    // What comes from the last h.
    const recurrent = concat([this.weightH, this.encoderH], 0);
    const step = (given: Tensor, [h, m]: readonly [Tensor, Tensor]) => {
      const [z, signal] = cutAt(add(given, linear(h, recurrent)), [hiddenSize, 1], 1) as [Tensor, Tensor];
      const u = add(signal, linear(m, this.encoderM));
      const memory = linear(concat([m, u], 1), this.#memory);
      const next = activations.tanh(add(z, linear(memory, this.weightM)));
      return { output: next, state: [next, memory] as const };
    };
    const cell: Cell<readonly [Tensor, Tensor]> = { stateSizes: [hiddenSize, order], step };
    return new Recurrence(cell, { reverse }).forward(drive, (state ?? undefined) as [Tensor, Tensor] | undefined);
  }
}
