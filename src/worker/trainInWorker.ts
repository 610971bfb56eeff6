import { OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import type { TrainingWorker } from "./port.ts";
import type { Start, TrainingProgress, TrainingSnapshot } from "./protocol.ts";
import { TrainingRun, type Watchers } from "./run.ts";
import type { ServedTraining } from "./serve.ts";
import type { Questions } from "./work.ts";

export interface WorkerTrainingOptions<Setup = unknown> {
  /** What the worker's `serveTraining` makes its model and data from: whatever can be cloned. */
  setup: Setup;
  /** Buffers of the setup that are handed over, not copied; this page has them no longer. */
  transfer?: ArrayBuffer[];
  /** The `checkpoint` of a snapshot: the training goes on from there, to the same bits. */
  resume?: Uint8Array;
  /** Told of progress, at most every `progressEvery` milliseconds, and of every validation. */
  onProgress?: (progress: TrainingProgress) => void;
  /** Default 50. */
  progressEvery?: number;
  /** Seconds, or steps, between two snapshots that the worker sends by itself; default 10 s, 0 for none but the last. */
  snapshotEvery?: number | { steps: number };
  /** Given each snapshot that comes. */
  onSnapshot?: (snapshot: TrainingSnapshot) => void;
  /** Given what the worker tells by `page.tell`. */
  onTold?: (value: unknown) => void;
  /** Ends the training after the step that runs, as `abort` does. */
  signal?: AbortSignal;
  /**
   * Seconds of silence after which the worker is asked for a sign of life; after three times as many it is given up. Longer
   * than its longest step, and than making its data takes; default 60.
   */
  patience?: number;
  /** Leaves the worker when the training is over, so that it can be asked; `close` ends it. Default false. */
  keepWorker?: boolean;
}

const known = [
  "setup",
  "transfer",
  "resume",
  "onProgress",
  "progressEvery",
  "snapshotEvery",
  "onSnapshot",
  "onTold",
  "signal",
  "patience",
  "keepWorker",
];

type SetupOf<Served> = Served extends { readonly types?: { readonly setup: infer Setup } } ? Setup : unknown;
type QuestionsOf<Served> = Served extends { readonly types?: { readonly questions: infer Asked extends Questions } }
  ? Asked
  : Questions;

/** Workers that train or have trained. */
const taken = new WeakSet<object>();

/**
 * Trains in a worker, so that the page draws and answers as if nothing were going on: what arrives here is handed over, not
 * copied, at most every `progressEvery` milliseconds. The bits are those of a training on the page.
 *
 * ```ts
 * type Served = ServedTraining<{ text: string; hiddenSize: number }>; // or what the worker's module exports
 * const worker = new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" });
 * const run = trainInWorker<Served>(worker, {
 *   setup: { text: "to be or not to be", hiddenSize: 128 },
 *   onProgress: ({ step, loss, stepsPerSecond }) => console.log(step, loss, stepsPerSecond),
 * });
 * await run.pause();
 * await run.resume();
 * const { weights } = await run.snapshot(); // while it trains
 * const { history } = await run.finished;
 * ```
 *
 * @param worker a module worker that calls `serveTraining`: of the web, or of Node's `node:worker_threads`. It trains once.
 * @throws {OptionError} when an option is unknown or out of range, or the worker is none, or has been given work before;
 *   DataCloneError when the setup cannot be cloned.
 */
export function trainInWorker<Served extends ServedTraining = ServedTraining>(
  worker: TrainingWorker,
  options: WorkerTrainingOptions<SetupOf<Served>>,
): TrainingRun<QuestionsOf<Served>> {
  requireKnown("trainInWorker", options, known);
  const { setup, transfer = [], resume, signal, progressEvery = 50, snapshotEvery = 10, patience = 60 } = options;
  requireTime("progressEvery", progressEvery, 0);
  const due = dueOf(snapshotEvery);
  requireTime("patience", patience, Number.MIN_VALUE);
  if (resume !== undefined && !(resume instanceof Uint8Array)) {
    throw new OptionError(`trainInWorker resume: expected the bytes of a checkpoint, got ${typeof resume}`);
  }
  if (typeof worker === "object" && worker !== null && taken.has(worker)) {
    throw new OptionError("trainInWorker: expected a worker of its own, got one that was given work before");
  }
  const { onProgress, onSnapshot, onTold, keepWorker = false } = options;
  const watchers: Watchers = { onProgress, onSnapshot, onTold };
  const run = new TrainingRun<QuestionsOf<Served>>(worker, watchers, { patience, keepWorker });
  run.begin({ setup, resume, progressEvery, snapshotEvery: due }, transfer);
  taken.add(worker);
  if (signal) obey(signal, run);
  return run;
}

/** Aborts with the signal, which does not keep a training that is over. */
function obey(signal: AbortSignal, run: TrainingRun): void {
  const abort = (): void => run.abort();
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  const forget = (): void => signal.removeEventListener("abort", abort);
  run.finished.then(forget, forget);
}

/** @throws {OptionError} when it is neither a time nor a number of steps. */
function dueOf(every: number | { steps: number }): Start["snapshotEvery"] {
  const never = Number.POSITIVE_INFINITY;
  if (typeof every === "object" && every !== null) {
    return { time: never, steps: requireCount("trainInWorker snapshotEvery.steps", every.steps) };
  }
  requireTime("snapshotEvery", every, 0);
  return { time: every === 0 ? never : every * 1000, steps: never };
}

/** @throws {OptionError} unless `value` is a finite number ≥ least. */
function requireTime(name: string, value: number, least: number): void {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return;
  throw new OptionError(`trainInWorker ${name}: expected a number ${least === 0 ? "≥ 0" : "> 0"}, got ${value}`);
}
