/** What a trial is and what comes of it: the vocabulary of everything that trains networks to learn about activations. */
import type { ExpressionParameters } from "../ops/activation/expression/expression.ts";
import { OptionError, UnsupportedRuntimeError } from "../runtime/errors.ts";

/** A recurrent layer by name. */
export type CellName = "rnn" | "lstm" | "gru";

/** The recurrent layers that trials know. */
export const cellNames: readonly CellName[] = ["rnn", "lstm", "gru"];

/** An option of a task. */
export type TaskOption = number | string | boolean;

/** A task, as data. */
export interface TaskSpec {
  /** One of `taskNames()`: "adding", "copy", "digits", "characters", or one of `defineTask`. */
  readonly name: string;
  /** What differs from the task's own defaults; `taskDefaults(name)` tells them all. */
  readonly options?: Readonly<Record<string, TaskOption>>;
  /** The key of a text that the task is made of, which `provideData` has given; default: what the task has built in. */
  readonly data?: string;
}

/** What a trial trains, as data: everything that decides its outcome, and nothing else. */
export interface TrialSpec {
  /** A name, or an expression in x: what `activation` takes. */
  readonly activation: string;
  /** Values of the parameters of the activation, where it has any, and those that its learned ones start from. */
  readonly parameters?: ExpressionParameters;
  readonly cell: CellName;
  readonly task: TaskSpec;
  /** Of weights and batches; a whole number ≥ 0. */
  readonly seed: number;
  /** Training steps, at most. */
  readonly budget: number;
  /** End as soon as the score is at the task's target; default false: the whole budget is trained. */
  readonly stopAtTarget?: boolean;
}

/** How a training went: at each look at the validation, in this order. */
export interface LearningCurve {
  /** Training steps done. */
  readonly steps: readonly number[];
  /** The mean loss of the training steps since the look before. */
  readonly losses: readonly number[];
  /** The score of the validation. */
  readonly scores: readonly number[];
}

/** ‖∂L/∂h_t‖ as a heat map: how far gradients reach back in time, in the course of the training. */
export interface GradientMap {
  /** The training steps before which it was measured. */
  readonly steps: readonly number[];
  /** The time steps at which it was, from 0. */
  readonly times: readonly number[];
  /** The mean norm over the batch's sequences, a row for each of `steps`; null where it is not finite. */
  readonly norms: readonly (readonly (number | null)[])[];
}

/** What came of a trial. A training that diverges is a result as well. */
export interface TrialResult {
  /**
   * - `finished`: it has trained its whole budget.
   * - `reached`: it was to stop at its target, and has.
   * - `diverged`: a loss, a gradient or a score was not finite.
   * - `failed`: nothing is known of it, as whoever computed it died, twice; it may be submitted again.
   */
  readonly outcome: "finished" | "reached" | "diverged" | "failed";
  /** Training steps done. */
  readonly steps: number;
  /** Training steps after which the score was first at the task's target; null: never. */
  readonly stepsToTarget: number | null;
  /** The last score of the validation: lower is better. Null when it diverged or failed. */
  readonly score: number | null;
  readonly curve: LearningCurve;
  readonly gradientNorms: GradientMap;
  /** What the activation's learnable parameters have become, where it has any. */
  readonly learned: Readonly<Record<string, number>>;
  /** Why it diverged or failed; empty otherwise. */
  readonly reason: string;
  /** Of training alone, without looks at the validation and at gradients. The only field that may differ between two runs. */
  readonly secondsPerStep: number;
}

/** Computes trials. */
export interface TrialExecutor {
  /**
   * What comes of a trial. Idempotent: the same spec (by its hash) gives the same result, computed once.
   * Rejects with an {OptionError} that names what is wrong with a spec, before anything is trained; and, when the executor is
   * closed, with an {OptionError} that says so.
   */
  submit(spec: TrialSpec): Promise<TrialResult>;
  /** How many trials it works on at a time: submitting more only makes them wait. */
  readonly width: number;
  /** Ends what is under way, whose promises reject, and lets go of workers. */
  close(): Promise<void>;
}

/**
 * A value as JSON in one way only: keys sorted, what is undefined left out.
 * @throws {OptionError} when a number in it is not finite, since JSON has no such numbers.
 */
function canonicalJson(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new OptionError(`trial: expected finite numbers, got ${value}`);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(",")}}`;
}

/** The SHA-256 of a text, in hexadecimal. @throws {UnsupportedRuntimeError} where there is no WebCrypto. */
export async function sha256(text: string): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    throw new UnsupportedRuntimeError(
      "this runtime has no WebCrypto, by which trials are told apart; a page must be served by https, or from localhost",
    );
  }
  const digest = await subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What tells trials apart: the SHA-256 of the spec's canonical JSON, the same for specs that mean the same (whatever the order
 * of their fields, and whether an empty or default one is written down).
 *
 * ```ts
 * const spec = { activation: "tanh", cell: "rnn", task: { name: "adding" }, seed: 1, budget: 100 } as const;
 * const hash = await trialHash(spec);
 * hash.length; // 64
 * const [same, other] = await Promise.all([trialHash({ ...spec, parameters: {} }), trialHash({ ...spec, seed: 2 })]);
 * same === hash; // true
 * other === hash; // false
 * ```
 *
 * Rejects with an {OptionError} when a number in it is not finite.
 */
export async function trialHash(spec: TrialSpec): Promise<string> {
  const { activation, parameters = {}, cell, task, seed, budget, stopAtTarget = false } = spec;
  const { name, options = {}, data } = task;
  return await sha256(
    canonicalJson({ activation, parameters, cell, task: { name, options, data }, seed, budget, stopAtTarget }),
  );
}
