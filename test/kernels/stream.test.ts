/**
 * Stage kernels in guarded memory: every cell, at sizes with every tail, computes what the oracle does and stays inside
 * its buffers; a program hands each stage what the one before it made.
 */
import { describe, expect, test } from "vitest";
import { randomMatrix, randomNumbers, randomVector } from "../oracle/random.ts";
import { gru, lstm, type Recurrence, rnn, type Weights } from "../oracle/recurrent.ts";
import { add, type Matrix, multiply, type Vector, zeros } from "../oracle/vector.ts";
import { builds, type Engine, expectWithin, type Floats, loadEngine } from "./engine.ts";

const STEPS = 4;
const TANH = 2;

interface Cell {
  readonly kind: number;
  readonly gates: number;
  readonly oracle: Recurrence;
  readonly states: number;
  readonly resetAfter?: boolean;
  readonly peepholes?: boolean;
}

const cells: Record<string, Cell> = {
  rnn: { kind: 2, gates: 1, oracle: rnn("tanh"), states: 1 },
  lstm: { kind: 3, gates: 4, oracle: lstm, states: 2 },
  "lstm, peepholes": { kind: 3, gates: 4, oracle: lstm, states: 2, peepholes: true },
  gru: { kind: 4, gates: 3, oracle: gru(true), states: 1, resetAfter: true },
  "gru, reset before": { kind: 4, gates: 3, oracle: gru(false), states: 1, resetAfter: false },
};

type Fields = Partial<Record<(typeof order)[number], number>>;
const order = [
  "kernel",
  "input",
  "size",
  "format",
  "weight",
  "recurrent",
  "candidate",
  "bias",
  "peepholes",
  "gates",
  "state",
  "cell",
  "activation",
  "parameters",
  "resetAfter",
  "workspace",
] as const;

/** The record of one stage, as the kernels read it. */
function record(fields: Fields): number[] {
  return order.map((name) => fields[name] ?? 0);
}

/** Rows of a weight, packed in a guarded buffer. */
function pack(engine: Engine, { columns, data }: Matrix, first: number, rows: number): number {
  const from = engine.floats(data.slice(first * columns, (first + rows) * columns));
  const to = engine.floats(engine.kernels.packedRowsSize(rows, columns));
  engine.kernels.packRows(from.address, rows, columns, to.address);
  return to.address;
}

function randomWeights(cell: Cell, input: number, hidden: number): Weights {
  const next = randomNumbers(input * 31 + hidden);
  const rows = cell.gates * hidden;
  return {
    weightIh: randomMatrix(next, rows, input),
    weightHh: randomMatrix(next, rows, hidden),
    biasIh: randomVector(next, rows),
    biasHh: randomVector(next, rows),
    peephole: cell.peepholes ? randomVector(next, 3 * hidden) : zeros(3 * hidden),
  };
}

/** What the gates start from: for a GRU b_n of the state, where reset comes after, stands behind the others. */
function startOf({ kind, resetAfter }: Cell, { biasIh, biasHh }: Weights, hidden: number): Vector {
  const sums = add(biasIh, biasHh);
  if (kind !== 4) return sums;
  const start = zeros(4 * hidden);
  start.set(sums);
  if (resetAfter) start.set(biasIh.slice(2 * hidden), 2 * hidden);
  if (resetAfter) start.set(biasHh.slice(2 * hidden), 3 * hidden);
  return start;
}

/** The fields of a recurrent stage in guarded memory, and its state. */
function recurrentStage(engine: Engine, cell: Cell, weights: Weights, hidden: number): { fields: Fields; h: Floats } {
  const { kernels } = engine;
  const rows = cell.gates * hidden;
  const first = cell.kind === 4 ? 2 * hidden : rows;
  const start = startOf(cell, weights, hidden);
  const h = engine.floats(new Float32Array(hidden).fill(0.1));
  const fields = {
    kernel: kernels.stageSlot(cell.kind),
    input: weights.weightIh.columns,
    size: hidden,
    weight: pack(engine, weights.weightIh, 0, rows),
    recurrent: pack(engine, weights.weightHh, 0, first),
    candidate: first < rows ? pack(engine, weights.weightHh, first, hidden) : 0,
    bias: engine.floats(start).address,
    peepholes: cell.peepholes ? engine.floats(weights.peephole).address : 0,
    gates: engine.floats(start.length).address,
    state: h.address,
    cell: cell.states === 2 ? engine.floats(new Float32Array(hidden).fill(0.1)).address : 0,
    activation: kernels.activationForwardSlot(TANH),
    resetAfter: Number(cell.resetAfter ?? false),
  };
  return { fields, h };
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;

  describe.each(Object.entries(cells))("%s", (_, cell) => {
    test.each([1, 2, 3, 4, 5, 7, 13, 16, 17, 31, 33, 48])("H = %i", (hidden) => {
      for (const input of [1, 3, 4, 17]) {
        const weights = randomWeights(cell, input, hidden);
        const next = randomNumbers(hidden);
        const x = Array.from({ length: STEPS }, () => randomVector(next, input));
        const initial = Array.from({ length: cell.states }, () => zeros(hidden).fill(0.1));
        const expected = cell.oracle(weights, x, initial).output;
        const { fields, h } = recurrentStage(engine, cell, weights, hidden);
        const program = engine.integers(record(fields));
        for (const [t, sample] of x.entries()) {
          const at = engine.floats(sample);
          expect(kernels.streamStep(program, 1, at.address)).toBe(h.address);
          expectWithin(h.values, expected[t]!, () => 2e-6 * (t + 1));
        }
        engine.release();
      }
    });
  });

  test("a program: look-up, LSTM, linear", () => {
    const [count, width, hidden, outputs] = [5, 3, 7, 18];
    const next = randomNumbers(9);
    const table = randomMatrix(next, count, width);
    const head = randomMatrix(next, outputs, hidden);
    const bias = randomVector(next, outputs);
    const cell = cells.lstm!;
    const weights = randomWeights(cell, width, hidden);
    const lookup = {
      kernel: kernels.stageSlot(0),
      input: 1,
      size: width,
      weight: engine.floats(table.data).address,
      state: engine.floats(width).address,
    };
    const y = engine.floats(outputs);
    const linear = {
      kernel: kernels.stageSlot(1),
      input: hidden,
      size: outputs,
      weight: pack(engine, head, 0, outputs),
      bias: engine.floats(bias).address,
      state: y.address,
    };
    const { fields } = recurrentStage(engine, cell, weights, hidden);
    const program = engine.integers([lookup, fields, linear].flatMap(record));
    const tokens = [4, 0, 2];
    const vectors = tokens.map((token) => table.data.slice(token * width, (token + 1) * width));
    const initial = [zeros(hidden).fill(0.1), zeros(hidden).fill(0.1)];
    const states = cell.oracle(weights, vectors, initial).output;
    for (const [t, token] of tokens.entries()) {
      expect(kernels.streamStep(program, 3, engine.integers([token]))).toBe(y.address);
      expectWithin(y.values, add(multiply(head, states[t]!), bias), () => 1e-5);
    }
    engine.release();
  });
});
