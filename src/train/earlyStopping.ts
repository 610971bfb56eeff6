import type { StateDict } from "../nn/module.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import type { Callback, TrainingState } from "./callback.ts";
import { type Monitor, type MonitorOptions, monitorOf } from "./monitor.ts";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** How many validations in a row may be no better than the best before it stops; default 5. */
  patience?: number;
  /** What a validation must be better by to count as better; default 0. */
  minimumChange?: number;
  /** Give the model the weights of the best validation back at the end; default true. */
  restoreBest?: boolean;
}

/**
 * Ends a training when validations have got no better for a while, and gives the model its best weights back: also when
 * the training ends by itself, but not when it is aborted, since it may be resumed then.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const callbacks = [earlyStopping({ patience: 3, minimumChange: 1e-3 })];
 * const history = await trainer.fit(data, { epochs: 5000, validation: data, callbacks });
 * history.stopped; // "callback"
 * ```
 *
 * Keeps a copy of the weights, which goes into checkpoints.
 * @throws {OptionError} when an option is unknown or out of range.
 * Source: Prechelt 1998, "Early stopping – but when?".
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  requireKnown("earlyStopping", options, ["monitor", "mode", "patience", "minimumChange", "restoreBest"]);
  return new EarlyStopping(options);
}

class EarlyStopping implements Callback {
  readonly name = "earlyStopping";
  readonly #monitor: Monitor;
  readonly #patience: number;
  readonly #minimumChange: number;
  readonly #restoreBest: boolean;
  #best: number | undefined;
  #waited = 0;
  #weights: StateDict | undefined;

  constructor(options: EarlyStoppingOptions) {
    this.#monitor = monitorOf("earlyStopping", options);
    this.#patience = requireCount("earlyStopping patience", options.patience ?? 5);
    this.#minimumChange = options.minimumChange ?? 0;
    if (!(this.#minimumChange >= 0 && this.#minimumChange < Number.POSITIVE_INFINITY)) {
      throw new OptionError(`earlyStopping minimumChange: expected a finite number ≥ 0, got ${options.minimumChange}`);
    }
    this.#restoreBest = options.restoreBest ?? true;
  }

  onFitStart(state: TrainingState): void {
    if (state.step === 0) {
      this.#best = undefined;
      this.#waited = 0;
      this.#weights = undefined;
    }
    // A training that was saved when it had waited long enough goes no further.
    if (this.#waited >= this.#patience) state.stop();
  }

  onValidation(state: TrainingState): void {
    const value = this.#monitor.valueOf(state);
    if (this.#monitor.isBetter(value, this.#best, this.#minimumChange)) {
      this.#best = value;
      this.#waited = 0;
      if (this.#restoreBest) this.#weights = state.model.stateDict();
      return;
    }
    this.#waited++;
    if (this.#waited >= this.#patience) state.stop();
  }

  onFitEnd({ model, stopping }: TrainingState): void {
    if (this.#weights && stopping !== "aborted") model.loadStateDict(this.#weights);
  }

  stateDict(): ReturnType<NonNullable<Callback["stateDict"]>> {
    const best = this.#best;
    return { numbers: { waited: this.#waited, ...(best === undefined ? {} : { best }) }, tensors: this.#weights };
  }

  loadStateDict({ numbers, tensors }: Parameters<NonNullable<Callback["loadStateDict"]>>[0]): void {
    this.#best = numbers.best;
    this.#waited = numbers.waited ?? 0;
    this.#weights = tensors && Object.keys(tensors).length > 0 ? { ...tensors } : undefined;
  }
}
