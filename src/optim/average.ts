import { companion } from "../runtime/companion.ts";
import { OptionError, WeightsError } from "../runtime/errors.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { Blocks } from "./blocks.ts";
import { readGroups, requireRange } from "./group.ts";
import { findArrays, findNumber, type OptimizerState, readArrays, requireKind } from "./state.ts";
import { applied } from "./swap.ts";

/**
 * An average of parameters over a training, which can stand in their place: to be measured, saved or used. Parameters
 * alone are followed, not a module's buffers: with batch norm, let the model see the data once more in training mode.
 * Costs 4 bytes a number.
 */
export abstract class WeightAverage {
  readonly parameters: readonly Parameter[];
  readonly #name: string;
  readonly #blocks: Blocks;
  #updates = 0;
  #isSwapped = false;

  protected constructor(name: string, parameters: readonly Parameter[]) {
    this.#name = name;
    this.parameters = readGroups<object>(name, parameters, {}, []).flatMap((group) => group.parameters);
    this.#blocks = new Blocks(this.parameters, (i) => ({
      arrays: [{ name: "average", size: (this.parameters[i] as Parameter).size }],
    }));
    this.parameters.forEach((_, i) => {
      this.#blocks.open(i);
    });
  }

  /** How often the average has taken the parameters in. */
  get updates(): number {
    return this.#updates;
  }

  /** How much of the parameters goes into the average that has taken them in `updates` times before; 1 takes them over. */
  protected abstract weightAfter(updates: number): number;

  /**
   * Takes the parameters in as they are now: a += weight·(p − a); the first time, a = p.
   * @throws {OptionError} while the average stands in their place.
   */
  update(): void {
    this.#requireOwn("update");
    const weight = this.#updates === 0 ? 1 : this.weightAfter(this.#updates);
    companion().averageStep(this.#blocks.address, this.parameters.length, weight);
    this.#updates++;
  }

  /** Whether the average stands in the place of the parameters. */
  get isSwapped(): boolean {
    return this.#isSwapped;
  }

  /**
   * Exchanges the parameters and their average; a second call takes it back to the bit.
   * @throws {OptionError} when there is no average yet.
   */
  swap(): void {
    if (this.#updates === 0) {
      throw new OptionError(`${this.#name} swap: expected an average of at least one update, got none`);
    }
    this.parameters.forEach((_, i) => {
      this.#blocks.exchange(i);
    });
    this.#isSwapped = !this.#isSwapped;
  }

  /**
   * Runs `work` with the average in the place of the parameters, and takes them back however it ends; a promise is waited
   * for.
   *
   * ```ts
   * const weight = new Parameter([1]);
   * const average = new SWA([weight]);
   * for (const value of [1, 3]) {
   *   weight.set([value]);
   *   average.update();
   * }
   * average.applied(() => weight.item()); // 2
   * weight.item(); // 3
   * ```
   *
   * @throws {OptionError} when it stands there already, or there is none yet.
   */
  applied<Result>(work: () => Result): Result {
    return applied(this, work);
  }

  /** A copy of it. @throws {OptionError} while it stands in the place of the parameters. */
  stateDict(): OptimizerState {
    this.#requireOwn("stateDict");
    const arrays = readArrays(this.#blocks, this.parameters.length);
    return { kind: this.#name, numbers: { updates: this.#updates }, arrays };
  }

  /**
   * Takes up another average of the same kind over parameters of the same sizes.
   * @throws {WeightsError} when the state is of another kind, or an array is missing, unknown or of another length;
   *   {OptionError} while it stands in the place of the parameters. Nothing is changed then.
   */
  loadStateDict(state: OptimizerState): void {
    this.#requireOwn("loadStateDict");
    const what = `${this.#name} loadStateDict`;
    requireKind(what, state, this.#name);
    const updates = findNumber(what, state, "updates");
    if (!Number.isSafeInteger(updates))
      throw new WeightsError(`${what} updates: expected a whole number, got ${updates}`);
    const arrays = findArrays(what, state.arrays, this.#blocks, this.parameters.length);
    const missing = arrays.indexOf(null);
    if (missing >= 0) throw new WeightsError(`${what}: expected ${missing}.average, got none`);
    this.#updates = updates;
    arrays.forEach((values, i) => {
      if (values) this.#blocks.write(i, values);
    });
  }

  #requireOwn(what: string): void {
    if (!this.#isSwapped) return;
    throw new OptionError(
      `${this.#name} ${what}: expected the parameters in their place, got the average; call swap() before`,
    );
  }
}

export interface EMAOptions {
  /** How much of the average stays with each update, from 0 to 1; default 0.999. */
  decay?: number;
  /** Let the decay grow as (1 + n)/(10 + n) until it is `decay`, so that a young average is not bound to its start; default false. */
  warmUp?: boolean;
}

/**
 * Exponential moving average of weights: a = decay·a + (1 − decay)·p, from the parameters at the first update on.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const average = new EMA([weight], { decay: 0.75 });
 * for (const value of [0, 4, 4]) {
 *   weight.set([value]); // a step of an optimizer
 *   average.update();
 * }
 * average.applied(() => weight.item()); // 1.75
 * average instanceof WeightAverage; // true
 * ```
 *
 * Source: Polyak & Juditsky 1992; the growing decay as in TensorFlow's `ExponentialMovingAverage`.
 */
export class EMA extends WeightAverage {
  readonly #decay: number;
  readonly #warmUp: boolean;

  /** @throws {OptionError} when the decay is not from 0 to 1, or the parameters are none. */
  constructor(parameters: readonly Parameter[], options: EMAOptions = {}) {
    requireKnown("EMA", options, ["decay", "warmUp"]);
    const decay = requireRange("EMA decay", options.decay ?? 0.999, 0, 1);
    super("EMA", parameters);
    this.#decay = decay;
    this.#warmUp = options.warmUp ?? false;
  }

  protected override weightAfter(updates: number): number {
    return 1 - (this.#warmUp ? Math.min(this.#decay, (1 + updates) / (10 + updates)) : this.#decay);
  }
}

/**
 * Stochastic weight averaging: the mean of the parameters over all updates, a += (p − a)/(n + 1). Update at the end of each
 * epoch of the last quarter of a training, at a constant or cyclical rate.
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const average = new SWA([weight]);
 * for (let epoch = 0; epoch < 20; epoch++) {
 *   weight.set([epoch]); // a pass over the data
 *   if (epoch >= 15) average.update();
 * }
 * average.swap();
 * weight.item(); // 17
 * ```
 *
 * Source: Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", arXiv:1803.05407.
 */
export class SWA extends WeightAverage {
  /** @throws {OptionError} when the parameters are none. */
  constructor(parameters: readonly Parameter[]) {
    super("SWA", parameters);
  }

  protected override weightAfter(updates: number): number {
    return 1 / (updates + 1);
  }
}
