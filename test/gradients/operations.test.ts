/** matmul, softmax and the class losses against the float64 oracle on random shapes, with gradients. */

import fc from "fast-check";
import { describe, test } from "vitest";
import { crossEntropy, logSoftmax, matmul, softmax } from "../../src/index.ts";
import { expectClose, type Numbers } from "../oracle/compare.ts";
import * as oracle from "../oracle/losses.ts";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { matrix, matmul as oracleMatmul, parts, transpose } from "../oracle/vector.ts";
import { runBoth, toTensor } from "../pytorch/engine.ts";

const SEARCH = { seed: 20240607, numRuns: 60 };
const family = "random shapes";
const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33);

function random(next: () => number, shape: number[], scale = 1): Numbers & { data: Float64Array } {
  const count = shape.reduce((product, length) => product * length, 1);
  return { shape, data: randomVector(next, count).map((value) => Math.fround(scale * value)) };
}

describe("matmul = float64 oracle", () => {
  test("[M, K] [K, N], dA = dC Bᵀ, dB = Aᵀ dC", () => {
    const property = fc.property(size, size, size, fc.nat(), (rows, inner, columns, seed) => {
      const next = randomNumbers(seed);
      const a = random(next, [rows, inner]);
      const b = random(next, [inner, columns]);
      const cotangent = random(next, [rows, columns]);
      const leaves = new Map([
        ["a", toTensor(a, true)],
        ["b", toTensor(b, true)],
      ]);
      const output = matmul(leaves.get("a")!, leaves.get("b")!);
      const run = runBoth(new Map([["cotangent.output", cotangent]]), leaves, new Map([["output", output]]));
      const [A, B, dC] = [
        matrix(rows, inner, a.data),
        matrix(inner, columns, b.data),
        matrix(rows, columns, cotangent.data),
      ];
      const wanted = new Map([
        ["output", oracleMatmul(A, B)],
        ["gradient.a", oracleMatmul(dC, transpose(B))],
        ["gradient.b", oracleMatmul(transpose(A), dC)],
      ]);
      for (const [tensor, { rows: height, columns: width, data }] of wanted) {
        const subject = { family, case: `matmul [${a.shape}] [${b.shape}] seed ${seed}`, tensor };
        expectClose(subject, run.get(tensor)!, { shape: [height, width], data });
      }
    });
    fc.assert(property, SEARCH);
  });
});

/*
 * Rows of large numbers put nearly all probability in one class. There dx = y (dy - y·dy) subtracts numbers of dy's
 * magnitude, and a loss -log(y), y near 1, comes from a sum near 1: these are the magnitudes that rounding is relative to.
 */
describe("softmax, logSoftmax and crossEntropy = float64 oracle", () => {
  const rowCount = fc.constantFrom(1, 2, 3, 7, 16, 29);
  const classCount = fc.constantFrom(2, 3, 5, 8, 17, 65, 128);
  const scale = fc.constantFrom(0.5, 3, 20);
  const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  for (const [name, engine, forward, backward] of [
    ["softmax", softmax, oracle.softmax, oracle.softmaxBackward],
    ["logSoftmax", logSoftmax, oracle.logSoftmax, oracle.logSoftmaxBackward],
  ] as const) {
    test(name, () => {
      const property = fc.property(rowCount, classCount, scale, fc.nat(), (rows, classes, spread, seed) => {
        const next = randomNumbers(seed);
        const x = random(next, [rows, classes], spread);
        const cotangent = random(next, [rows, classes]);
        const leaves = new Map([["x", toTensor(x, true)]]);
        const outputs = new Map([["output", engine(leaves.get("x")!)]]);
        const run = runBoth(new Map([["cotangent.output", cotangent]]), leaves, outputs);
        const dRows = parts(cotangent.data, rows);
        const subject = { family, case: `${name} [${x.shape}] scale ${spread} seed ${seed}` };
        const output = parts(x.data, rows).flatMap((row) => [...forward(row)]);
        expectClose({ ...subject, tensor: "output" }, run.get("output")!, { shape: x.shape, data: output });
        const gradient = parts(x.data, rows).flatMap((row, n) => [...backward(row, dRows[n])]);
        const magnitude = largest(cotangent.data);
        expectClose(
          { ...subject, tensor: "gradient.x" },
          run.get("gradient.x")!,
          { shape: x.shape, data: gradient },
          { magnitude },
        );
      });
      fc.assert(property, SEARCH);
    });
  }

  test("crossEntropy, every reduction, with and without weights and an ignored class", () => {
    const options = fc.record({
      reduction: fc.constantFrom("mean" as const, "sum" as const, "none" as const),
      weighted: fc.boolean(),
      ignoreIndex: fc.constantFrom(undefined, 1),
    });
    const property = fc.property(
      rowCount,
      classCount,
      scale,
      options,
      fc.nat(),
      (rows, classes, spread, choice, seed) => {
        const next = randomNumbers(seed);
        const x = random(next, [rows, classes], spread);
        const targets = Int32Array.from({ length: rows }, () => Math.floor(((next() + 1) / 2) * classes));
        // "mean" over nothing is 0/0; at least one row counts.
        if (targets[0] === choice.ignoreIndex) targets[0] = 0;
        const weight = choice.weighted
          ? random(next, [classes]).data.map((value) => Math.fround(value + 1.5))
          : undefined;
        const shape = choice.reduction === "none" ? [rows] : [];
        const cotangent = random(next, shape);
        const leaves = new Map([["x", toTensor(x, true)]]);
        const { reduction, ignoreIndex } = choice;
        const loss = crossEntropy(leaves.get("x")!, toTensor({ shape: [rows], data: targets }), {
          reduction,
          ignoreIndex,
          weight: weight && toTensor({ shape: [classes], data: weight }),
        });
        const run = runBoth(new Map([["cotangent.output", cotangent]]), leaves, new Map([["output", loss]]));
        const wanted = oracle.crossEntropy(
          parts(x.data, rows),
          targets,
          { reduction, ignoreIndex, weight },
          cotangent.data,
        );
        const subject = {
          family,
          case: `crossEntropy [${x.shape}] scale ${spread} ${JSON.stringify(choice)} seed ${seed}`,
        };
        expectClose(
          { ...subject, tensor: "output" },
          run.get("output")!,
          { shape, data: wanted.loss },
          { magnitude: 1 },
        );
        const gradient = wanted.gradient.flatMap((row) => [...row]);
        const magnitude = largest(cotangent.data) / (reduction === "mean" ? rows : 1);
        expectClose(
          { ...subject, tensor: "gradient.x" },
          run.get("gradient.x")!,
          { shape: x.shape, data: gradient },
          { magnitude },
        );
      },
    );
    fc.assert(property, SEARCH);
  });
});
