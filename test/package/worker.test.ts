/** trainInWorker of the built package with Node's worker threads. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { trainInWorker, WorkerLostError } from "unrolled/worker";
import { afterAll, beforeAll, expect, test } from "vitest";

const folder = fileURLToPath(new URL("../../build/worker-test/", import.meta.url));
const program = `
import { Adam, Dropout, GRU, LastStep, Linear, Sequential, Trainer, arrayDataset, mseLoss, seed, uniform } from "unrolled";
import { serveTraining } from "unrolled/worker";

const ends = {
  exit: () => process.exit(7),
  throw: () => setTimeout(() => { throw new RangeError("nobody caught this"); }),
  reject: () => void Promise.reject(new RangeError("nobody caught this")),
};

serveTraining(({ steps, endAt = 0, end = "exit", hang = false }, { tell }) => {
  if (hang) for (;;);
  seed(3);
  const model = new Sequential(
    new GRU({ inputSize: 2, hiddenSize: 12 }),
    new LastStep(),
    new Dropout({ probability: 0.1 }),
    new Linear({ inputSize: 12, outputSize: 1 }),
  );
  const data = arrayDataset(uniform([64, 9, 2]), uniform([64, 1]), { timeMajor: true });
  const callbacks = [{ onStepEnd: ({ step }) => { if (step === endAt) ends[end](); } }];
  tell({ begun: true });
  const trainer = new Trainer({ model, loss: mseLoss, optimizer: new Adam(model.parameters()) });
  return { trainer, data, fit: { steps, batchSize: 8, callbacks } };
});
`;

const start = (setup: object, options = {}) =>
  trainInWorker(new Worker(new URL(`file://${folder}train.js`)), { setup, ...options });

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}train.js`, program);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("trains, tells, and ends its worker", async () => {
  const told: unknown[] = [];
  const { history, weights } = await start({ steps: 30 }, { onTold: (value: unknown) => told.push(value) }).finished;
  expect(history).toMatchObject({ steps: 30, stopped: "done" });
  expect(weights.length).toBeGreaterThan(1000);
  expect(told).toEqual([{ begun: true }]);
});

test("a worker that exits in mid-training leaves its last snapshot, from which another comes to the same weights", async () => {
  const whole = await start({ steps: 4000 }).finished;
  const run = start({ steps: 4000, endAt: 3000 }, { snapshotEvery: 0.001 });
  const error = await run.finished.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkerLostError);
  const { message, snapshot, step } = error as WorkerLostError;
  expect(message).toContain("it ended with code 7");
  expect(snapshot?.step).toBeGreaterThan(0);
  expect(snapshot?.step).toBeLessThan(3000);
  expect(step).toBeGreaterThanOrEqual(snapshot?.step as number);
  const rest = await start({ steps: 4000 }, { resume: snapshot?.checkpoint }).finished;
  expect(rest.weights).toEqual(whole.weights);
});

test.each(["throw", "reject"])(
  "what nobody catches in the worker (%s) is told, and loses one snapshot's steps at most",
  async (end) => {
    const run = start({ steps: 1_000_000, endAt: 25, end }, { snapshotEvery: { steps: 10 } });
    const error = await run.finished.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as WorkerLostError).message).toContain("nobody caught this");
    expect((error as WorkerLostError).snapshot?.step).toBeGreaterThanOrEqual(20);
  },
);

test("a worker that somebody else ends is lost, whether it was running or paused", async () => {
  for (const pauses of [false, true]) {
    const worker = new Worker(new URL(`file://${folder}train.js`));
    const run = trainInWorker(worker, { setup: { steps: 1_000_000 } });
    const { step } = await run.snapshot();
    if (pauses) await run.pause();
    await worker.terminate();
    await expect(run.finished).rejects.toThrow(`it ended with code 1; the last snapshot is of step ${step}`);
    await expect(run.resume()).rejects.toThrow(WorkerLostError);
    run.abort();
    run.close();
    expect(run.stage).toBe("over");
  }
});

test("a worker that hangs is given up, and ended", async () => {
  const run = start({ steps: 1, hang: true }, { patience: 0.1 });
  await expect(run.finished).rejects.toThrow("it has not answered");
});

test("a module that cannot be loaded says so", async () => {
  const run = trainInWorker(new Worker(new URL(`file://${folder}none.js`)), { setup: {} });
  await expect(run.finished).rejects.toThrow(/Cannot find module/);
});
