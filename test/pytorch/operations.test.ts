/** Arithmetic, matmul, reductions and changes of shape against torch, with the gradients of every operand. */

import { describe, test } from "vitest";
import {
  add,
  concat,
  div,
  matmul,
  mean,
  mul,
  neg,
  permute,
  reshape,
  slice,
  stack,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../../src/index.ts";
import { expectFixture, runBoth, toTensor } from "./engine.ts";
import { readFixtures } from "./fixtures.ts";

interface Options {
  operation: string;
  axis: number | null;
  keepDimension: boolean;
  shape: number[];
  axes: number[];
  start: number;
  end: number;
}

const OPERATIONS: Record<string, (operands: Tensor[], options: Options) => Tensor> = {
  add: ([a, b]) => add(a, b),
  sub: ([a, b]) => sub(a, b),
  mul: ([a, b]) => mul(a, b),
  div: ([a, b]) => div(a, b),
  neg: ([a]) => neg(a),
  matmul: ([a, b]) => matmul(a, b),
  sum: ([a], { axis, keepDimension }) => (axis === null ? sum(a) : sum(a, axis, keepDimension)),
  mean: ([a], { axis, keepDimension }) => (axis === null ? mean(a) : mean(a, axis, keepDimension)),
  reshape: ([a], { shape }) => reshape(a, shape),
  transpose: ([a], { axes }) => transpose(a, axes[0], axes[1]),
  permute: ([a], { axes }) => permute(a, axes),
  slice: ([a], { axis, start, end }) => slice(a, axis!, start, end),
  concat: (operands, { axis }) => concat(operands, axis!),
  stack: (operands, { axis }) => stack(operands, axis!),
  "square and add": ([a]) => add(mul(a, a), a),
};

describe("operations = torch", () => {
  for (const fixture of readFixtures<Options>("operations")) {
    test(fixture.name, () => {
      const operandNames = fixture.names.filter((name) => /^(a|b|part\d+)$/.test(name));
      const leaves = new Map(operandNames.map((name) => [name, toTensor(fixture.tensor(name), true)]));
      const output = OPERATIONS[fixture.options.operation]([...leaves.values()], fixture.options);
      expectFixture("operations", fixture, runBoth(fixture.under(""), leaves, new Map([["output", output]])));
    });
  }
});
