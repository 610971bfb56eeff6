/**
 * What the options of recurrent layers cost: a training step of each beside one of the plain layer, all in turns in one
 * process, medians.
 *   npm run bench:variants [-- --turns N] [--json FILE]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { Adam, mul, sum, type Tensor, tensor } from "unrolled";
import { randomFloats, randomSource } from "../random.ts";
import { medianOf } from "../rows.ts";
import { type Entry, kinds, sizes } from "./layers.ts";

const help = `What options of RNN, LSTM and GRU cost beside the plain layer, at T = ${sizes.steps}, B = ${sizes.batch}, H = ${sizes.hiddenSize}.

npm run bench:variants -- [options]
  --turns N    turns of each layer, two training steps a turn (default 15)
  --json FILE  write the rows to FILE
  --help`;

/** Steps of a turn. */
const STEPS = 2;
const WARM_TURNS = 3;

function trainingStep({ layer, options }: Entry): () => void {
  const { steps, batch, inputSize } = sizes;
  const x = tensor(randomFloats(randomSource(1), steps * batch * inputSize), [steps, batch, inputSize]);
  const made = layer();
  const optimizer = new Adam(made.parameters(), { learningRate: 1e-3 });
  const forward = made.forward.bind(made) as (x: Tensor, state: undefined, options?: object) => { output: Tensor };
  return () => {
    optimizer.zeroGrad();
    const { output } = forward(x, undefined, options);
    sum(mul(output, output)).backward();
    optimizer.step();
  };
}

/** Median milliseconds of a training step of each. */
function measure(entries: readonly Entry[], turns: number): number[] {
  const runs = entries.map(trainingStep);
  const times = runs.map((): number[] => []);
  for (let turn = -WARM_TURNS; turn < turns; turn++) {
    runs.forEach((run, i) => {
      const started = performance.now();
      for (let step = 0; step < STEPS; step++) run();
      if (turn >= 0) times[i]?.push((performance.now() - started) / STEPS);
    });
  }
  return times.map(medianOf);
}

function main(): void {
  const { values } = parseArgs({
    options: { turns: { type: "string", default: "15" }, json: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const turns = Number(values.turns);
  if (!Number.isInteger(turns) || turns < 1)
    throw new Error(`--turns: expected a whole number ≥ 1, got ${values.turns}`);
  const rows = kinds.flatMap((entries) => {
    const medians = measure(entries, turns);
    const [plain] = medians as [number];
    return entries.map(({ name, most }, i) => ({
      kind: entries[0]?.name,
      name,
      milliseconds: medians[i] as number,
      ofPlain: (medians[i] as number) / plain,
      most,
    }));
  });
  const table = new Table({
    head: ["layer", "option", "ms a step", "× plain", "promised"],
    colAligns: ["left", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { kind, name, milliseconds, ofPlain, most } of rows) {
    const option = kind === name ? "" : name;
    table.push([kind, option, milliseconds.toFixed(2), ofPlain.toFixed(2), most ? `≤ ${most}` : ""]);
  }
  console.log(table.toString());
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ sizes, turns, rows }, null, 2)}\n`);
}

try {
  main();
} catch (error) {
  console.error(`bench:variants: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
