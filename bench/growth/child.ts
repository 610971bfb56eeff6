/** One sweep in a process of its own. Takes its request as JSON in the first argument, sends a message for each point. */
import {
  Adam,
  crossEntropy,
  Embedding,
  GRU,
  Linear,
  LSTM,
  noGrad,
  RNN,
  runtimeInfo,
  Sequential,
  seed,
  tensor,
} from "unrolled";
import { randomSource, randomTokens } from "../random.ts";
import { medianOf } from "../rows.ts";
import type { CellName } from "./memory.ts";
import { base, type Kind, type Measured, type Request, type Sizes, SYMBOLS, sweeps } from "./sweeps.ts";

const layerOf = { LSTM, GRU, RNN };

function prepare(cell: CellName, kind: Kind, { T, B, H, layers }: Sizes): () => void {
  const model = new Sequential(
    new Embedding({ count: SYMBOLS, size: SYMBOLS }),
    new layerOf[cell]({ inputSize: SYMBOLS, hiddenSize: H, layers }),
    new Linear({ inputSize: H, outputSize: SYMBOLS }),
  );
  const random = randomSource(T + B + H + layers);
  const input = tensor(randomTokens(random, T * B, SYMBOLS), [T, B]);
  if (kind === "inference") return () => noGrad(() => model.forward(input));
  const target = tensor(randomTokens(random, T * B, SYMBOLS), [T, B]);
  const optimizer = new Adam(model.parameters());
  return () => {
    optimizer.zeroGrad();
    crossEntropy(model.forward(input), target).backward();
    optimizer.step();
  };
}

function secondsOf(step: () => void): number {
  const started = performance.now();
  step();
  return (performance.now() - started) / 1000;
}

/** The median of single steps, after half the time spent warming. */
function time(step: () => void, seconds: number): number {
  for (let spent = 0; spent < seconds / 2; ) spent += secondsOf(step);
  const samples: number[] = [];
  for (let spent = 0; spent < seconds || samples.length < 3; ) {
    const sample = secondsOf(step);
    samples.push(sample);
    spent += sample;
  }
  return medianOf(samples);
}

function send(measured: Measured): void {
  process.send?.(measured);
}

/** Runs every kernel often enough to be worth its best code, and stands aside until that is there. */
async function warm(step: () => void, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    time(step, 0.05);
    await new Promise((done) => setTimeout(done, 60));
  }
}

async function timeSweep({ cell, kind, variable, seconds }: Extract<Request, { task: "time" }>): Promise<void> {
  for (const size of sweeps[variable]) {
    const step = prepare(cell, kind, { ...base, [variable]: size });
    await warm(step, size === sweeps[variable][0] ? 6 : 2);
    send({ size, cost: time(step, seconds) });
  }
}

function tellMemory({ cell, steps }: Extract<Request, { task: "memory" }>): void {
  const step = prepare(cell, "training step", { ...base, T: steps });
  const before = runtimeInfo().heapBytes;
  for (let i = 0; i < 3; i++) step();
  send({ size: steps, cost: runtimeInfo().heapBytes - before });
}

const request: Request = JSON.parse(process.argv[2]);
seed(1);
if (request.task === "time") await timeSweep(request);
else tellMemory(request);
