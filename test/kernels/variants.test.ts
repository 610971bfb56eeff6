/**
 * The variants of LSTM and GRU kernels: with nothing varied they give the bits of the plain kernels, and with everything
 * varied they touch their buffers only (the engine's `release` looks at the guards round each).
 */

import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, loadEngine } from "./engine.ts";

const [STEPS, BATCH, SIGMOID, TANH, GELU] = [3, 5, 1, 2, 7];
/** Fields that are not used. */
const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const hiddenSizes = [1, 3, 4, 7, 13, 16];

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;
  const slotsOf = (gate: number, cell: number): number[] => [
    ...[kernels.activationForwardSlot(gate), kernels.activationBackwardSlot(gate), 0],
    ...[kernels.activationForwardSlot(cell), kernels.activationBackwardSlot(cell), 0],
  ];

  function random(count: number, seed: number) {
    return engine.floats(Float32Array.from(randomVector(randomNumbers(seed + 17 * count), count)));
  }

  function packed(weight: number, blocks: number[], depth: number, pack: "packTransposed" | "packDirect"): number {
    const sizes = blocks.map((rows) => kernels.panelsSize(rows, depth));
    const { address } = engine.floats(sizes.reduce((a, b) => a + b, 0));
    let [from, to] = [weight, address];
    blocks.forEach((rows, i) => {
      kernels[pack](from, rows, depth, to);
      from += rows * depth * 4;
      to += (sizes[i] as number) * 4;
    });
    return address;
  }

  /** Forward and backward through `lstm` or `lstmVariant`; every number that either leaves. */
  function runLstm(hidden: number, variant: boolean) {
    const gates = random(STEPS * BATCH * 4 * hidden, 1);
    const weight = random(4 * hidden * hidden, 2).address;
    const [history, cells] = [3, 4].map((seed) => random((STEPS + 1) * BATCH * hidden, seed));
    const [dh, dc] = [5, 6].map((seed) => random(BATCH * hidden, seed));
    const dOutput = random(STEPS * BATCH * hidden, 7).address;
    const common = [STEPS, BATCH, BATCH, hidden];
    for (const way of ["Forward", "Backward"] as const) {
      const panels = packed(weight, [4 * hidden], hidden, way === "Forward" ? "packTransposed" : "packDirect");
      const workspace = variant
        ? kernels.lstmVariantWorkspaceSize(BATCH, hidden, hidden)
        : kernels.lstmWorkspaceSize(BATCH, hidden);
      const room = engine.floats(workspace).address;
      const fields = variant
        ? [
            ...[...common, hidden, 0, 0, panels, 0, 0, ...slotsOf(SIGMOID, TANH), ...zeros(12), 0, 0, gates.address, 0],
            ...[history.address, cells.address, 0, dOutput, hidden, dh.address, dc.address, 0, 0, room],
          ]
        : [
            ...[...common, 0, weight, 0, panels, 0, 0, 0, gates.address, history.address, cells.address],
            ...[dOutput, hidden, dh.address, dc.address, 0, room],
          ];
      kernels[`${variant ? "lstmVariant" : "lstm"}${way}` as const](engine.integers(fields));
    }
    const result = [gates, history, cells, dh, dc].map(({ values }) => values.slice());
    engine.release();
    return result;
  }

  test.each(hiddenSizes)("an LSTM of %i that varies nothing", (hidden) => {
    expect(runLstm(hidden, true)).toEqual(runLstm(hidden, false));
  });

  test.each(hiddenSizes)("an LSTM of %i that varies everything keeps to its buffers", (hidden) => {
    const output = Math.max(1, hidden - 2);
    const rows = STEPS * BATCH;
    const [gates, raw] = [random(rows * 3 * hidden, 1), engine.floats(rows * 3 * hidden)];
    const [weight, projection] = [random(3 * hidden * output, 2).address, random(output * hidden, 3).address];
    const peepholes = random(2 * hidden, 4).address;
    const [mask, keepHidden] = [random(BATCH * output, 5).address, random(rows * output, 6).address];
    const keepCell = random(rows * hidden, 7).address;
    const [history, cells] = [random((rows + BATCH) * output, 8), random((rows + BATCH) * hidden, 9)];
    const [unprojected, dProjected] = [engine.floats(rows * hidden), engine.floats(rows * output)];
    const [dOutput, dh, dc] = [random(rows * output, 10), random(BATCH * output, 11), random(BATCH * hidden, 12)];
    const width = 3 * hidden;
    const norm = [
      ...[random(width, 13), engine.floats(rows * width), engine.floats(rows), engine.floats(rows * width)],
      ...[random(hidden, 14), random(hidden, 15), engine.floats(rows * hidden)],
      ...[engine.floats(rows), engine.floats(rows * hidden)],
    ];
    const dPeepholes = engine.floats(new Float32Array(2 * hidden));
    for (const way of ["Forward", "Backward"] as const) {
      const pack = way === "Forward" ? "packTransposed" : "packDirect";
      const panels = [packed(weight, [3 * hidden], output, pack), packed(projection, [output], hidden, pack)];
      const room = engine.floats(kernels.lstmVariantWorkspaceSize(BATCH, hidden, output)).address;
      kernels[`lstmVariant${way}`](
        engine.integers([
          ...[STEPS, BATCH, BATCH, hidden, output, 1, 1, ...panels, peepholes, ...slotsOf(GELU, GELU)],
          ...[
            mask,
            keepHidden,
            keepCell,
            ...norm.map(({ address }) => address),
            0,
            0,
            gates.address,
            raw.address,
            history.address,
            cells.address,
          ],
          ...[unprojected.address, dOutput.address, output, dh.address, dc.address, dPeepholes.address],
          ...[dProjected.address, room],
        ]),
      );
    }
    for (const { values } of [gates, raw, history, cells, unprojected, dProjected, dh, dc, dPeepholes, ...norm]) {
      expect(values.every(Number.isFinite)).toBe(true);
    }
    engine.release();
  });

  /** Forward and backward through `gru` or `gruVariant`. */
  function runGru(hidden: number, resetAfter: number, variant: boolean) {
    const gates = random(STEPS * BATCH * 3 * hidden, 1);
    const weight = random(3 * hidden * hidden, 2).address;
    const history = random((STEPS + 1) * BATCH * hidden, 3);
    const candidate = engine.floats(STEPS * BATCH * hidden);
    const bias = random(hidden, 4).address;
    const dh = random(BATCH * hidden, 5);
    const dOutput = random(STEPS * BATCH * hidden, 7).address;
    const common = [STEPS, BATCH, BATCH, hidden, 0, resetAfter];
    const backward = [dOutput, hidden, dh.address];
    for (const way of ["Forward", "Backward"] as const) {
      const pack = way === "Forward" ? "packTransposed" : "packDirect";
      const panels = packed(weight, [2 * hidden, hidden], hidden, pack);
      const size = variant ? kernels.gruVariantWorkspaceSize : kernels.gruWorkspaceSize;
      const room = engine.floats(size(BATCH, hidden)).address;
      const states = [history.address, candidate.address, ...backward, room];
      const fields = variant
        ? [...common, panels, bias, ...slotsOf(SIGMOID, TANH), ...zeros(6), 0, 0, gates.address, 0, ...states]
        : [...common, weight, 0, panels, bias, 0, 0, gates.address, ...states];
      kernels[`${variant ? "gruVariant" : "gru"}${way}` as const](engine.integers(fields));
    }
    const result = [gates, history, candidate, dh].map(({ values }) => values.slice());
    engine.release();
    return result;
  }

  test.each(hiddenSizes)("a GRU of %i that varies nothing", (hidden) => {
    for (const resetAfter of [0, 1]) {
      const [plain, variant] = [runGru(hidden, resetAfter, false), runGru(hidden, resetAfter, true)];
      plain.slice(0, 3).forEach((values, i) => {
        expect(
          variant[i]?.every((value, j) => Math.abs(value - values[j]) <= 1e-6 * Math.max(1, Math.abs(values[j]))),
        ).toBe(true);
      });
      expect(variant[1]).toEqual(plain[1]);
    }
  });
});
