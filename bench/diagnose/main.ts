/**
 * What a diagnosis costs, in units of a training step of the same model and batch: recurrent layer of H = 128 and a head,
 * T = 100, B = 32, Adam. Time is a median, memory what the process grows by the first time, when it is largest.
 *   npm run bench:diagnose [-- --turns N --hidden N --steps N --batch N]
 */
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { Adam, GRU, LastStep, Linear, LSTM, mseLoss, normal, RNN, Sequential, seed } from "unrolled";
import { type DiagnoseOptions, diagnose } from "unrolled/laboratory";
import { medianOf } from "../rows.ts";

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "15" },
    hidden: { type: "string", default: "128" },
    steps: { type: "string", default: "100" },
    batch: { type: "string", default: "32" },
  },
});
const [turns, hidden, steps, batch] = [values.turns, values.hidden, values.steps, values.batch].map(Number) as [
  number,
  number,
  number,
  number,
];

function millisecondsOf(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** A column of the table. */
interface Costs {
  readonly step: number;
  readonly all: number;
  readonly withoutSpectra: number;
  readonly gradientsAlone: number;
  readonly megabytes: number;
}

function costsOf(layer: RNN | LSTM | GRU): Costs {
  const model = new Sequential(layer, new LastStep(), new Linear({ inputSize: hidden, outputSize: 1 }));
  const optimizer = new Adam(model.parameters());
  const data = { input: normal([steps, batch, hidden]), target: normal([batch, 1]) };
  const train = (): void => {
    optimizer.zeroGrad();
    mseLoss(model.forward(data.input), data.target).backward();
    optimizer.step();
  };
  const look = (options: DiagnoseOptions) => (): void => {
    diagnose(model, data, { loss: mseLoss, ...options });
  };
  const median = (work: () => void): number => medianOf(Array.from({ length: turns }, () => millisecondsOf(work)));
  for (let i = 0; i < 5; i++) train();
  const before = process.memoryUsage().rss;
  look({})();
  const megabytes = (process.memoryUsage().rss - before) / 2 ** 20;
  return {
    step: median(train),
    all: median(look({})),
    withoutSpectra: median(look({ largestSpectrum: 0 })),
    gradientsAlone: median(look({ largestSpectrum: 0, exponents: 0 })),
    megabytes,
  };
}

seed(1);
const sizes = { inputSize: hidden, hiddenSize: hidden };
const table = new Table({
  head: ["", "training step", "diagnosis", "without spectra", "gradients and gates alone", "memory"],
});
for (const layer of [new RNN(sizes), new GRU(sizes), new LSTM(sizes)]) {
  const { step, all, withoutSpectra, gradientsAlone, megabytes } = costsOf(layer);
  const inSteps = (time: number): string => `${(time / step).toFixed(1)} steps`;
  table.push([
    layer.constructor.name,
    `${step.toFixed(1)} ms`,
    inSteps(all),
    inSteps(withoutSpectra),
    inSteps(gradientsAlone),
    `${megabytes.toFixed(0)} MB`,
  ]);
}
console.log(`H = ${hidden}, T = ${steps}, B = ${batch}\n${table}`);
