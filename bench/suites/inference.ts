import { Linear, noGrad, tensor } from "unrolled";
import { type CellName, plainCells } from "../plain/character-model.ts";
import { addProductTransposed, fillRows } from "../plain/matrix.ts";
import type { PlainRecurrent } from "../plain/recurrent.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, microseconds, type Prepared, type Suite } from "../suite.ts";
import { engineCells, takeWeights } from "./engine-model.ts";

const SIZE = 128;
const BATCH = 8;

function cases(linear: () => Prepared, step: (cell: CellName) => Prepared): Case[] {
  const unit = microseconds;
  return [
    { name: `Linear ${SIZE}→${SIZE}, B=${BATCH}`, unit, prepare: linear },
    ...(Object.keys(plainCells) as CellName[]).map((cell) => ({
      name: `${cell} ${SIZE}→${SIZE}, B=${BATCH}, one step`,
      unit,
      prepare: () => step(cell),
    })),
  ];
}

function input(): Float32Array {
  return randomFloats(randomSource(4), BATCH * SIZE);
}

function linearWeights(): { weight: Float32Array; bias: Float32Array } {
  const random = randomSource(5);
  return { weight: randomFloats(random, SIZE * SIZE, -0.1, 0.1), bias: randomFloats(random, SIZE, -0.1, 0.1) };
}

/** Something that computes the same array again and again. */
function computing(run: () => Float32Array): Prepared {
  return { run, result: () => [run()] };
}

function linearJavascript(): Prepared {
  const { weight, bias } = linearWeights();
  const x = input();
  const y = new Float32Array(BATCH * SIZE);
  return computing(() => {
    fillRows(y, bias, BATCH);
    addProductTransposed(x, weight, y, BATCH, SIZE, SIZE);
    return y;
  });
}

function linearWasm(): Prepared {
  const layer = new Linear({ inputSize: SIZE, outputSize: SIZE });
  const { weight, bias } = linearWeights();
  layer.weight.set(weight);
  layer.bias?.set(bias);
  const x = tensor(input(), [BATCH, SIZE]);
  return computing(() => noGrad(() => layer.forward(x).toArray() as Float32Array));
}

function plainLayer(cell: CellName): PlainRecurrent {
  const layer = new plainCells[cell]({ steps: 1, batch: BATCH, inputSize: SIZE, hiddenSize: SIZE });
  const random = randomSource(2);
  const bound = 1 / Math.sqrt(SIZE);
  for (const { value } of layer.parameters) value.set(randomFloats(random, value.length, -bound, bound));
  return layer;
}

function stepJavascript(cell: CellName): Prepared {
  const layer = plainLayer(cell);
  const x = input();
  return computing(() => layer.forward(x));
}

function stepWasm(cell: CellName): Prepared {
  const layer = new engineCells[cell]({ inputSize: SIZE, hiddenSize: SIZE });
  takeWeights(layer, plainLayer(cell).parameters, "layer.");
  const x = tensor(input(), [1, BATCH, SIZE]);
  return computing(() => noGrad(() => layer.forward(x).output.toArray() as Float32Array));
}

/** A few rows at a time with weights that stay the same; copies in and out included. */
export const inferenceSuite: Suite = {
  workload: "inference",
  cases: {
    javascript: () => cases(linearJavascript, stepJavascript),
    wasm: () => cases(linearWasm, stepWasm),
  },
};
