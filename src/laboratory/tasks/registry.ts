/** The tasks there are, by name, and the texts that they may be made of. */
import { DataError, OptionError } from "../../runtime/errors.ts";
import { nearest } from "../../runtime/nearest.ts";
import { requireCount } from "../../runtime/options.ts";
import { sha256, type TaskOption, type TaskSpec } from "../trial.ts";
import { adding } from "./adding.ts";
import { characters } from "./characters.ts";
import { copying } from "./copy.ts";
import { digits } from "./digits.ts";
import type { Problem, Task, TaskDefaults } from "./task.ts";

/** A task and where workers find it. */
interface Known {
  readonly task: Task;
  readonly module: string | null;
}

const known = new Map<string, Known>(
  Object.entries({ adding, copy: copying, digits, characters }).map(([name, task]) => [name, { task, module: null }]),
);

const builtIn = new Set(known.keys());

/** Texts, by the key that `provideData` gave them. */
const texts = new Map<string, string>();

/** Every number that decides how a task is trained, and those of them that are counts. */
const counts = ["hiddenSize", "batchSize", "every", "validationSize"] as const;
const positive = ["learningRate", "clipNorm"] as const;

/** Where workers find a task. */
export interface DefineTaskOptions {
  /** The address of the module that defines it, as `import.meta.url` gives it there: what a worker imports. */
  module?: string;
}

/**
 * Makes a task of one's own known by a name, so that specs can name it. A later task of the same name takes its place.
 *
 * ```ts
 * defineTask("last", {
 *   description: "say the last number again",
 *   score: "mean squared error",
 *   defaults: {
 *     ...{ steps: 5, hiddenSize: 8, batchSize: 16, learningRate: 0.01, clipNorm: 1, target: 0.01, every: 10 },
 *     validationSize: 64,
 *   },
 *   prepare: ({ steps }) => ({
 *     input: { numbers: 1 },
 *     outputSize: 1,
 *     speaks: "last",
 *     memory: 1,
 *     batch: (count, random) => {
 *       const input = Float32Array.from({ length: Number(steps) * count }, random);
 *       const target = input.slice(-count);
 *       return { input: tensor(input, [Number(steps), count, 1]), target: tensor(target, [count, 1]) };
 *     },
 *     loss: (output, target) => mseLoss(output, target),
 *     score: (output, target) => mseLoss(output, target).item(),
 *   }),
 * });
 * taskNames().at(-1); // "last"
 * ```
 *
 * The name decides what a spec means: results that were kept under its hash hold as long as the task does the same.
 * @throws {OptionError} when the name is empty or one of the library's own, or a default is out of range.
 */
export function defineTask(name: string, task: Task, options: DefineTaskOptions = {}): void {
  if (typeof name !== "string" || name.trim() === "") {
    throw new OptionError(`defineTask: expected a name, got ${JSON.stringify(name)}`);
  }
  if (builtIn.has(name))
    throw new OptionError(`defineTask: expected a name of its own, got "${name}", which is built in`);
  if (typeof task?.prepare !== "function") {
    throw new OptionError(`defineTask ${name}: expected a task with a function "prepare", got none`);
  }
  requireTraining(name, task.defaults);
  known.set(name, { task, module: options.module ?? null });
}

/**
 * The names of all tasks there are, those of `defineTask` after the library's own.
 *
 * ```ts
 * taskNames().slice(0, 4); // ["adding", "copy", "digits", "characters"]
 * ```
 */
export function taskNames(): string[] {
  return [...known.keys()];
}

/**
 * A task by its name.
 *
 * ```ts
 * taskNamed("adding").defaults.steps; // 30
 * taskNamed("adding").score; // "mean squared error"
 * ```
 *
 * @throws {OptionError} when there is none, with the nearest names.
 */
export function taskNamed(name: string): Task {
  return knownTask(name).task;
}

function knownTask(name: string): Known {
  const found = known.get(name);
  if (found) return found;
  throw new OptionError(
    `task: expected one of ${taskNames().join(", ")}, got ${JSON.stringify(name)}${nearest(String(name), taskNames())}`,
  );
}

/**
 * Keeps a text that a task is made of, for as long as the program runs, and gives the key by which specs name it, so that
 * they stay small: its SHA-256. `characters` takes any text; `digits` a table without a head, in each row the pixels of a
 * square picture and its digit, with commas between.
 *
 * ```ts
 * const data = await provideData("so much depends upon a red wheel barrow ".repeat(50));
 * const spec = { activation: "tanh", cell: "rnn", task: { name: "characters", data }, seed: 1, budget: 20 } as const;
 * const { outcome } = await inProcessExecutor().submit(spec);
 * outcome; // "finished"
 * ```
 */
export async function provideData(text: string): Promise<string> {
  if (typeof text !== "string") throw new OptionError(`provideData: expected a text, got ${typeof text}`);
  const key = await sha256(text);
  texts.set(key, text);
  return key;
}

/** The text behind a key. @throws {DataError} when nothing was provided under it. */
function dataOf(key: string): string {
  const text = texts.get(key);
  if (text === undefined) {
    throw new DataError(`task data: expected a key that provideData has given, got ${JSON.stringify(key)}`);
  }
  return text;
}

/** What another thread needs to train a spec's task. */
export interface TaskNeeds {
  /** The address of the module that defines the task; null: it is the library's own, or none was named. */
  readonly module: string | null;
  /** The text that it is made of; null: what is built in. */
  readonly data: string | null;
}

/**
 * What has to be imported and provided where a spec's task is to be trained: what an executor hands to its workers.
 *
 * ```ts
 * taskNeeds({ name: "copy" }); // { module: null, data: null }
 * ```
 *
 * @throws {OptionError} when there is no such task; {DataError} when its data was not provided.
 */
export function taskNeeds({ name, data }: TaskSpec): TaskNeeds {
  return { module: knownTask(name).module, data: data === undefined ? null : dataOf(data) };
}

/** What a spec's task is trained on, and how. */
export interface SettledTask {
  readonly task: Task;
  readonly options: TaskDefaults;
  readonly problem: Problem;
}

/** Problems that were asked for lately, by their spec: taking a long text apart takes time. */
const settled = new Map<string, SettledTask>();
const KEPT = 16;

/** @throws {OptionError} when there is no such task, or an option is unknown or out of range; {DataError} likewise of data. */
export function settleTask(spec: TaskSpec): SettledTask {
  const { task } = knownTask(spec.name);
  const options = settleOptions(spec.name, task.defaults, spec.options ?? {});
  const key = JSON.stringify([spec.name, spec.data ?? null, Object.entries(options).sort()]);
  const before = settled.get(key);
  if (before?.task === task) return before;
  const problem = task.prepare(options, spec.data === undefined ? null : dataOf(spec.data));
  if (settled.size >= KEPT) settled.delete(settled.keys().next().value as string);
  const found = { task, options, problem };
  settled.set(key, found);
  return found;
}

function settleOptions(
  name: string,
  defaults: TaskDefaults,
  given: Readonly<Record<string, TaskOption | undefined>>,
): TaskDefaults {
  const names = Object.keys(defaults);
  for (const [option, value] of Object.entries(given)) {
    const wanted = defaults[option];
    if (!Object.hasOwn(defaults, option)) {
      throw new OptionError(
        `task ${name}: expected options ${names.join(", ")}, got "${option}"${nearest(option, names)}`,
      );
    }
    if (typeof value !== typeof wanted) {
      throw new OptionError(`task ${name} ${option}: expected a ${typeof wanted}, got ${JSON.stringify(value)}`);
    }
  }
  const options = { ...defaults, ...given } as TaskDefaults;
  requireTraining(name, options);
  return options;
}

function requireTraining(name: string, options: TaskDefaults): void {
  for (const option of counts) requireCount(`task ${name} ${option}`, options?.[option]);
  for (const option of positive) {
    if (!(options[option] > 0 && options[option] < Number.POSITIVE_INFINITY)) {
      throw new OptionError(`task ${name} ${option}: expected a number > 0, got ${options[option]}`);
    }
  }
  if (!Number.isFinite(options.target)) {
    throw new OptionError(`task ${name} target: expected a finite number, got ${options.target}`);
  }
}
