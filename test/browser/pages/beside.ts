/** Trains in a worker, and watches how the page fares meanwhile. */
import { trainInWorker, WorkerLostError } from "unrolled/worker";
import type { Served } from "./served.worker.ts";
import { makeTraining, type Setup } from "./served-training.ts";

/** How a page fared: milliseconds, and pictures. */
export interface Watched {
  readonly frames: number;
  /** The longest time between two pictures. */
  readonly longestFrame: number;
  /** The longest time that a task of the page's own had to wait for its turn. */
  readonly longestWait: number;
  /** How many of its tasks waited for more than the 16 ms of a picture. */
  readonly late: number;
  /** The longest task that the browser reported as long, which is over 50 ms. */
  readonly longestTask: number;
}

export interface Told extends Watched {
  /** SHA-256 of the weights. */
  readonly digest: string;
  readonly steps: number;
  readonly reports: number;
  /** How many worked. */
  readonly threads: number;
}

const newWorker = (): Worker => new Worker(new URL("./served.worker.ts", import.meta.url), { type: "module" });

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Watches the page until it is asked. */
function watchPage(): () => Watched {
  let [frames, longestFrame, longestWait, late, longestTask] = [0, 0, 0, 0, 0];
  let [drawn, turn, watching] = [performance.now(), performance.now(), true];
  const frame = (now: number): void => {
    longestFrame = Math.max(longestFrame, now - drawn);
    drawn = now;
    frames++;
    if (watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const waited = performance.now() - turn;
    longestWait = Math.max(longestWait, waited);
    if (waited > 16) late++;
    turn = performance.now();
    if (watching) port2.postMessage(null);
    else port1.close();
  };
  port2.postMessage(null);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
  });
  observer.observe({ type: "longtask" });
  return () => {
    watching = false;
    observer.disconnect();
    return { frames, longestFrame, longestWait, late, longestTask };
  };
}

/** Trains on the page's own thread. */
export async function trainOnPage(setup: Setup): Promise<Watched & { digest: string; stepTime: number }> {
  const { trainer, data, fit } = makeTraining(setup);
  // The first steps, in which all is made, are none of what is watched.
  await trainer.fit(data, { ...fit, steps: 3 });
  const again = makeTraining(setup);
  const stop = watchPage();
  const { seconds } = await again.trainer.fit(again.data, again.fit);
  return { ...stop(), digest: await digestOf(again.trainer.model.save()), stepTime: (1000 * seconds) / setup.steps };
}

/** Trains to the end, with a snapshot and a pause on the way. */
export async function trainBeside(setup: Setup): Promise<Told> {
  let [reports, threads] = [0, 0];
  const run = trainInWorker<Served>(newWorker(), {
    setup,
    onProgress: () => reports++,
    onTold: (told) => {
      ({ threads } = told as { threads: number });
    },
  });
  await run.pause();
  await run.resume();
  const stop = watchPage();
  await run.snapshot();
  const { weights, history } = await run.finished;
  return { digest: await digestOf(weights), steps: history.steps, reports, threads, ...stop() };
}

/** What comes of a worker in which something is thrown that nobody catches. */
export async function failUncaught(
  setup: Setup,
): Promise<{ name: string; message: string; lostAt: number; kept: number }> {
  const run = trainInWorker<Served>(newWorker(), { setup, snapshotEvery: { steps: 10 } });
  const error: unknown = await run.finished.catch((reason: unknown) => reason);
  if (!(error instanceof WorkerLostError)) throw error;
  return { name: error.name, message: error.message, lostAt: error.step, kept: error.snapshot?.step ?? 0 };
}

/** Ends the worker in mid-training, as a browser short of memory does, and goes on from the last snapshot in another. */
export async function loseAndGoOn(setup: Setup): Promise<{ error: string; lostAt: number; digest: string }> {
  const worker = newWorker();
  const run = trainInWorker<Served>(worker, {
    setup,
    snapshotEvery: 0.1,
    patience: 0.2,
    onSnapshot: () => worker.terminate(),
  });
  const error: unknown = await run.finished.then(
    () => new Error("it ended"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkerLostError) || !error.snapshot) throw error;
  const { checkpoint, step } = error.snapshot;
  const second = trainInWorker<Served>(newWorker(), { setup, resume: checkpoint });
  const { weights } = await second.finished;
  return { error: error.message, lostAt: step, digest: await digestOf(weights) };
}

/** What a training that cannot begin ends with. */
export async function refusalOf(setup: Setup): Promise<{ name: string; message: string }> {
  const { name, message } = await trainInWorker<Served>(newWorker(), { setup }).finished.then(
    () => new Error("it trained"),
    (reason: Error) => reason,
  );
  return { name, message };
}
