import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import type { Parameter } from "../tensor/parameter.ts";
import type { StateArray } from "./blocks.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";
import { power } from "./power.ts";

export interface AdamOptions {
  /** Default 0.001. */
  learningRate?: number;
  /** Decay of the means of the gradient and of its square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the mean square; default 1e-8. */
  epsilon?: number;
  /** Default 0 for Adam (added to the gradient), 0.01 for AdamW (taken from the parameter). */
  weightDecay?: number;
  /** Divide by the largest mean square so far, v̂ = max(v̂, v), instead of the present one; default false. */
  amsgrad?: boolean;
}

/** What optimizers by Adam's two moments are set to. */
export interface MomentSettings {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
}

interface AdamSettings extends MomentSettings {
  readonly amsgrad: boolean;
}

/** The largest float64 below 1. */
const BELOW_ONE = 1 - Number.EPSILON / 2;

/** Checks what Adam and its kin have in common. @throws {OptionError} when an option is out of range. */
export function momentSettings(
  name: string,
  options: { betas?: readonly [number, number]; epsilon?: number; weightDecay?: number },
): MomentSettings {
  const betas: unknown = options.betas ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2)
    throw new OptionError(`${name} betas: expected two numbers, got ${betas}`);
  return {
    betas: [
      requireRange(`${name} betas[0]`, betas[0], 0, BELOW_ONE),
      requireRange(`${name} betas[1]`, betas[1], 0, BELOW_ONE),
    ],
    epsilon: requireRange(`${name} epsilon`, options.epsilon ?? 1e-8, 0, Number.MAX_VALUE),
    weightDecay: requireRange(`${name} weightDecay`, options.weightDecay ?? 0, 0, Number.MAX_VALUE),
  };
}

/** The means of the gradient and of its square. */
export function momentArrays({ size }: Parameter): StateArray[] {
  return [
    { name: "expAvg", size },
    { name: "expAvgSq", size },
  ];
}

function adamRule(name: string): Rule<AdamOptions, AdamSettings> {
  return {
    name,
    known: ["learningRate", "betas", "epsilon", "weightDecay", "amsgrad"],
    learningRate: 1e-3,
    settings: (options) => ({ ...momentSettings(name, options), amsgrad: options.amsgrad ?? false }),
    layout: ({ amsgrad }, parameter) => {
      const arrays = momentArrays(parameter);
      return { arrays: amsgrad ? [...arrays, { name: "maxExpAvgSq", size: parameter.size }] : arrays };
    },
  };
}

/**
 * Adam: m = β₁m + (1 − β₁)g, v = β₂v + (1 − β₂)g², p −= learningRate·m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and
 * v̂ = v/(1 − β₂ᵗ). Costs 8 bytes a number, 12 with `amsgrad`.
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
 * Source: Kingma & Ba 2014, arXiv:1412.6980, in the form of `torch.optim.Adam`; AMSGrad: Reddi, Kale & Kumar 2018,
 * "On the convergence of Adam and beyond", algorithm 2.
 */
export class Adam extends Optimizer<AdamOptions, AdamSettings> {
  protected readonly decoupled: boolean = false;

  /**
   * @param rule that of the class itself when it is another one.
   * @throws {OptionError} when an option is out of range, or the parameters are none.
   */
  constructor(parameters: Learnable<AdamOptions>, options: AdamOptions = {}, rule = adamRule("Adam")) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings }: Run<AdamSettings>): void {
    const { betas, epsilon, weightDecay } = settings;
    const [beta1, beta2] = betas;
    engine().kernels.adamStep(
      blocks,
      count,
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      1 - power(beta1, steps + 1),
      Math.sqrt(1 - power(beta2, steps + 1)),
      Number(this.decoupled),
    );
  }
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

  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<AdamOptions>, options: AdamOptions = {}) {
    super(parameters, { ...options, weightDecay: options.weightDecay ?? 0.01 }, adamRule("AdamW"));
  }
}
