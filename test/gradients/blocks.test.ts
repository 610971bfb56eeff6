/**
 * Sizes that no longer fit one block of the matrix product (128 rows, 256 deep, 512 columns), primes so that every block
 * has a ragged end, against the float64 oracle.
 */

import { describe, test } from "vitest";
import { matmul } from "../../src/index.ts";
import { expectClose } from "../oracle/compare.ts";
import { type LayerOptions, layerOracle } from "../oracle/layer.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { randomRun } from "../oracle/random-run.ts";
import { matrix, matmul as oracleMatmul, transpose } from "../oracle/vector.ts";
import { runBoth, runLayer, toTensor } from "../pytorch/engine.ts";

const family = "blocks";

test.each([
  [131, 263, 523],
  [523, 131, 263],
  [1, 521, 1031],
  [1031, 521, 1],
])("matmul [%i, %i] [.., %i]", (rows, inner, columns) => {
  const next = randomNumbers(rows);
  const a = matrix(rows, inner, randomVector(next, rows * inner));
  const b = matrix(inner, columns, randomVector(next, inner * columns));
  const cotangent = matrix(rows, columns, randomVector(next, rows * columns));
  const leaves = new Map([
    ["a", toTensor({ shape: [rows, inner], data: a.data }, true)],
    ["b", toTensor({ shape: [inner, columns], data: b.data }, true)],
  ]);
  const outputs = new Map([["output", matmul(leaves.get("a")!, leaves.get("b")!)]]);
  const given = new Map([["cotangent.output", { shape: [rows, columns], data: cotangent.data }]]);
  const run = runBoth(given, leaves, outputs);
  const wanted = {
    output: oracleMatmul(a, b),
    "gradient.a": oracleMatmul(cotangent, transpose(b)),
    "gradient.b": oracleMatmul(transpose(a), cotangent),
  };
  for (const [tensor, { rows: height, columns: width, data }] of Object.entries(wanted)) {
    const subject = { family, case: `matmul [${rows}, ${inner}] [${inner}, ${columns}]`, tensor };
    expectClose(subject, run.get(tensor)!, { shape: [height, width], data });
  }
});

const KINDS: Pick<LayerOptions, "kind" | "activation" | "resetAfter" | "peepholes">[] = [
  { kind: "RNN", activation: "tanh" },
  { kind: "RNN", activation: "relu" },
  { kind: "LSTM", peepholes: true },
  { kind: "GRU" },
  { kind: "GRU", resetAfter: false },
];

describe.each(KINDS)("%j", (kind) => {
  test.each([
    { inputSize: 263, hiddenSize: 131, steps: 3, batch: 37 },
    { inputSize: 5, hiddenSize: 259, steps: 2, batch: 5 },
    { inputSize: 301, hiddenSize: 129, steps: 3, batch: 1 },
  ])("%j", ({ inputSize, hiddenSize, steps, batch }) => {
    const options = { ...kind, inputSize, hiddenSize };
    const given = randomRun(options, { steps, batch, seed: hiddenSize, hasInitialState: true });
    const wanted = layerOracle(options, given);
    for (const [tensor, value] of runLayer(options, given)) {
      expectClose({ family, case: JSON.stringify({ ...options, steps, batch }), tensor }, value, wanted.get(tensor)!);
    }
  });
});
