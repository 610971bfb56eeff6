import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import * as unrolled from "../../index.ts";
import {
  type ExecutorOptions,
  type TrialExecutor,
  type TrialResult,
  type TrialSpec,
  taskNeeds,
  trialExecutor,
} from "../../laboratory/index.ts";
import { OptionError, UnrolledError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import type { Answer, Order, WorkerStart } from "./messages.ts";

export interface WorkerExecutorOptions extends ExecutorOptions {
  /** How many workers, each with an engine of its own, from 1 to 256; default: one for each core. */
  workers?: number;
  /** The program of a worker, where a bundler has put it elsewhere than beside the library: `unrolled/trial-worker`. */
  program?: URL;
}

const MOST_WORKERS = 256;

/** How often a trial is begun before it counts as failed. */
const ATTEMPTS = 2;

/** That a worker died, and why. */
class WorkerDeath extends Error {
  override readonly name = "WorkerDeath";
}

/** What a worker has thrown, as the error it was. */
function revived({ name, message }: { name: string; message: string }): Error {
  const Class = (unrolled as unknown as Record<string, new (message: string) => Error>)[name];
  const isOwn = typeof Class === "function" && Class.prototype instanceof UnrolledError;
  return isOwn ? new Class(message) : Object.assign(new Error(message), { name });
}

/** A place for a worker: started when first needed, and anew after it has died. */
class Place {
  readonly #program: URL;
  readonly #start: WorkerStart;
  #worker: Worker | null = null;
  #closing = false;
  /** Why it died, if it did. */
  #why = "";
  /** The text that the worker was given last. */
  #data: string | null = null;

  constructor(program: URL, start: WorkerStart) {
    this.#program = program;
    this.#start = start;
  }

  /** What comes of an order. Rejects with a WorkerDeath when the worker dies. */
  compute(spec: TrialSpec): Promise<TrialResult> {
    const { module, data } = taskNeeds(spec.task);
    const worker = this.#open();
    const order: Order = { spec, needs: { module, data: data === this.#data ? null : data } };
    this.#data = data ?? this.#data;
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        worker.off("message", answered);
        reject(new WorkerDeath(this.#why));
      };
      const answered = (answer: Answer): void => {
        worker.off("exit", ended);
        // One that is being ended is waited for.
        if (!this.#closing) worker.unref();
        if ("result" in answer) resolve(answer.result);
        else reject(revived(answer.error));
      };
      worker.once("exit", ended).once("message", answered);
      worker.ref();
      worker.postMessage(order);
    });
  }

  #open(): Worker {
    if (this.#worker) return this.#worker;
    // Its own list of flags: what the process was started with (a program on the command line, inspectors) is not for it.
    const worker = new Worker(this.#program, { workerData: this.#start, name: "unrolled trials", execArgv: [] });
    this.#worker = worker;
    this.#data = null;
    this.#why = "it ended";
    worker.on("error", ({ message }) => {
      this.#why = message;
    });
    worker.once("exit", () => {
      this.#worker = null;
    });
    return worker;
  }

  async close(): Promise<void> {
    this.#closing = true;
    // An idle one keeps no process alive, not even until it has ended.
    this.#worker?.ref();
    await this.#worker?.terminate();
  }
}

/** A result that says nothing but that there is none. */
function failure(reason: string): TrialResult {
  return {
    outcome: "failed",
    steps: 0,
    stepsToTarget: null,
    score: null,
    curve: { steps: [], losses: [], scores: [] },
    gradientNorms: { steps: [], times: [], norms: [] },
    learned: {},
    reason,
    secondsPerStep: 0,
  };
}

/**
 * Computes trials in worker threads, each with an engine of its own: as many at a time as there are workers, with the bits
 * that one thread gives. They are started when first needed.
 *
 * ```ts
 * const executor = workerExecutor({ workers: 2 });
 * const comparison = await compareActivations({ tasks: ["adding"], activations: ["tanh", "relu"], seeds: 1, budget: 10, executor });
 * comparison.complete; // true
 * await executor.close();
 * ```
 *
 * A trial whose worker dies is begun once more in a new one; when that dies too, its outcome is `failed`. A task of
 * `defineTask` is found by the `module` that was named there. Idle workers keep no process alive, but `close` ends them.
 * Memory: some 20 MB a worker, and what the networks need.
 *
 * @throws {OptionError} when an option is unknown or out of range.
 */
export function workerExecutor(options: WorkerExecutorOptions = {}): TrialExecutor {
  requireKnown("workerExecutor", options, ["workers", "program", "results"]);
  const {
    workers = availableParallelism(),
    program = new URL("./trial-worker.js", import.meta.url),
    results,
  } = options;
  if (!Number.isSafeInteger(workers) || workers < 1 || workers > MOST_WORKERS) {
    throw new OptionError(`workerExecutor workers: expected a whole number from 1 to ${MOST_WORKERS}, got ${workers}`);
  }
  const deterministic = unrolled.runtimeInfo().build === "simd";
  const free = Array.from({ length: workers }, () => new Place(program, { deterministic }));
  const all = [...free];
  const attempt = async (spec: TrialSpec, signal: AbortSignal, attempts: number): Promise<TrialResult> => {
    const place = free.pop() as Place;
    try {
      return await place.compute(spec);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof WorkerDeath)) throw error;
      if (attempts === ATTEMPTS) return failure(`the worker died ${ATTEMPTS} times: ${error.message}`);
    } finally {
      free.unshift(place);
    }
    return await attempt(spec, signal, attempts + 1);
  };
  return trialExecutor({
    ...(results && { results }),
    width: workers,
    compute: (spec, signal) => attempt(spec, signal, 1),
    close: () => Promise.all(all.map((place) => place.close())),
  });
}
