import type { Module } from "../nn/module.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { HistorySoFar, Progress, Stopped } from "./history.ts";

/** A training, as its callbacks see it. */
export interface TrainingState {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** Steps done. */
  readonly step: number;
  /** Steps to do, as far as known. */
  readonly steps: number;
  /** The pass over the data that goes on, from 1. */
  readonly epoch: number;
  /** How the last step went; undefined before the first. */
  readonly progress: Progress | undefined;
  readonly history: HistorySoFar;
  /** The names of the metrics that validations measure. */
  readonly metrics: readonly string[];
  /** Why no further step will be taken; undefined while there will. */
  readonly stopping: Stopped | undefined;
  /** Ends the training after the step that runs, or before the next. */
  stop(): void;
  /**
   * Everything that going on depends on, as the bytes of a file: what `fit` takes as `resume`. It is the state after the
   * last whole step, whenever it is asked for.
   * @param metadata texts to keep with it.
   */
  save(metadata?: Record<string, string>): Uint8Array<ArrayBuffer>;
}

/** What a callback must know again when the training is resumed. */
export interface CallbackState {
  readonly numbers: Readonly<Record<string, number>>;
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/** What is called at a moment of a training. */
export type CallbackHook = (state: TrainingState) => void | Promise<void>;

/**
 * What wants to be told of a training. Every method is optional, is given the state of the training, and is awaited;
 * callbacks are called in their order. One that throws ends `fit` with its error: the model is then as the last whole
 * step left it.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const lowest: Callback = {
 *   onValidation: ({ progress, stop }) => {
 *     if ((progress?.validation ?? 1) < 0.1) stop();
 *   },
 * };
 * const history = await trainer.fit(data, { epochs: 1000, validation: data, callbacks: [lowest] });
 * history.stopped; // "callback"
 * ```
 */
export interface Callback {
  /** Before the first step, also of a training that is resumed. */
  readonly onFitStart?: CallbackHook;
  /** Before the first step of a pass over the data; a pass that is resumed has begun already. */
  readonly onEpochStart?: CallbackHook;
  readonly onStepStart?: CallbackHook;
  /** After a validation, before the end of its step. */
  readonly onValidation?: CallbackHook;
  /** After a step, and its validation where it had one. */
  readonly onStepEnd?: CallbackHook;
  /** After the last step of a pass. */
  readonly onEpochEnd?: CallbackHook;
  /** After the last step; not when an error ends the training. */
  readonly onFitEnd?: CallbackHook;
  /** What its state is kept under in checkpoints; needed when it has one. */
  readonly name?: string;
  /** What it must know again when the training is resumed. */
  stateDict?(): CallbackState;
  /** Puts back what `stateDict` gave. */
  loadStateDict?(state: CallbackState): void;
}

/** The moments at which callbacks are called. */
export type Moment =
  | "onFitStart"
  | "onEpochStart"
  | "onStepStart"
  | "onValidation"
  | "onStepEnd"
  | "onEpochEnd"
  | "onFitEnd";

/** Callbacks with a state, by the names that are theirs in a checkpoint: of two with one name, the second is `name#2`. */
export function statefulCallbacks(callbacks: readonly Callback[]): Map<string, Callback> {
  const found = new Map<string, Callback>();
  for (const callback of callbacks) {
    if (!callback.stateDict || !callback.loadStateDict) continue;
    const name = callback.name ?? "callback";
    let unique = name;
    for (let n = 2; found.has(unique); n++) unique = `${name}#${n}`;
    found.set(unique, callback);
  }
  return found;
}
