import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Callback, type CallbackState, decodeSafetensors, type TrainingState } from "../index.ts";
import { FileError, OptionError, WeightsError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { fileError, replaceFile, requireFolder, UNFINISHED } from "./files.ts";

export interface CheckpointsOptions {
  /** Where the files go; made when it is not there. */
  folder: string;
  /** Steps between two checkpoints; default: one after each pass over the data. */
  every?: number;
  /** How many of the latest are kept; default 3. */
  keepLast?: number;
  /** Keep the one after the best validation too, as `best.safetensors`; default true. */
  keepBest?: boolean;
  /** What of a validation says which is best: "loss", or the name of a metric; default "loss". */
  monitor?: string;
  /** Whether less of it is better or more; default "min". */
  mode?: "min" | "max";
  /** A training that begins in a folder with checkpoints of another one removes them, instead of refusing; default false. */
  overwrite?: boolean;
  /** Texts to keep in the files, or what gives them when one is written. */
  metadata?: Record<string, string> | (() => Record<string, string>);
}

/** A checkpoint that was found. */
export interface FoundCheckpoint {
  readonly path: string;
  /** Steps done. */
  readonly step: number;
  /** For `fit`, as `resume`. */
  readonly bytes: Uint8Array;
  /** The texts in it. */
  readonly metadata: Readonly<Record<string, string>>;
}

const BEST = "best.safetensors";

const nameOf = (step: number): string => `step-${String(step).padStart(9, "0")}.safetensors`;

/**
 * Writes a training to files, so that it can go on after whatever has ended it: one before the first step, one every so
 * many steps, one after the last or where it is interrupted, of which the latest are kept, and the best. A file is there
 * whole or not at all.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const files = checkpoints({ folder: "runs/line", every: 100 });
 * await trainer.fit(data, { epochs: 250, validation: data, callbacks: [files] });
 * latestCheckpoint("runs/line")?.step; // 250
 * // In another process, from its file on:
 * const resume = latestCheckpoint("runs/line")?.bytes;
 * const history = await trainer.fit(data, { epochs: 300, validation: data, callbacks: [files], resume });
 * history.steps; // 300
 * ```
 *
 * Put it after callbacks whose state is to be in the files as it is after their turn.
 * @throws {OptionError} when an option is unknown or out of range. The training that it is given to ends with a
 *   {FileError} when the folder cannot be written, has checkpoints of another training, or the disk is full: the files
 *   that were there stay.
 */
export function checkpoints(options: CheckpointsOptions): Callback {
  const known = ["folder", "every", "keepLast", "keepBest", "monitor", "mode", "overwrite", "metadata"];
  requireKnown("checkpoints", options, known);
  if (typeof options.folder !== "string" || options.folder === "") {
    throw new OptionError(`checkpoints folder: expected a path, got ${JSON.stringify(options.folder)}`);
  }
  if (options.mode !== undefined && options.mode !== "min" && options.mode !== "max") {
    throw new OptionError(`checkpoints mode: expected "min" or "max", got ${JSON.stringify(options.mode)}`);
  }
  return new Checkpoints(options);
}

class Checkpoints implements Callback {
  readonly name = "checkpoints";
  readonly #options: CheckpointsOptions;
  readonly #every: number | undefined;
  readonly #keepLast: number;
  #best: number | undefined;
  #isBest = false;
  #saved: number | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#every = options.every === undefined ? undefined : requireCount("checkpoints every", options.every);
    this.#keepLast = requireCount("checkpoints keepLast", options.keepLast ?? 3);
  }

  onFitStart(state: TrainingState): void {
    const { folder, overwrite } = this.#options;
    requireFolder(folder);
    for (const name of namesIn(folder)) if (name.startsWith(UNFINISHED)) remove(folder, name);
    this.#saved = state.step;
    if (state.step > 0) return;
    const others = [...stepsIn(folder).map(nameOf), ...namesIn(folder).filter((name) => name === BEST)];
    if (others.length > 0 && !overwrite) {
      throw new FileError(
        `${folder}: expected no checkpoints where a training begins, got ${others[0]}; resume from it, or say overwrite`,
      );
    }
    for (const name of others) remove(folder, name);
    this.#best = undefined;
    this.#save(state);
  }

  onValidation({ progress }: TrainingState): void {
    const { keepBest = true, monitor = "loss", mode = "min" } = this.#options;
    if (!keepBest) return;
    const value = monitor === "loss" ? progress?.validation : progress?.metrics?.[monitor];
    if (value === undefined) {
      throw new OptionError(`checkpoints monitor: expected "loss" or the name of a metric, got ${monitor}`);
    }
    const sign = mode === "min" ? 1 : -1;
    if (this.#best === undefined ? Number.isNaN(value) : !(sign * (this.#best - value) > 0)) return;
    this.#best = value;
    this.#isBest = true;
  }

  onStepEnd(state: TrainingState): void {
    const due = this.#every !== undefined && state.step % this.#every === 0;
    if (due || this.#isBest || state.stopping !== undefined) this.#save(state, due || state.stopping !== undefined);
  }

  onEpochEnd(state: TrainingState): void {
    if (this.#every === undefined) this.#save(state);
  }

  onFitEnd(state: TrainingState): void {
    // It was interrupted where no step has seen it coming; otherwise its last step has been saved.
    if (state.stopping === "aborted" && this.#saved !== state.step) this.#save(state);
  }

  #save(state: TrainingState, last = true): void {
    const { folder, metadata } = this.#options;
    const bytes = state.save(typeof metadata === "function" ? metadata() : metadata);
    if (last) {
      replaceFile(join(folder, nameOf(state.step)), bytes);
      this.#saved = state.step;
      for (const step of stepsIn(folder).slice(this.#keepLast)) remove(folder, nameOf(step));
    }
    if (this.#isBest) replaceFile(join(folder, BEST), bytes);
    this.#isBest = false;
  }

  stateDict(): CallbackState {
    return { numbers: this.#best === undefined ? {} : { best: this.#best } };
  }

  loadStateDict({ numbers }: CallbackState): void {
    this.#best = numbers.best;
  }
}

/**
 * The newest checkpoint in a folder that is whole, or null when there is none.
 *
 * ```ts
 * latestCheckpoint("runs/none"); // null
 * ```
 *
 * @throws {FileError} when the folder or a file is there and cannot be read.
 */
export function latestCheckpoint(folder: string): FoundCheckpoint | null {
  for (const step of stepsIn(folder)) {
    const found = readCheckpoint(join(folder, nameOf(step)), step);
    if (found) return found;
  }
  return null;
}

/**
 * The checkpoint after the best validation, or null when there is none.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const callbacks = [checkpoints({ folder: "runs/best" })];
 * const { validation } = await trainer.fit(data, { epochs: 20, validation: data, callbacks });
 * const lowest = Math.min(...validation.map(({ loss }) => loss));
 * const best = bestCheckpoint("runs/best");
 * validation.find(({ step }) => step === best?.step)?.loss; // lowest
 * ```
 *
 * @throws {FileError} when it is there and cannot be read.
 */
export function bestCheckpoint(folder: string): FoundCheckpoint | null {
  return namesIn(folder).includes(BEST) ? readCheckpoint(join(folder, BEST)) : null;
}

/** What is in a file; null when it is damaged. */
function readCheckpoint(path: string, step?: number): FoundCheckpoint | null {
  try {
    const bytes = new Uint8Array(readFileSync(path));
    const { metadata } = decodeSafetensors(bytes);
    const written = JSON.parse(metadata.training ?? "null")?.position?.step;
    return typeof written === "number" ? { path, step: step ?? written, bytes, metadata } : null;
  } catch (error) {
    if (error instanceof WeightsError || error instanceof SyntaxError) return null;
    throw fileError(path, "read", error);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileError(folder, "read", error);
  }
}

/** The steps of the checkpoints in a folder, latest first. */
function stepsIn(folder: string): number[] {
  const steps = namesIn(folder).map((name) => Number(/^step-(\d{9,})\.safetensors$/.exec(name)?.[1] ?? Number.NaN));
  return steps.filter((step) => Number.isSafeInteger(step)).sort((a, b) => b - a);
}

function remove(folder: string, name: string): void {
  const path = join(folder, name);
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw fileError(path, "written", error);
  }
}
