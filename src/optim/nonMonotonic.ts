import { OptionError, WeightsError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";

export interface NonMonotonicOptions {
  /** n: how many validations may pass without a better one; default 5. */
  patience?: number;
}

/**
 * Says when to begin averaging: at the first validation that is worse than the best of those more than n before it,
 * v_t > min(v_0 … v_(t − n − 1)).
 *
 * ```ts
 * const trigger = new NonMonotonicTrigger({ patience: 2 });
 * [5, 4, 3, 3.5, 3.2, 3.4].map((loss) => trigger.observe(loss)); // [false, false, false, false, false, true]
 * ```
 *
 * Source: Merity, Keskar & Socher 2017, "Regularizing and optimizing LSTM language models", arXiv:1708.02182, algorithm 1.
 */
export class NonMonotonicTrigger {
  readonly #patience: number;
  #values: number[] = [];
  #isTriggered = false;

  /** @throws {OptionError} when patience is not a whole number ≥ 1. */
  constructor(options: NonMonotonicOptions = {}) {
    requireKnown("NonMonotonicTrigger", options, ["patience"]);
    this.#patience = requireCount("NonMonotonicTrigger patience", options.patience ?? 5);
  }

  /** Whether it has said so already. */
  get isTriggered(): boolean {
    return this.#isTriggered;
  }

  /**
   * Takes the next validation; true once, when averaging should begin.
   * @throws {OptionError} when it is not finite.
   */
  observe(value: number): boolean {
    if (!Number.isFinite(value)) throw new OptionError(`NonMonotonicTrigger: expected a finite loss, got ${value}`);
    if (this.#isTriggered) return false;
    const earlier = this.#values.slice(0, Math.max(0, this.#values.length - this.#patience));
    this.#isTriggered = earlier.some((before) => value > before);
    this.#values.push(value);
    return this.#isTriggered;
  }

  /** What it has seen, for a checkpoint. */
  stateDict(): { readonly values: readonly number[]; readonly isTriggered: boolean } {
    return { values: [...this.#values], isTriggered: this.#isTriggered };
  }

  /** Takes up where another one was. @throws {WeightsError} when the state is none of this class. */
  loadStateDict(state: { readonly values: readonly number[]; readonly isTriggered: boolean }): void {
    const { values, isTriggered } = state ?? {};
    if (!Array.isArray(values) || !values.every(Number.isFinite) || typeof isTriggered !== "boolean") {
      throw new WeightsError("NonMonotonicTrigger loadStateDict: expected { values, isTriggered }");
    }
    this.#values = [...values];
    this.#isTriggered = isTriggered;
  }
}
