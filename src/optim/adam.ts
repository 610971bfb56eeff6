import { engine } from "../runtime/engine.ts";
import { requireKnown } from "../runtime/options.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { Optimizer, requireRange } from "./optimizer.ts";

export interface AdamOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** Decay of the means of the gradient and of its square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** Default 0 for Adam (added to the gradient), 0.01 for AdamW (taken from the parameter). */
  weightDecay?: number;
}

/** The largest float64 below 1. */
const BELOW_ONE = 1 - Number.EPSILON / 2;

/**
 * Adam: m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², p −= learningRate·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and
 * v̂ = v/(1 − β₂ᵗ). Costs 8 bytes a number.
 *
 * ```ts
 * const layer = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(layer.parameters(), { learningRate: 0.1 });
 * for (let i = 0; i < 300; i++) {
 *   optimizer.zeroGrad();
 *   mseLoss(layer.forward(tensor([[1], [2]])), tensor([[5], [7]])).backward();
 *   optimizer.step();
 * }
 * Math.round(layer.forward(tensor([[3]])).item()); // 9
 * ```
 *
 * Source: Kingma & Ba 2014, arXiv:1412.6980, in the form of `torch.optim.Adam`.
 */
export class Adam extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #weightDecay: number;
  protected readonly decoupled: boolean = false;

  /** @throws {OptionError} when an option is out of range. */
  constructor(parameters: readonly Parameter[], options: AdamOptions = {}) {
    super("Adam", parameters, options.learningRate ?? 1e-3, 2);
    requireKnown("Adam", options, ["learningRate", "betas", "epsilon", "weightDecay"]);
    const [beta1, beta2] = options.betas ?? [0.9, 0.999];
    this.#betas = [
      requireRange("Adam betas[0]", beta1, 0, BELOW_ONE),
      requireRange("Adam betas[1]", beta2, 0, BELOW_ONE),
    ];
    this.#epsilon = requireRange("Adam epsilon", options.epsilon ?? 1e-8, 0, Number.MAX_VALUE);
    this.#weightDecay = requireRange("Adam weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE);
  }

  protected override update(blocks: number, count: number, steps: number): void {
    const [beta1, beta2] = this.#betas;
    engine().kernels.adamStep(
      blocks,
      count,
      this.learningRate,
      beta1,
      beta2,
      this.#epsilon,
      this.#weightDecay,
      1 - power(beta1, steps + 1),
      Math.sqrt(1 - power(beta2, steps + 1)),
      Number(this.decoupled),
    );
  }
}

/** base^exponent, a whole number ≥ 0: products, unlike `**`, round alike in every JavaScript engine. */
function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const root = power(base, Math.floor(exponent / 2));
  return exponent % 2 === 0 ? root * root : root * root * base;
}

/**
 * Adam with the weight decay taken from the parameter itself: p −= learningRate·weightDecay·p.
 *
 * ```ts
 * new AdamW(new Linear({ inputSize: 2, outputSize: 1 }).parameters(), { weightDecay: 0.05 }).learningRate; // 0.001
 * ```
 *
 * Source: Loshchilov & Hutter 2017, arXiv:1711.05101.
 */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  /** @throws {OptionError} when an option is out of range. */
  constructor(parameters: readonly Parameter[], options: AdamOptions = {}) {
    super(parameters, { ...options, weightDecay: options.weightDecay ?? 0.01 });
  }
}
