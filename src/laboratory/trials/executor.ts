/** Executors: each spec computed once, so many at a time. */
import { OptionError } from "../../runtime/errors.ts";
import { requireCount, requireKnown } from "../../runtime/options.ts";
import { type TrialExecutor, type TrialResult, type TrialSpec, trialHash } from "../trial.ts";
import { runTrial } from "./runTrial.ts";
import { settleTrial } from "./spec.ts";

/** Where results are looked up before a trial is computed, and put afterwards: a log, a data base. A `Map` will do. */
export interface TrialResults {
  get(hash: string): TrialResult | undefined | Promise<TrialResult | undefined>;
  set(hash: string, result: TrialResult, spec: TrialSpec): unknown;
}

/** Options of every executor. */
export interface ExecutorOptions {
  /** What is known already, and what becomes known; default: what this executor itself has computed. */
  results?: TrialResults;
}

/** What an executor is made of. */
export interface ExecutorParts extends ExecutorOptions {
  /** How many trials are computed at a time. */
  readonly width: number;
  /** Computes one whose spec was found to be in order. The signal comes when the executor is closed. */
  readonly compute: (spec: TrialSpec, signal: AbortSignal) => Promise<TrialResult>;
  /** Called once, when it is closed. */
  readonly close?: () => unknown;
}

const closed = (): OptionError => new OptionError("submit: expected an executor that is open, got one that was closed");

class Executor implements TrialExecutor {
  readonly width: number;
  readonly #parts: ExecutorParts;
  readonly #results: TrialResults;
  readonly #running = new Map<string, Promise<TrialResult>>();
  readonly #end = new AbortController();
  /** Those who wait for one of the places to be free. */
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(parts: ExecutorParts) {
    this.width = parts.width;
    this.#free = parts.width;
    this.#parts = parts;
    this.#results = parts.results ?? new Map();
  }

  async submit(spec: TrialSpec): Promise<TrialResult> {
    if (this.#end.signal.aborted) throw closed();
    settleTrial(spec);
    const hash = await trialHash(spec);
    const running = this.#running.get(hash) ?? this.#find(hash, spec);
    this.#running.set(hash, running);
    return await running;
  }

  async #find(hash: string, spec: TrialSpec): Promise<TrialResult> {
    try {
      const known = await this.#results.get(hash);
      if (known) return known;
      await this.#place();
      const result = await this.#compute(spec);
      if (result.outcome !== "failed") await this.#results.set(hash, result, spec);
      return result;
    } finally {
      this.#running.delete(hash);
    }
  }

  async #place(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #compute(spec: TrialSpec): Promise<TrialResult> {
    const { signal } = this.#end;
    try {
      if (signal.aborted) throw closed();
      return await this.#parts.compute(spec, signal);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort(closed());
    await this.#parts.close?.();
  }
}

/**
 * An executor over a way to compute a trial: each spec once, by its hash, and no more than `width` at a time. A trial that
 * failed, which says nothing of the spec, is computed anew when it is submitted again.
 *
 * ```ts
 * let computed = 0;
 * const executor = trialExecutor({
 *   width: 2,
 *   compute: (spec, signal) => {
 *     computed++;
 *     return runTrial(spec, { signal });
 *   },
 * });
 * const spec = { activation: "relu", cell: "rnn", task: { name: "copy" }, seed: 1, budget: 5 } as const;
 * const [first, second] = await Promise.all([executor.submit(spec), executor.submit({ ...spec })]);
 * first === second; // true
 * computed; // 1
 * await executor.close();
 * ```
 *
 * @throws {OptionError} when an option is unknown, or `width` is not a whole number ≥ 1.
 */
export function trialExecutor(parts: ExecutorParts): TrialExecutor {
  requireKnown("trialExecutor", parts, ["width", "compute", "close", "results"]);
  requireCount("trialExecutor width", parts.width);
  return new Executor(parts);
}

/**
 * Computes trials one after the other in this thread, pausing often enough that a page stays live.
 *
 * ```ts
 * const executor = inProcessExecutor();
 * const spec = { activation: "tanh", cell: "rnn", task: { name: "digits" }, seed: 1, budget: 10 } as const;
 * const { steps } = await executor.submit(spec);
 * steps; // 10
 * await executor.close();
 * ```
 *
 * @throws {OptionError} when an option is unknown.
 */
export function inProcessExecutor(options: ExecutorOptions = {}): TrialExecutor {
  requireKnown("inProcessExecutor", options, ["results"]);
  return trialExecutor({ ...options, width: 1, compute: (spec, signal) => runTrial(spec, { signal }) });
}
