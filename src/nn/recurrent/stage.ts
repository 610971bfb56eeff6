import type { Activation } from "../../ops/activation/activation.ts";
import { engine } from "../../runtime/engine.ts";
import { formatFields, type WeightFormat } from "../../stream/format.ts";
import { PackedRows } from "../../stream/packedRows.ts";
import { reserve } from "../../stream/reserve.ts";
import type { KernelStage, StageFields } from "../../stream/stage.ts";
import { Parameter } from "../../tensor/parameter.ts";
import type { Direction } from "./layer.ts";

/** What distinguishes the cells. */
export interface CellStage {
  readonly kind: "rnn" | "lstm" | "gru";
  /** Blocks of H that the kernel works in. */
  readonly gates: number;
  /** RNN: f. */
  readonly activation?: Activation;
  /** Fields of its own. */
  readonly fields?: Partial<StageFields>;
  /** Whether it carries c besides h. */
  readonly cell?: boolean;
  /** How many blocks of rows of W_hh are multiplied first; the rest, if any, is the candidate's weight. */
  readonly recurrentGates: number;
  /** bias[gates·H] := what the gates start from. */
  bias(address: number): void;
}

/** One recurrent layer of a stream: a single time step of a single sequence, in memory of its own. */
export class RecurrentStage implements KernelStage {
  readonly kind: CellStage["kind"];
  readonly input: { readonly size: number };
  readonly outputSize: number;
  readonly fields: KernelStage["fields"];
  readonly parameters: readonly Parameter[];
  /** Kept, since the kernel calls what it brought into the function table. */
  readonly activation: Activation | undefined;
  readonly #packed: readonly PackedRows[];
  readonly #bias: CellStage["bias"];
  readonly #states: readonly number[];

  constructor(
    { weights }: Direction,
    format: WeightFormat,
    { kind, gates, fields, cell = false, recurrentGates, activation, bias }: CellStage,
  ) {
    const { weightIh, weightHh, biasIh, biasHh } = weights;
    const [rows, inputSize] = weightIh.shape as [number, number];
    const hidden = weightHh.shape[1] as number;
    const first = recurrentGates * hidden;
    this.kind = kind;
    this.activation = activation;
    this.input = { size: inputSize };
    this.outputSize = hidden;
    const learned = activation?.learned.values() ?? [];
    this.parameters = [weightIh, weightHh, biasIh, biasHh, ...learned].filter((p) => p instanceof Parameter);
    this.#bias = bias;
    const input = new PackedRows(weightIh, format);
    const recurrent = new PackedRows(weightHh, format, 0, first);
    const candidate = first < rows ? new PackedRows(weightHh, format, first, rows - first) : null;
    this.#packed = candidate ? [input, recurrent, candidate] : [input, recurrent];
    const block = reserve(this, (2 * gates + 2) * hidden + (activation?.parameterCount ?? 0));
    const [biasAddress, state] = [block + gates * hidden * 4, block + 2 * gates * hidden * 4];
    const cellAddress = cell ? state + hidden * 4 : 0;
    this.#states = cell ? [state, cellAddress] : [state];
    this.fields = {
      ...fields,
      ...formatFields(this, format),
      input: inputSize,
      size: hidden,
      weight: input.address,
      recurrent: recurrent.address,
      candidate: candidate?.address ?? 0,
      bias: biasAddress,
      gates: block,
      state,
      cell: cellAddress,
      activation: activation?.slots.forwardSlot ?? 0,
      parameters: activation?.writeParameters(state + 2 * hidden * 4) ?? 0,
    };
  }

  pack(): void {
    for (const rows of this.#packed) rows.pack();
    this.activation?.writeParameters(this.fields.parameters as number);
    this.#bias(this.fields.bias as number);
  }

  reset(): void {
    for (const state of this.#states) engine().kernels.fill(state, this.outputSize, 0);
  }
}
