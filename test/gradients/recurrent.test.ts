/**
 * RNN, LSTM and GRU against the float64 oracle on random shapes: sizes of 1, odd and prime sizes, sizes that fill whole
 * vectors, one to three layers, both directions. Outputs, last states and every gradient.
 */

import fc from "fast-check";
import { describe, test } from "vitest";
import { GRU, LSTM, noGrad, RNN, slice, type Tensor } from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { type LayerOptions, layerOracle } from "../oracle/layer.ts";
import { type RunSize, randomRun } from "../oracle/random-run.ts";
import { loadWeights, numbers, runLayer, toTensor } from "../pytorch/engine.ts";

const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17, 19);
const shape = fc.record({
  inputSize: size,
  hiddenSize: size,
  layers: fc.constantFrom(1, 1, 2, 3),
  bidirectional: fc.boolean(),
  batchFirst: fc.boolean(),
  bias: fc.constantFrom(true, true, false),
});
const run: fc.Arbitrary<RunSize> = fc.record({
  steps: fc.constantFrom(1, 2, 3, 5, 7, 11),
  batch: fc.constantFrom(1, 2, 3, 5, 8, 9, 17),
  seed: fc.nat(),
  hasInitialState: fc.boolean(),
});

const KINDS: Pick<LayerOptions, "kind" | "activation" | "resetAfter" | "peepholes">[] = [
  { kind: "RNN", activation: "tanh" },
  { kind: "RNN", activation: "relu" },
  { kind: "LSTM" },
  { kind: "LSTM", peepholes: true },
  { kind: "GRU" },
  { kind: "GRU", resetAfter: false },
];

/** Fixed, so that a failure is the same failure again. */
const SEARCH = { seed: 20240607, numRuns: 40 };

describe("recurrent layers = float64 oracle", () => {
  test.each(KINDS)("%j", (kind) => {
    const property = fc.property(shape, run, (options, runSize) => {
      const given = randomRun({ ...kind, ...options }, runSize);
      const wanted = layerOracle({ ...kind, ...options }, given);
      const actual = runLayer({ ...kind, ...options }, given);
      const name = `${JSON.stringify(kind)} ${JSON.stringify(options)} ${JSON.stringify(runSize)}`;
      for (const [tensor, value] of actual) {
        expectClose({ family: "random shapes", case: name, tensor }, value, wanted.get(tensor)!);
      }
    });
    fc.assert(property, SEARCH);
  });
});

describe("a sequence in two pieces, the state carried over = the sequence", () => {
  const oneDirection = fc.record({ inputSize: size, hiddenSize: size, layers: fc.constantFrom(1, 2) });

  test.each(KINDS)("%j", ({ kind, ...kindOptions }) => {
    const property = fc.property(oneDirection, fc.nat(), fc.integer({ min: 1, max: 6 }), (options, seed, cut) => {
      const all = { kind, ...kindOptions, ...options };
      const given = randomRun(all, { steps: 7, batch: 3, seed, hasInitialState: false });
      const layer = new { RNN, LSTM, GRU }[kind]({ ...kindOptions, ...options });
      loadWeights(layer, given);
      // Each kind takes back the state it returned; the union of the three hides that.
      const forward = layer.forward.bind(layer) as (x: Tensor, state?: unknown) => { output: Tensor; state: unknown };
      noGrad(() => {
        const x = toTensor(given.get("x")!);
        const whole = numbers(forward(x).output);
        const first = forward(slice(x, 0, 0, cut));
        const second = forward(slice(x, 0, cut, 7), first.state);
        const pieces = [first.output, second.output].flatMap((piece) => Array.from(numbers(piece).data));
        const subject = { family: "pieces", case: JSON.stringify({ ...all, seed, cut }), tensor: "output" };
        expectClose(subject, { shape: whole.shape, data: pieces }, whole);
      });
    });
    fc.assert(property, { ...SEARCH, numRuns: 10 });
  });
});
