import { type CellName, plainCells } from "../plain/character-model.ts";
import type { PlainRecurrent } from "../plain/recurrent.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, microseconds, type Prepared, type Suite } from "../suite.ts";
import { engineCells, takeWeights } from "./engine-model.ts";

const SIZE = 128;
const CHECKED_STEPS = 50;

function cases(prepare: (cell: CellName) => Prepared): Case[] {
  return (Object.keys(plainCells) as CellName[]).map((cell) => ({
    name: `${cell} 128→128, one sample`,
    unit: microseconds,
    prepare: () => prepare(cell),
  }));
}

function plainLayer(cell: CellName): PlainRecurrent {
  const layer = new plainCells[cell]({ steps: 1, batch: 1, inputSize: SIZE, hiddenSize: SIZE });
  const random = randomSource(2);
  const bound = 1 / Math.sqrt(SIZE);
  for (const { value } of layer.parameters) value.set(randomFloats(random, value.length, -bound, bound));
  return layer;
}

/** Pushes one sample after another, round and round eight of them. */
function pushing(push: (sample: Float32Array) => Float32Array): Prepared {
  const random = randomSource(3);
  const samples = Array.from({ length: 8 }, () => randomFloats(random, SIZE));
  let at = 0;
  const run = () => {
    push(samples[at]);
    at = (at + 1) % samples.length;
  };
  return {
    run,
    result: () => Array.from({ length: CHECKED_STEPS }, (_, i) => push(samples[i % samples.length]).slice()),
  };
}

function prepareJavascript(cell: CellName): Prepared {
  const layer = plainLayer(cell);
  return pushing((sample) => layer.push(sample));
}

function prepareWasm(cell: CellName): Prepared {
  const layer = new engineCells[cell]({ inputSize: SIZE, hiddenSize: SIZE });
  takeWeights(layer, plainLayer(cell).parameters, "layer.");
  const stream = layer.stream();
  return pushing((sample) => stream.push(sample));
}

/** One sample of 128 numbers into a layer of 128 units that keeps its state. */
export const streamingSuite: Suite = {
  workload: "streaming step",
  cases: { javascript: () => cases(prepareJavascript), wasm: () => cases(prepareWasm) },
};
