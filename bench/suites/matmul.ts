import { matmul as engineMatmul, Linear, noGrad, tensor } from "unrolled";
import { addProductTransposed, matmul as plainMatmul } from "../plain/matrix.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, microseconds, milliseconds, type Prepared, type Suite } from "../suite.ts";

const squares = [64, 128, 192, 256, 512];
/** A few rows by a weight [outputs, inputs], as a recurrent layer multiplies at each step. */
const weights = [
  { inputs: 128, outputs: 512 },
  { inputs: 256, outputs: 1024 },
];
const rowCounts = [1, 4, 8, 32, 64];

interface Rows {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

function cases(square: (n: number) => Prepared, few: (sizes: Rows) => Prepared): Case[] {
  const thin = weights.flatMap((weight) => rowCounts.map((rows) => ({ rows, ...weight })));
  return [
    ...squares.map((n) => ({
      name: `${n}×${n}×${n}`,
      unit: milliseconds,
      operations: 2 * n ** 3,
      prepare: () => square(n),
    })),
    ...thin.map((sizes) => ({
      name: `${sizes.rows} by a weight of ${sizes.outputs}×${sizes.inputs}`,
      unit: microseconds,
      operations: 2 * sizes.rows * sizes.inputs * sizes.outputs,
      prepare: () => few(sizes),
    })),
  ];
}

function squareOperands(n: number): [Float32Array, Float32Array] {
  const random = randomSource(n);
  return [randomFloats(random, n * n), randomFloats(random, n * n)];
}

function rowOperands({ rows, inputs, outputs }: Rows): [Float32Array, Float32Array] {
  const random = randomSource(rows + inputs);
  return [randomFloats(random, rows * inputs), randomFloats(random, outputs * inputs)];
}

/** Runs without reading the result, which is copied out of memory only for the comparison. */
function computing(run: () => void, result: () => Float32Array): Prepared {
  return { run, result: () => [result()] };
}

function squareJavascript(n: number): Prepared {
  const [a, b] = squareOperands(n);
  const c = new Float32Array(n * n);
  const run = () => plainMatmul(a, b, c, n, n, n);
  return computing(run, () => {
    run();
    return c;
  });
}

function fewJavascript(sizes: Rows): Prepared {
  const [x, weight] = rowOperands(sizes);
  const y = new Float32Array(sizes.rows * sizes.outputs);
  const run = () => {
    y.fill(0);
    addProductTransposed(x, weight, y, sizes.rows, sizes.inputs, sizes.outputs);
  };
  return computing(run, () => {
    run();
    return y;
  });
}

function squareWasm(n: number): Prepared {
  const [left, right] = squareOperands(n);
  const a = tensor(left, [n, n]);
  const b = tensor(right, [n, n]);
  const run = () =>
    noGrad(() => {
      engineMatmul(a, b);
    });
  return computing(run, () => noGrad(() => engineMatmul(a, b).toArray() as Float32Array));
}

/** The weight is a layer's, so that it stays packed from one run to the next. */
function fewWasm(sizes: Rows): Prepared {
  const [values, weight] = rowOperands(sizes);
  const layer = new Linear({ inputSize: sizes.inputs, outputSize: sizes.outputs, bias: false });
  layer.weight.set(weight);
  const x = tensor(values, [sizes.rows, sizes.inputs]);
  const run = () =>
    noGrad(() => {
      layer.forward(x);
    });
  return computing(run, () => noGrad(() => layer.forward(x).toArray() as Float32Array));
}

/** C = A·B of square matrices, and a few rows by a layer's weight, held as tensors (WASM) or typed arrays (JavaScript). */
export const matmulSuite: Suite = {
  workload: "matmul",
  cases: { javascript: () => cases(squareJavascript, fewJavascript), wasm: () => cases(squareWasm, fewWasm) },
};
