/** Where between two steps a page's orders are followed. */
import { type ServedTraining, type TrainingRun, trainInWorker } from "unrolled/worker";
import { expect, test } from "vitest";
import { fakeWorker } from "./channel.ts";
import { makeSlowWork, type SlowSetup } from "./work.ts";

type Served = ServedTraining<SlowSetup>;

/** Resolves when `told` says so; nothing is waited for but the training. */
function starts(setup: SlowSetup, resume?: Uint8Array) {
  let reached = (): void => undefined;
  const validating = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const worker = fakeWorker((given, page) => makeSlowWork(given as SlowSetup, page));
  const run = trainInWorker<Served>(worker, { setup, resume, progressEvery: 0, onTold: () => reached() });
  return { run, validating };
}

const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

/** Waits until some steps are done. */
async function untilStep(run: TrainingRun, step: number): Promise<void> {
  while ((run.progress?.step ?? 0) < step) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("what pause says is where it stands: no step is taken after it", async () => {
  const { run } = starts({ steps: 1_000_000 });
  for (let time = 0; time < 5; time++) {
    await untilStep(run, (run.progress?.step ?? 0) + 3);
    const step = await run.pause();
    expect(run.progress?.step).toBe(step);
    await aWhile();
    expect(run.progress?.step).toBe(step);
    expect((await run.snapshot()).step).toBe(step);
    expect(await run.resume()).toBe(step);
  }
  run.abort();
  await run.finished;
});

test("what is asked for in a validation is done after it: a snapshot of then goes on to the same bits", async () => {
  const { trainer, data, fit } = makeSlowWork({ steps: 60 });
  const history = await trainer.fit(data, fit);
  const first = starts({ steps: 60, tellAt: 20 });
  await first.validating;
  const [{ checkpoint, step }, paused] = await Promise.all([first.run.snapshot(), first.run.pause()]);
  expect([step, paused]).toEqual([20, 20]);
  expect(first.run.progress).toMatchObject({ step: 20, validation: history.validation[1]?.loss });
  first.run.close();
  const second = await starts({ steps: 60 }, checkpoint).run.finished;
  expect(second.history.validation).toEqual(history.validation);
  expect(second.history.loss).toEqual(history.loss);
  expect(second.weights).toEqual(trainer.model.save());
});

test("a pause that is taken back before it came is answered, and the training goes on", async () => {
  const { run, validating } = starts({ steps: 60, tellAt: 20 });
  await validating;
  const pausing = run.pause();
  expect(await run.resume()).toBe(20);
  expect(await pausing).toBe(20);
  expect(run.stage).toBe("training");
  expect((await run.finished).step).toBe(60);
});

test("resume where nothing is paused changes nothing, and says the step", async () => {
  const { run } = starts({ steps: 30 });
  expect(await run.resume()).toBe(0);
  expect(run.stage).toBe("training");
  expect((await run.finished).step).toBe(30);
});

test("a pause after abort keeps nothing waiting, whenever it comes", async () => {
  const { run, validating } = starts({ steps: 60, tellAt: 20 });
  await validating;
  run.abort();
  await expect(run.pause()).resolves.toBe(20);
  expect((await run.finished).history).toMatchObject({ steps: 20, stopped: "aborted" });
  const early = starts({ steps: 60 }).run;
  early.abort();
  expect(await early.pause()).toBe(0);
  expect((await early.finished).history).toMatchObject({ steps: 0, stopped: "aborted" });
});

test("what waits for a step that fails ends with its worker, whose last whole step is kept", async () => {
  const { run, validating } = starts({ steps: 60, tellAt: 20, fails: true });
  await validating;
  const asked = [run.snapshot(), run.pause()].map((answer) => answer.then(String, (error: Error) => error.name));
  await expect(run.finished).rejects.toThrow("this validation was not to be");
  expect(await Promise.all(asked)).toEqual(["WorkerLostError", "WorkerLostError"]);
  expect(run.lastSnapshot?.step).toBe(20);
});
