/** Trains in a worker, and watches how the page fares meanwhile. */
import { trainInWorker, WorkerLostError } from "unrolled/worker";
import type { Served } from "./served.worker.ts";
import type { Setup } from "./served-training.ts";

export interface Told {
  /** SHA-256 of the weights. */
  readonly digest: string;
  readonly steps: number;
  /** Milliseconds: the longest time between two pictures, and the longest task that the browser reported as long. */
  readonly longestFrame: number;
  readonly longestTask: number;
  readonly reports: number;
}

const newWorker = (): Worker => new Worker(new URL("./served.worker.ts", import.meta.url), { type: "module" });

export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The longest time between two pictures, and the longest task over 50 ms, until it is asked. */
function watchPage(): () => { longestFrame: number; longestTask: number } {
  let [longestFrame, longestTask, last, watching] = [0, 0, performance.now(), true];
  const frame = (now: number): void => {
    longestFrame = Math.max(longestFrame, now - last);
    last = now;
    if (watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTask = Math.max(longestTask, duration);
  });
  observer.observe({ type: "longtask" });
  return () => {
    watching = false;
    observer.disconnect();
    return { longestFrame, longestTask };
  };
}

/** Trains to the end, with a snapshot and a pause on the way. */
export async function trainBeside(setup: Setup): Promise<Told> {
  let reports = 0;
  const run = trainInWorker<Served>(newWorker(), { setup, onProgress: () => reports++ });
  await run.pause();
  await run.resume();
  const stop = watchPage();
  await run.snapshot();
  const { weights, history } = await run.finished;
  return { digest: await digestOf(weights), steps: history.steps, reports, ...stop() };
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
