import { companion } from "../runtime/companion.ts";
import { OptionError } from "../runtime/errors.ts";
import { type Learnable, requireRange } from "./group.ts";
import { Optimizer, type Rule, type Run } from "./optimizer.ts";
import { realPower } from "./power.ts";

export interface AdafactorOptions {
  /** The largest rate there is, or the rate itself without `relativeStep`; default 0.01. */
  learningRate?: number;
  /** Exponent of the decay of the second moment, 1 − t^beta2Decay, from −1 to 0; default −0.8. */
  beta2Decay?: number;
  /** Added to the square of the gradient, and the least size a parameter is taken to have; default [1e-30, 1e-3]. */
  epsilons?: readonly [number, number];
  /** The root mean square an update may have at most, above 0; default 1. */
  clipThreshold?: number;
  /** Taken from the parameter itself, in proportion to `learningRate`; default 0. */
  weightDecay?: number;
  /** Let the rate fall as 1/√t from where that is below `learningRate`; default true. */
  relativeStep?: boolean;
  /** Make the rate a part of the parameter's root mean square; default true. */
  scaleParameter?: boolean;
}

type AdafactorSettings = Required<Omit<AdafactorOptions, "learningRate">>;

const rule: Rule<AdafactorOptions, AdafactorSettings> = {
  name: "Adafactor",
  known: ["learningRate", "beta2Decay", "epsilons", "clipThreshold", "weightDecay", "relativeStep", "scaleParameter"],
  learningRate: 0.01,
  settings(options) {
    const epsilons: unknown = options.epsilons ?? [1e-30, 1e-3];
    if (!Array.isArray(epsilons) || epsilons.length !== 2) {
      throw new OptionError(`Adafactor epsilons: expected two numbers, got ${epsilons}`);
    }
    return {
      beta2Decay: requireRange("Adafactor beta2Decay", options.beta2Decay ?? -0.8, -1, 0),
      epsilons: [
        // Less would be 0 in float32, and a gradient of zeros would be divided by its size.
        requireRange("Adafactor epsilons[0]", epsilons[0], 1e-36, Number.MAX_VALUE),
        requireRange("Adafactor epsilons[1]", epsilons[1], 0, Number.MAX_VALUE),
      ],
      clipThreshold: requireRange(
        "Adafactor clipThreshold",
        options.clipThreshold ?? 1,
        Number.MIN_VALUE,
        Number.MAX_VALUE,
      ),
      weightDecay: requireRange("Adafactor weightDecay", options.weightDecay ?? 0, 0, Number.MAX_VALUE),
      relativeStep: options.relativeStep ?? true,
      scaleParameter: options.scaleParameter ?? true,
    };
  },
  layout(_, { shape, size }) {
    if (shape.length < 2) return { arrays: [{ name: "variance", size }] };
    const rows = shape[0] as number;
    const columns = rows > 0 ? size / rows : 0;
    const arrays = [
      { name: "rowVariance", size: rows },
      { name: "columnVariance", size: columns },
    ];
    return { arrays, rows };
  },
};

/**
 * Adafactor, Adam's adaptive rate at almost no memory: of a matrix, the second moment is kept as its means r over columns
 * and c over rows alone. With s = g² + ε₁ and β = 1 − t^beta2Decay,
 * r = βr + (1 − β)·mean_j s, c = βc + (1 − β)·mean_i s, v = r·c/mean(r); a vector keeps v = βv + (1 − β)s itself;
 * u = g/√v, p −= α·u/max(1, RMS(u)/clipThreshold), α = min(learningRate, 1/√t)·max(ε₂, RMS(p)).
 * Costs 4 bytes for each row and each column, 4 bytes a number of a vector. A tensor of more axes is the matrix of its
 * first axis by all others.
 *
 * ```ts
 * const optimizer = new Adafactor([new Parameter([1000, 300]), new Parameter([1000])]);
 * Object.keys(optimizer.stateDict().arrays); // ["0.rowVariance", "0.columnVariance", "1.variance"]
 * ```
 *
 * Source: Shazeer & Stern 2018, "Adafactor: adaptive learning rates with sublinear memory cost", arXiv:1804.04235,
 * algorithms 4 to 6, without momentum.
 */
export class Adafactor extends Optimizer<AdafactorOptions, AdafactorSettings> {
  /** @throws {OptionError} when an option is out of range, or the parameters are none. */
  constructor(parameters: Learnable<AdafactorOptions>, options: AdafactorOptions = {}) {
    super(rule, parameters, options);
  }

  protected override update({ blocks, count, steps, learningRate, settings }: Run<AdafactorSettings>): void {
    const step = steps + 1;
    companion().adafactorStep(
      blocks,
      count,
      settings.relativeStep ? Math.min(learningRate, 1 / Math.sqrt(step)) : learningRate,
      // t^0 = 1, and so is 1^anything: nothing is kept.
      1 - realPower(step, settings.beta2Decay),
      settings.epsilons[0],
      settings.scaleParameter ? settings.epsilons[1] : -1,
      settings.clipThreshold,
      learningRate * settings.weightDecay,
    );
  }
}
