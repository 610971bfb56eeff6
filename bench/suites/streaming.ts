import type { WeightFormat } from "unrolled";
import { type CellName, plainCells } from "../plain/character-model.ts";
import type { PlainRecurrent } from "../plain/recurrent.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, microseconds, type Prepared, type Suite } from "../suite.ts";
import { engineCells, takeWeights } from "./engine-model.ts";

const sizes = [128, 256, 512];
const CHECKED_STEPS = 50;
/** What rounding the weights to eight bits may cost. */
const INT8_TOLERANCE = 0.03;

interface Stage {
  readonly cell: CellName;
  readonly size: number;
  readonly weights: WeightFormat;
}

function cases(prepare: (stage: Stage) => Prepared): Case[] {
  return sizes.flatMap((size) =>
    (["float32", "int8"] as const).flatMap((weights) =>
      (Object.keys(plainCells) as CellName[]).map((cell) => ({
        name: `${cell} ${size}→${size}, one sample${weights === "int8" ? ", int8 weights" : ""}`,
        unit: microseconds,
        ...(weights === "int8" ? { tolerance: INT8_TOLERANCE } : {}),
        prepare: () => prepare({ cell, size, weights }),
      })),
    ),
  );
}

function plainLayer({ cell, size }: Stage): PlainRecurrent {
  const layer = new plainCells[cell]({ steps: 1, batch: 1, inputSize: size, hiddenSize: size });
  const random = randomSource(2);
  const bound = 1 / Math.sqrt(size);
  for (const { value } of layer.parameters) value.set(randomFloats(random, value.length, -bound, bound));
  return layer;
}

/** Pushes one sample after another, round and round eight of them. */
function pushing(size: number, push: (sample: Float32Array) => Float32Array): Prepared {
  const random = randomSource(3);
  const samples = Array.from({ length: 8 }, () => randomFloats(random, size));
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

function prepareJavascript(stage: Stage): Prepared {
  const layer = plainLayer(stage);
  return pushing(stage.size, (sample) => layer.push(sample));
}

function prepareWasm(stage: Stage): Prepared {
  const { cell, size, weights } = stage;
  const layer = new engineCells[cell]({ inputSize: size, hiddenSize: size });
  takeWeights(layer, plainLayer(stage).parameters, "layer.");
  const stream = layer.stream({ weights });
  return pushing(size, (sample) => stream.push(sample));
}

/**
 * One sample of H numbers into a layer of H units that keeps its state; plain JavaScript has float32 weights throughout, so
 * that the difference of an int8 row is what the eight bits cost.
 */
export const streamingSuite: Suite = {
  workload: "streaming step",
  cases: { javascript: () => cases(prepareJavascript), wasm: () => cases(prepareWasm) },
};
