/**
 * The recurrent kernels in guarded memory: they stay inside their buffers at sizes with every tail, in both
 * directions, and a sequence alone gives what it gives in a batch. That the numbers are right is shown by test/pytorch
 * and test/gradients, through the public interface.
 */
import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, type Engine, expectWithin, loadEngine } from "./engine.ts";

const cells = {
  rnn: { gates: 1, states: 1, more: false },
  lstm: { gates: 4, states: 2, more: false },
  gru: { gates: 3, states: 1, more: true },
  "gru, reset before": { gates: 3, states: 1, more: true },
} as const;
type Cell = keyof typeof cells;

interface Sizes {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly reverse: boolean;
}

type Pack = "packTransposed" | "packDirect";

/** Packs a recurrent weight in guarded buffers, as a caller does that uses it more than once. */
function panelsOf(engine: Engine, cell: Cell, hidden: number, weight: number, pack: Pack): number {
  const { kernels } = engine;
  const parts = cell.startsWith("gru") ? [2 * hidden, hidden] : [cells[cell].gates * hidden];
  const sizes = parts.map((rows) => kernels.panelsSize(rows, hidden));
  const { address } = engine.floats(sizes.reduce((sum, size) => sum + size));
  let from = weight;
  let to = address;
  parts.forEach((rows, i) => {
    kernels[pack](from, rows, hidden, to);
    from += rows * hidden * 4;
    to += (sizes[i] as number) * 4;
  });
  return address;
}

/** The ways of running a pass that change nothing. */
interface Ways {
  /** Hands over the panels of the weight, instead of having them packed, and spoils the weight itself. */
  readonly packed?: boolean;
  /** Computes so many sequences at a time, each with a call of its own. */
  readonly share?: number;
  /** Lets the pass look its gates up, in a table of all of them upside down. */
  readonly lookedUp?: boolean;
}

/** Runs forward and backward in guarded buffers and returns everything they wrote. */
function run(
  engine: Engine,
  cell: Cell,
  sizes: Sizes,
  input: { gates: Float32Array; weight: Float32Array },
  { packed = false, share = sizes.batch, lookedUp = false }: Ways = {},
) {
  const { kernels } = engine;
  const { steps, batch, hidden, reverse } = sizes;
  const { states, more, gates: blocks } = cells[cell];
  const block = batch * hidden;
  const width = blocks * hidden;
  const gates = engine.floats(lookedUp ? new Float32Array(input.gates.length).fill(Number.NaN) : input.gates);
  const rows = steps * batch;
  const table = engine.floats(lookedUp ? upsideDown(input.gates, width) : 0).address;
  const tokens = engine.integers(Array.from({ length: rows }, (_, i) => rows - 1 - i));
  const { address: weight, values: weights } = engine.floats(input.weight);
  const histories = Array.from({ length: states }, () =>
    engine.floats(new Float32Array((steps + 1) * block).fill(0.1)),
  );
  const candidate = engine.floats(more ? steps * block : 0);
  const dOutput = engine.floats(new Float32Array(steps * block).fill(0.5)).address;
  const gradients = Array.from({ length: states }, () => engine.floats(new Float32Array(block)));
  const kernel = cell === "rnn" || cell === "lstm" ? cell : "gru";
  const workspace = engine.floats(kernels[`${kernel}WorkspaceSize`](share, hidden)).address;
  const bias = engine.floats(new Float32Array(hidden).fill(0.2)).address;
  const planOf = (panels: number, first: number, count: number): number => {
    const at = first * hidden * 4;
    const [history, cellHistory] = histories.map(({ address }) => address + at) as [number, number];
    const [dh, dc] = gradients.map(({ address }) => address + at) as [number, number];
    const common = [steps, count, batch, hidden, Number(reverse)];
    const gatesAt = [lookedUp ? table : 0, tokens + first * 4, gates.address + first * width * 4];
    const backward = [dOutput + at, hidden, dh];
    const slots = [kernels.activationForwardSlot(2), kernels.activationBackwardSlot(2), 0];
    const plans = {
      rnn: [...common, weight, 0, panels, ...gatesAt, history, ...slots, ...backward, 0, 0, workspace],
      lstm: [...common, weight, 0, panels, 0, ...gatesAt, history, cellHistory, ...backward, dc, 0, workspace],
      gru: [
        ...[...common, Number(cell === "gru"), weight, 0, panels, bias, ...gatesAt],
        ...[history, candidate.address + at, ...backward, workspace],
      ],
    };
    return engine.integers(plans[kernel]);
  };
  const shares = Array.from({ length: Math.ceil(batch / share) }, (_, i) => i * share);
  const [there, back] = (["packTransposed", "packDirect"] as const).map((pack) => {
    const panels = packed ? panelsOf(engine, cell, hidden, weight, pack) : 0;
    return shares.map((first) => planOf(panels, first, Math.min(share, batch - first)));
  }) as [number[], number[]];
  if (packed) weights.fill(Number.NaN);
  for (const plan of there) kernels[`${kernel}Forward`](plan);
  const forward = histories.map(({ values }) => values.slice());
  for (const plan of back) kernels[`${kernel}Backward`](plan);
  const result = { forward, dGates: gates.values.slice(), dStates: gradients.map(({ values }) => values.slice()) };
  engine.release();
  return result;
}

/** The same rows, last first. */
function upsideDown(values: Float32Array, width: number): Float32Array {
  const count = values.length / width;
  return values.map((_, i) => values[(count - 1 - Math.floor(i / width)) * width + (i % width)] as number);
}

function randomInput(cell: Cell, { steps, batch, hidden }: Sizes) {
  const next = randomNumbers(steps * 31 + batch * 7 + hidden);
  const rows = cells[cell].gates * hidden;
  return {
    gates: Float32Array.from(randomVector(next, steps * batch * rows)),
    weight: Float32Array.from(randomVector(next, rows * hidden)),
  };
}

/** Sequence b of a time-major array of rows `width` long. */
function sequence(values: Float32Array, b: number, batch: number, width: number): Float32Array {
  return values.filter((_, i) => Math.floor(i / width) % batch === b);
}

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);

  describe.each(Object.keys(cells) as Cell[])("%s", (cell) => {
    test.each([1, 2, 3, 4, 5, 7, 8, 13, 17, 31])("stays inside its buffers at H = %i", (hidden) => {
      for (const batch of [1, 2, 3, 5, 8]) {
        for (const reverse of [false, true]) {
          const sizes = { steps: 3, batch, hidden, reverse };
          const { forward, dGates, dStates } = run(engine, cell, sizes, randomInput(cell, sizes));
          for (const values of [...forward, dGates, ...dStates]) expect(values.every(Number.isFinite)).toBe(true);
        }
      }
    });

    test.each([1, 5, 8, 13])("panels of the caller's give the same at H = %i", (hidden) => {
      const sizes = { steps: 3, batch: 5, hidden, reverse: false };
      const input = randomInput(cell, sizes);
      expect(run(engine, cell, sizes, input, { packed: true })).toEqual(run(engine, cell, sizes, input));
    });

    test.each([1, 5, 8, 13, 31])("shares of the sequences give the same as all of them at H = %i", (hidden) => {
      for (const reverse of [false, true]) {
        for (const [batch, share] of [
          [6, 2],
          [11, 4],
          [16, 8],
        ] as const) {
          const sizes = { steps: 3, batch, hidden, reverse };
          const input = randomInput(cell, sizes);
          const whole = run(engine, cell, sizes, input);
          expect(run(engine, cell, sizes, input, { share, packed: true })).toEqual(whole);
        }
      }
    });

    test.each([1, 5, 8, 13])("gates that the pass looks up give the same at H = %i", (hidden) => {
      for (const reverse of [false, true]) {
        const sizes = { steps: 3, batch: 5, hidden, reverse };
        const input = randomInput(cell, sizes);
        expect(run(engine, cell, sizes, input, { lookedUp: true, share: 3 })).toEqual(run(engine, cell, sizes, input));
      }
    });

    test("a sequence alone gives what it gives in a batch", () => {
      const sizes = { steps: 5, batch: 3, hidden: 13, reverse: false };
      const input = randomInput(cell, sizes);
      const width = cells[cell].gates * sizes.hidden;
      const together = run(engine, cell, sizes, input);
      for (let b = 0; b < sizes.batch; b++) {
        const gates = sequence(input.gates, b, sizes.batch, width);
        const alone = run(engine, cell, { ...sizes, batch: 1 }, { ...input, gates });
        const close = (expected: number): number => 2e-6 * (1 + Math.abs(expected));
        alone.forward.forEach((values, i) => {
          expectWithin(values, sequence(together.forward[i] as Float32Array, b, sizes.batch, sizes.hidden), close);
        });
        expectWithin(alone.dGates, sequence(together.dGates, b, sizes.batch, width), close);
        alone.dStates.forEach((values, i) => {
          expectWithin(values, sequence(together.dStates[i] as Float32Array, b, sizes.batch, sizes.hidden), close);
        });
      }
    });

    test("walking backward in time is walking forward through the sequence turned round", () => {
      const sizes = { steps: 4, batch: 2, hidden: 7, reverse: false };
      const input = randomInput(cell, sizes);
      const step = sizes.batch * sizes.hidden;
      const turn = (values: Float32Array, width: number): Float32Array => {
        const count = values.length / width;
        return Float32Array.from(
          values,
          (_, i) => values[(count - 1 - Math.floor(i / width)) * width + (i % width)] as number,
        );
      };
      const gateStep = step * cells[cell].gates;
      const forward = run(engine, cell, sizes, input);
      const turned = run(engine, cell, { ...sizes, reverse: true }, { ...input, gates: turn(input.gates, gateStep) });
      forward.forward.forEach((values, i) => {
        expect(turn(turned.forward[i] as Float32Array, step)).toEqual(values);
      });
      expect(turn(turned.dGates, gateStep)).toEqual(forward.dGates);
      expect(turned.dStates).toEqual(forward.dStates);
    });
  });
});
