/**
 * What a trainer costs beside the learning: its own time a step of a character model with an LSTM of 128, alone and with
 * a log, and how long a checkpoint of a model of 50 MB takes to be written and to be resumed from.
 *   npm run bench:trainer [-- --steps N] [--turns N]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import {
  Adam,
  arrayDataset,
  type Callback,
  crossEntropy,
  Embedding,
  Linear,
  LSTM,
  mseLoss,
  ones,
  Sequential,
  seed,
  type Tensor,
  Trainer,
  tensor,
} from "unrolled";
import { checkpoints, csvLog, latestCheckpoint } from "unrolled/node";
import { randomSource, randomTokens } from "../random.ts";
import { medianOf } from "../rows.ts";

const sizes = { steps: 64, batch: 32, characters: 65, embedding: 64, hidden: 128 };
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "unrolled-bench-"));

/** Adds up the time that passes in some work. */
class Clock {
  milliseconds = 0;

  time<Result>(work: () => Result): Result {
    const started = performance.now();
    try {
      return work();
    } finally {
      this.milliseconds += performance.now() - started;
    }
  }
}

/** Median milliseconds of a step, and of it what is neither data nor model, loss, backward or optimizer. */
async function costOf(steps: number, callbacks: Callback[]): Promise<{ step: number; own: number }> {
  seed(1);
  const { characters, embedding, hidden } = sizes;
  const model = new Sequential(
    new Embedding({ count: characters, size: embedding }),
    new LSTM({ inputSize: embedding, hiddenSize: hidden }),
    new Linear({ inputSize: hidden, outputSize: characters }),
  );
  const clock = new Clock();
  const forward = model.forward.bind(model);
  model.forward = ((x: Tensor) => clock.time(() => forward(x))) as typeof model.forward;
  const optimizer = new Adam(model.parameters());
  const step = optimizer.step.bind(optimizer);
  optimizer.step = () => clock.time(step);
  const loss = (output: Tensor, target: Tensor): Tensor => {
    const result = clock.time(() => crossEntropy(output, target));
    const backward = result.backward.bind(result);
    result.backward = () => clock.time(backward);
    return result;
  };
  const random = randomSource(7);
  const examples = 10 * sizes.batch;
  const tokens = (): Tensor =>
    tensor(randomTokens(random, examples * sizes.steps, characters), [examples, sizes.steps]);
  const inner = arrayDataset(tokens(), tokens(), { timeMajor: "both" });
  const data = { length: inner.length, batch: (indices: Int32Array) => clock.time(() => inner.batch(indices)) };
  const all: number[] = [];
  const own: number[] = [];
  let [since, worked] = [0, 0];
  const watching: Callback = {
    onStepStart: () => {
      since = performance.now();
      worked = clock.milliseconds;
    },
    onStepEnd: () => {
      all.push(performance.now() - since);
      own.push((all.at(-1) as number) - (clock.milliseconds - worked));
    },
  };
  const trainer = new Trainer({ model, loss, optimizer, clipNorm: 1 });
  await trainer.fit(data, { steps, batchSize: sizes.batch, callbacks: [...callbacks, watching] });
  // The first steps compile and grow memory.
  return { step: medianOf(all.slice(5)), own: medianOf(own.slice(5)) };
}

/** Seconds to write a checkpoint of a model of 50 MB with Adam, and to resume from it. */
async function checkpointOf(turns: number): Promise<{ bytes: number; write: number; resume: number }> {
  const width = 3535;
  const make = (): { trainer: Trainer; files: Callback } => {
    const model = new Linear({ inputSize: width, outputSize: width });
    const trainer = new Trainer({ model, loss: mseLoss, optimizer: new Adam(model.parameters()) });
    return { trainer, files: checkpoints({ folder, every: 1, keepLast: 2, overwrite: true }) };
  };
  const data = arrayDataset(ones([1, width]), ones([1, width]));
  const { trainer, files } = make();
  const seconds: number[] = [];
  const timed: Callback = {
    onFitStart: (state) => files.onFitStart?.(state),
    onStepEnd: async (state) => {
      const started = performance.now();
      await files.onStepEnd?.(state);
      seconds.push((performance.now() - started) / 1000);
    },
  };
  await trainer.fit(data, { steps: turns, callbacks: [timed] });
  const bytes = statSync(join(folder, readdirSync(folder).at(-1) as string)).size;
  const started = performance.now();
  await make().trainer.fit(data, { steps: turns, resume: latestCheckpoint(folder)?.bytes });
  return { bytes, write: medianOf(seconds), resume: (performance.now() - started) / 1000 };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { steps: { type: "string", default: "100" }, turns: { type: "string", default: "5" } },
  });
  const counts = Object.entries(values).map(([name, value]): [string, number] => [name, Number(value)]);
  for (const [name, count] of counts) {
    if (!Number.isInteger(count) || count < 1) throw new Error(`--${name}: expected a whole number ≥ 1, got ${count}`);
  }
  const { steps, turns } = Object.fromEntries(counts) as { steps: number; turns: number };
  const table = new Table({
    head: ["LSTM of 128, B=32, T=64", "ms a step", "the trainer's own", "share"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const [name, callbacks] of [
    ["alone", []],
    ["with csvLog", [csvLog(join(folder, "log.csv"))]],
  ] as const) {
    const { step, own } = await costOf(Math.max(steps, 10), [...callbacks]);
    table.push([name, step.toFixed(2), own.toFixed(3), `${((100 * own) / step).toFixed(2)} %`]);
  }
  console.log(`${table}`);
  const { bytes, write, resume } = await checkpointOf(turns);
  const size = `${(bytes / 1e6).toFixed(0)} MB with what Adam keeps`;
  console.log(
    `checkpoint of a model of 50 MB (${size}): written in ${write.toFixed(2)} s, resumed in ${resume.toFixed(2)} s`,
  );
}

try {
  await main();
} catch (error) {
  console.error(`bench:trainer: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
