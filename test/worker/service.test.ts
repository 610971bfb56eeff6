/** A worker's half and a page's: what comes of a training, and of what goes wrong. */
import { decodeSafetensors, encodeSafetensors, Linear, OptionError, UnrolledError, WeightsError } from "unrolled";
import { type ServedTraining, type TrainingProgress, trainInWorker, WorkerLostError } from "unrolled/worker";
import { describe, expect, test, vi } from "vitest";
import { channel, fakeWorker } from "./channel.ts";
import { makeWork, type Setup } from "./work.ts";

type Served = ServedTraining<Setup, ReturnType<typeof makeWork>["questions"]>;

const start = (setup: Setup, options = {}) => trainInWorker<Served>(fakeWorker(), { setup, ...options });

/** What training on this thread comes to. */
async function trainHere(steps: number) {
  const { trainer, data, fit } = makeWork({ steps });
  const history = await trainer.fit(data, fit);
  return { history, weights: trainer.model.save() };
}

test("comes to the bits of a training on this thread, and tells every loss once", async () => {
  const here = await trainHere(40);
  const told: TrainingProgress[] = [];
  const run = start(
    { steps: 40 },
    { progressEvery: 5, onProgress: (progress: TrainingProgress) => told.push(progress) },
  );
  const { history, weights, step } = await run.finished;
  expect(step).toBe(40);
  expect(weights).toEqual(here.weights);
  expect(history.loss).toEqual(here.history.loss);
  expect(history.validation).toEqual(here.history.validation);
  expect(told.flatMap(({ losses }) => [...losses])).toEqual([...Float32Array.from(here.history.loss)]);
  expect(told.filter(({ validation }) => validation !== undefined).map((each) => each.step)).toEqual([10, 20, 30, 40]);
  expect(told.every(({ stepsPerSecond }) => stepsPerSecond > 0)).toBe(true);
  expect(run.stage).toBe("over");
});

test("a checkpoint taken in mid-training goes on to the same bits", async () => {
  const here = await trainHere(60);
  const first = start({ steps: 60 }, { progressEvery: 0 });
  await first.pause();
  const { checkpoint, step } = await first.snapshot();
  expect(step).toBeLessThan(60);
  first.close();
  const second = start({ steps: 60 }, { resume: checkpoint });
  const { history, weights } = await second.finished;
  expect(history.steps).toBe(60);
  expect(weights).toEqual(here.weights);
});

test("pauses before the first step, stays paused when asked again, and goes on", async () => {
  const run = start({ steps: 20 }, { progressEvery: 0 });
  const first = await run.pause();
  expect(await run.pause()).toBe(first);
  expect(run.stage).toBe("paused");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(run.progress?.step ?? 0).toBe(first);
  expect((await run.snapshot()).step).toBe(first);
  expect(await run.resume()).toBe(first);
  expect((await run.finished).step).toBe(20);
});

test("abort ends it after the step that runs, paused or not, before it began or after it ended", async () => {
  const running = start({ steps: 100_000 }, { progressEvery: 0 });
  await running.pause();
  running.abort();
  const { history } = await running.finished;
  expect(history.stopped).toBe("aborted");
  expect(history.steps).toBeLessThan(100_000);
  running.abort();
  const early = start({ steps: 100_000 }, { signal: AbortSignal.abort() });
  expect((await early.finished).history).toMatchObject({ stopped: "aborted", steps: 0 });
});

test("answers between steps, with what a question throws as the error it was", async () => {
  const run = start({ steps: 5000 });
  expect(await run.ask("double", 21)).toBe(42);
  expect(await run.ask("characters")).toBe(makeWork({ steps: 1 }).questions.characters());
  await expect(run.ask("fail")).rejects.toMatchObject({ name: "TypeError", message: "no answer" });
  // @ts-expect-error: there is no such question.
  await expect(run.ask("triple", 1)).rejects.toThrow(OptionError);
  run.abort();
  await run.finished;
  await expect(run.ask("double", 1)).rejects.toThrow(WorkerLostError);
});

test("a worker that is kept answers when the training is over, until it is closed", async () => {
  const run = start({ steps: 3 }, { keepWorker: true });
  await run.finished;
  expect(await run.ask("double", 4)).toBe(8);
  run.close();
  await expect(run.ask("double", 4)).rejects.toThrow("gone: it was closed");
});

test("sends snapshots by itself, whose weights another model of the kind takes", async () => {
  const steps: number[] = [];
  const run = start(
    { steps: 200 },
    { snapshotEvery: 0.01, onSnapshot: ({ step }: { step: number }) => steps.push(step) },
  );
  const { weights } = await run.finished;
  expect(steps.length).toBeGreaterThan(1);
  expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  const { model } = makeWork({ steps: 1 }).trainer;
  model.load(weights);
  expect(model.save()).toEqual(weights);
  expect(run.lastSnapshot?.step).toBe(200);
});

test("sends a snapshot every so many steps, counted from where it goes on", async () => {
  const stepsOf = async (steps: number, resume?: Uint8Array) => {
    const seen: number[] = [];
    const onSnapshot = ({ step }: { step: number }) => seen.push(step);
    const { checkpoint } = await start({ steps }, { resume, snapshotEvery: { steps: 4 }, onSnapshot }).finished;
    return { seen, checkpoint };
  };
  const { seen, checkpoint } = await stepsOf(10);
  expect(seen).toEqual([4, 8, 10]);
  expect((await stepsOf(20, checkpoint)).seen).toEqual([14, 18, 20]);
});

test("hands buffers of the setup over, and leaves the checkpoint that it goes on from", async () => {
  const text = new Uint8Array(1000);
  const { checkpoint } = await start({ steps: 2 }).finished;
  const options = { transfer: [text.buffer], resume: checkpoint };
  await start({ steps: 3, text } as Setup, options).finished;
  expect(text.byteLength).toBe(0);
  expect(checkpoint.byteLength).toBeGreaterThan(1000);
});

test("a signal knows nothing of a training that is over", async () => {
  const { signal } = new AbortController();
  const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
  await start({ steps: 2 }, { signal }).finished;
  expect(added).toHaveBeenCalledOnce();
  expect(removed.mock.calls).toEqual(added.mock.calls);
});

describe("what goes wrong", () => {
  test("an error in mid-training ends it, and leaves the last whole step", async () => {
    const run = start({ steps: 50, failAt: 7 });
    await expect(run.finished).rejects.toMatchObject({ name: "RangeError", message: "step 7 was not to be" });
    expect(run.lastSnapshot?.step).toBe(7);
    expect(run.stage).toBe("over");
  });

  test("an error in making the work, of the library's own class", async () => {
    const refuse = (): never => {
      throw new OptionError("setup: expected something else");
    };
    const run = trainInWorker(fakeWorker(refuse), { setup: {} });
    const error = await run.finished.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toBeInstanceOf(UnrolledError);
    expect(run.lastSnapshot).toBeUndefined();
    await expect(run.snapshot()).rejects.toThrow(WorkerLostError);
  });

  test("a checkpoint of another model is refused before anything is trained", async () => {
    const checkpoint = new Linear({ inputSize: 2, outputSize: 2 }).save();
    const run = start({ steps: 5 }, { resume: checkpoint });
    await expect(run.finished).rejects.toMatchObject({ name: "WeightsError" });
  });

  test("a checkpoint of another version says which", async () => {
    const { checkpoint } = await start({ steps: 3 }).finished;
    const { tensors, metadata } = decodeSafetensors(checkpoint);
    const later = encodeSafetensors(tensors, { ...metadata, version: "2" });
    const error = await start({ steps: 5 }, { resume: later }).finished.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as Error).message).toBe("checkpoint: expected version 1, got 2");
  });

  test("a silent worker is given up, with the snapshot there was", async () => {
    const run = trainInWorker(channel().worker, { setup: {}, patience: 0.01 });
    await expect(run.finished).rejects.toThrow("it has not answered for 0.02 s");
    await expect(run.pause()).rejects.toThrow(WorkerLostError);
  });

  test.each(["onProgress", "onSnapshot", "onTold"])(
    "what %s throws ends the training, and its worker",
    async (name) => {
      const own = new RangeError("the page's own");
      const worker = fakeWorker((setup, page) => {
        page.tell("made");
        return makeWork(setup as Setup);
      });
      const closed = vi.spyOn(worker, "terminate");
      const fail = () => {
        throw own;
      };
      const run = trainInWorker<Served>(worker, { setup: { steps: 20 }, keepWorker: true, [name]: fail });
      await expect(run.finished).rejects.toBe(own);
      expect(closed).toHaveBeenCalledOnce();
      expect(run.stage).toBe("over");
      await expect(run.pause()).rejects.toThrow("a callback of the page has thrown");
    },
  );

  test("a lost worker's error says how far it was, and keeps the snapshot", async () => {
    const worker = fakeWorker();
    const run = trainInWorker<Served>(worker, { setup: { steps: 1_000_000 }, progressEvery: 0 });
    const kept = await run.snapshot();
    while ((run.progress?.step ?? 0) <= kept.step) await new Promise((resolve) => setTimeout(resolve, 1));
    const { step } = run.progress as TrainingProgress;
    run.close();
    const error = await run.finished.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error).toMatchObject({ step, snapshot: kept });
    expect(run.lastSnapshot).toBe(kept);
  });

  test("a worker of another version, and a page of another version, are told which", async () => {
    const { worker, inside } = channel();
    inside.on("message", () => inside.postMessage({ kind: "progress", protocol: "unrolled-training/2" }));
    const message = "it speaks unrolled-training/2, and this page unrolled-training/1";
    await expect(trainInWorker(worker, { setup: {} }).finished).rejects.toThrow(message);
    const later = fakeWorker();
    const answer = new Promise((resolve) => later.once("message", resolve));
    later.postMessage({ kind: "begin", protocol: "unrolled-training/2" });
    expect(await answer).toMatchObject({ protocol: "unrolled-training/1" });
  });

  test("messages that are no part of this are no matter", async () => {
    const worker = fakeWorker();
    const run = trainInWorker<Served>(worker, { setup: { steps: 5 } });
    for (const noise of ["hello", null, { kind: "abort" }, { kind: "abort", protocol: "another/1" }]) {
      worker.postMessage(noise);
    }
    expect((await run.finished).step).toBe(5);
  });

  test("a second start, as another copy of this module may send it, changes nothing", async () => {
    const worker = fakeWorker();
    const run = trainInWorker<Served>(worker, { setup: { steps: 5 } });
    worker.postMessage({ kind: "start", protocol: "unrolled-training/1", setup: { steps: 900 } });
    expect((await run.finished).step).toBe(5);
  });

  test("refusals at the door", () => {
    const setup = { steps: 1 };
    expect(() => trainInWorker({} as never, { setup })).toThrow("expected a Worker, got object");
    expect(() => trainInWorker(fakeWorker(), { setup, speed: 1 } as never)).toThrow(OptionError);
    expect(() => start(setup, { progressEvery: -1 })).toThrow("progressEvery: expected a number ≥ 0, got -1");
    expect(() => start(setup, { patience: 0 })).toThrow("patience: expected a number > 0, got 0");
    expect(() => start(setup, { resume: "x" })).toThrow("expected the bytes of a checkpoint, got string");
    expect(() => start(setup, { snapshotEvery: { steps: 0.5 } })).toThrow("expected a whole number ≥ 1, got 0.5");
    expect(() => start(setup, { snapshotEvery: null })).toThrow("snapshotEvery: expected a number ≥ 0, got null");
    const worker = fakeWorker();
    const uncloneable = { setup: { steps: 1, twist: () => 1 } as unknown };
    expect(() => trainInWorker(worker, uncloneable)).toThrow(/could not be cloned/);
    const run = trainInWorker<Served>(worker, { setup });
    expect(() => trainInWorker<Served>(worker, { setup })).toThrow("one that was given work before");
    run.close();
  });
});
