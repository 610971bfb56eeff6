import { companion } from "../runtime/companion.ts";
import { OptionError } from "../runtime/errors.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type OptimizerState, type Rule, type Run } from "./optimizer.ts";
import { realPower } from "./power.ts";
import { applied } from "./swap.ts";

export interface ASGDOptions {
  /** Default 0.01. */
  learningRate?: number;
  /** λ: how fast parameters and the rate fall off; default 0.0001. 0 for AWD-LSTM. */
  lambd?: number;
  /** Power of the rate's fall; default 0.75. */
  alpha?: number;
  /** Steps after which averaging begins; default 1e6. */
  t0?: number;
  /** L2 penalty added to the gradient; default 0. */
  weightDecay?: number;
}

type ASGDSettings = Required<Omit<ASGDOptions, "learningRate">>;

const rule: Rule<ASGDOptions, ASGDSettings> = {
  name: "ASGD",
  known: ["learningRate", "lambd", "alpha", "t0", "weightDecay"],
  learningRate: 0.01,
  settings: (options) => ({
    lambd: requireRange("ASGD lambd", options.lambd ?? 1e-4, 0, Number.MAX_VALUE),
    alpha: requireRange("ASGD alpha", options.alpha ?? 0.75, 0, Number.MAX_VALUE),
    t0: requireRange("ASGD t0", options.t0 ?? 1e6, 0, Number.MAX_VALUE),
    weightDecay: requireRange("ASGD weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
  }),
  layout: (_, { size }) => ({ arrays: [{ name: "ax", size }] }),
  scalars: ({ t0 }) => ({ t0 }),
};

/**
 * Averaged stochastic gradient descent: p = p(1 − λη) − η(g + weightDecay·p) with η = learningRate/(1 + λ·learningRate·(t − 1))^α,
 * and beside it the average a += (p − a)/max(1, t − 1 − t0), which until t0 is p itself. Costs 4 bytes a number.
 *
 * AWD-LSTM begins to average when validation no longer gets better, and measures with the average:
 *
 * ```ts
 * const weight = new Parameter([1]);
 * const optimizer = new ASGD([weight], { learningRate: 1, lambd: 0 });
 * const trigger = new NonMonotonicTrigger({ patience: 1 });
 * for (let epoch = 0; epoch < 7; epoch++) {
 *   optimizer.zeroGrad();
 *   sum(mul(sub(weight, 2), 1.5 * (epoch % 2) - 0.75)).backward();
 *   optimizer.step();
 *   const loss = optimizer.applied(() => square(sub(weight, 2)).item());
 *   if (trigger.observe(loss)) optimizer.startAveraging();
 * }
 * trigger.isTriggered; // true
 * weight; // [0.75]
 * optimizer.applied(() => weight.item()); // 0.375
 * ```
 *
 * Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging", in the form of
 * `torch.optim.ASGD`; for language models Merity, Keskar & Socher 2017, arXiv:1708.02182, algorithm 1.
 */
export class ASGD extends Optimizer<ASGDOptions, ASGDSettings> {
  #isSwapped = false;

  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<ASGDOptions>, options: ASGDOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings, scalars }: Run<ASGDSettings>): void {
    const { lambd, alpha, weightDecay } = settings;
    const rate = learningRate / realPower(1 + lambd * learningRate * steps, alpha);
    const weight = 1 / Math.max(1, steps - (scalars.t0 as number));
    companion().averagedStep(blocks, count, rate, lambd, weightDecay, weight);
  }

  /** Begins to average with the next step, whatever `t0` was. Called again, it begins anew. */
  startAveraging(): void {
    this.setScalar("t0", (steps) => steps);
  }

  /** Whether the averages stand in the place of the parameters. */
  get isSwapped(): boolean {
    return this.#isSwapped;
  }

  /** Exchanges parameters and averages; a second call takes it back. Parameters that were never changed stay. */
  swap(): void {
    this.exchange();
    this.#isSwapped = !this.#isSwapped;
  }

  /**
   * Runs `work` with the averages in the place of the parameters, and takes them back however it ends; a promise is
   * waited for.
   * @throws {OptionError} when they stand there already.
   */
  applied<Result>(work: () => Result): Result {
    return applied(this, work);
  }

  /** @throws {OptionError} while the averages stand in the place of the parameters. */
  override step(): void {
    this.#requireOwn("step");
    super.step();
  }

  /** @throws {OptionError} while the averages stand in the place of the parameters. */
  override stateDict(): OptimizerState {
    this.#requireOwn("stateDict");
    return super.stateDict();
  }

  /** @throws {OptionError} while the averages stand in the place of the parameters; {WeightsError} as all optimizers do. */
  override loadStateDict(state: OptimizerState): void {
    this.#requireOwn("loadStateDict");
    super.loadStateDict(state);
  }

  #requireOwn(what: string): void {
    if (!this.#isSwapped) return;
    throw new OptionError(`ASGD ${what}: expected the parameters in their place, got the averages; call swap() before`);
  }
}
