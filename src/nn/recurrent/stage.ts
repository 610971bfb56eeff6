/**
 * One recurrent layer of a stream: a single time step of a single sequence, in memory of its own. The product with the
 * input, the step of the recurrence and the return of the new state to its place are all there is.
 */
import { sumOfBiasesInto } from "../../ops/recurrent/inputProduct.ts";
import { copy } from "../../ops/strided.ts";
import { engine } from "../../runtime/engine.ts";
import { reserve, type StreamStage } from "../../stream/stream.ts";
import { PackedRows } from "../packedRows.ts";
import type { Direction } from "./layer.ts";

/** Where a stage's memory lies. */
export interface StageMemory {
  /** [G·H]: the input product, then the gates. */
  readonly gates: number;
  /** The state before and after the step, [2, H] for each part of the state. */
  readonly histories: readonly number[];
  /** Memory beside those, as the kernel wants it. */
  readonly more: number;
  readonly plan: number;
  /** The packed rows of W_hh. */
  readonly rows: number;
}

export interface StageKernel {
  /** Blocks of H in the gates. */
  readonly gates: number;
  /** Tensors in the state: 1, or 2 with a cell. */
  readonly parts: number;
  /** Numbers of memory beside gates and states. */
  readonly more: number;
  /** Four-byte fields of the plan. */
  readonly planLength: number;
  /** Blocks of rows of W_hh that are multiplied separately; all of them at once when omitted. */
  readonly blocks?: readonly number[];
  /** Writes the bias of the input product; the default is b_ih + b_hh. */
  bias?(direction: Direction, address: number): void;
  /** Writes the plan once. */
  prepare(memory: StageMemory): void;
  /** Runs the planned step. */
  run(plan: number): void;
}

export class RecurrentStage implements StreamStage {
  readonly input: { readonly size: number };
  readonly outputSize: number;
  readonly #direction: Direction;
  readonly #kernel: StageKernel;
  readonly #memory: StageMemory;
  readonly #size: number;
  readonly #inputRows: PackedRows;
  readonly #hiddenRows: PackedRows;

  constructor(direction: Direction, kernel: StageKernel) {
    const [rows, inputSize] = direction.weights.weightIh.shape as [number, number];
    const hidden = rows / kernel.gates;
    this.input = { size: inputSize };
    this.outputSize = hidden;
    this.#direction = direction;
    this.#kernel = kernel;
    this.#size = rows;
    const block = reserve(this, rows + kernel.parts * 2 * hidden + kernel.more + kernel.planLength);
    const histories = Array.from({ length: kernel.parts }, (_, part) => block + (rows + part * 2 * hidden) * 4);
    const more = block + (rows + kernel.parts * 2 * hidden) * 4;
    this.#inputRows = new PackedRows(direction.weights.weightIh);
    this.#hiddenRows = new PackedRows(direction.weights.weightHh, kernel.blocks);
    this.#memory = { gates: block, histories, more, plan: more + kernel.more * 4, rows: this.#hiddenRows.address };
    kernel.prepare(this.#memory);
  }

  step(input: number): number {
    const { kernels } = engine();
    const { gates, histories, plan } = this.#memory;
    const { weights } = this.#direction;
    if (this.#kernel.bias) this.#kernel.bias(this.#direction, gates);
    else sumOfBiasesInto(weights, gates, this.#size);
    kernels.gemvPacked(this.#inputRows.current, input, gates, this.#size, this.input.size);
    this.#hiddenRows.refresh();
    this.#kernel.run(plan);
    for (const history of histories) copy(history + this.outputSize * 4, history, this.outputSize);
    return histories[0] as number;
  }

  reset(): void {
    for (const history of this.#memory.histories) engine().kernels.fill(history, this.outputSize, 0);
  }
}
