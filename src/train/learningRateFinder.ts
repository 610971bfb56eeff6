import { inScope } from "../autograd/noGrad.ts";
import { Module } from "../nn/module.ts";
import { clipGradNorm, Optimizer, requireRange } from "../optim/optimizer.ts";
import { realPower } from "../optim/power.ts";
import { engine } from "../runtime/engine.ts";
import { OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { type Generator, type Standings, watchDraws } from "../runtime/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { pauseIfDue } from "./yield.ts";

export interface LearningRateFinderOptions {
  model: Module;
  optimizer: Optimizer;
  /** The loss of a batch, another one for each step: a single number. */
  loss: (step: number) => Tensor;
  /** The first rate; default 1e-7. */
  from?: number;
  /** The last rate; default 10. */
  to?: number;
  /** How many rates there are, at least 2; default 100. */
  steps?: number;
  /** How much of the moving average of losses stays with each step, from 0 to below 1; default 0.9. */
  smoothing?: number;
  /** Stop when the smoothed loss is this many times the best, above 1; default 4. */
  divergence?: number;
  /** Scale gradients to at most this norm, as the training will. */
  clipNorm?: number;
  /** Gives up. */
  signal?: AbortSignal;
}

/** The loss over the learning rate: three lists of one length. */
export interface LearningRateCurve {
  readonly rates: readonly number[];
  /** Of each step's batch, before the step. */
  readonly losses: readonly number[];
  /** Their moving average, without its bias towards the start. */
  readonly smoothed: readonly number[];
  /**
   * Where the smoothed loss falls fastest over the logarithm of the rate, and at most a tenth of the rate where it is
   * lowest; null when it never falls.
   */
  readonly suggestion: number | null;
}

const known = ["model", "optimizer", "loss", "from", "to", "steps", "smoothing", "divergence", "clipNorm", "signal"];

/** The part of the steps at the start whose average is of too few losses to go by. */
const UNSETTLED = 0.1;

/**
 * Tries out learning rates: one step at each of `steps` rates that grow from `from` to `to` by the same factor, until the loss
 * is not finite or has grown `divergence` times. Afterwards weights, buffers, optimizer and random generators are what they were
 * to the bit; gradients are cleared. Never freezes a page.
 *
 * ```ts
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
 * const loss = () => mseLoss(model.forward(tensor([[1], [2]])), tensor([[5], [7]]));
 * const { suggestion } = await findLearningRate({ model, optimizer, loss, from: 1e-4, to: 10 });
 * (suggestion ?? 0) > 1e-3; // true
 * optimizer.learningRate; // 0.1
 * ```
 *
 * Groups with a rate of their own keep their proportion to it.
 *
 * @throws {OptionError} when an option is unknown or out of range; what `loss` throws, and the signal's reason: all is then
 *   what it was as well.
 * Source: Smith 2015, "Cyclical learning rates for training neural networks", arXiv:1506.01186, section 3.3.
 */
export async function findLearningRate(options: LearningRateFinderOptions): Promise<LearningRateCurve> {
  const range = checkOptions(options);
  const { model, optimizer, signal } = options;
  const weights = model.stateDict();
  // An optimizer may also learn what is none of the model's, such as parameters of the loss.
  const learnt = optimizer.parameters.map((parameter) => parameter.toArray().slice());
  const state = optimizer.stateDict();
  const { training } = model;
  const stood = new Map<Generator, Standing>();
  const curve = new Curve(range.smoothing);
  try {
    model.train();
    for (let step = 0; step < range.steps; step++) {
      signal?.throwIfAborted();
      const rate = range.from * realPower(range.to / range.from, step / (range.steps - 1));
      const { result: loss, before } = watchDraws(() => takeStep(options, step, rate));
      for (const [generator, standing] of before) if (!stood.has(generator)) stood.set(generator, standing);
      if (loss === null) break;
      curve.add(rate, loss);
      if (curve.ratio > range.divergence) break;
      await pauseIfDue();
    }
  } finally {
    model.train(training);
    model.loadStateDict(weights);
    optimizer.parameters.forEach((parameter, i) => {
      parameter.set(learnt[i] as ArrayLike<number>);
    });
    optimizer.loadStateDict(state);
    for (const parameter of [...model.parameters(), ...optimizer.parameters]) parameter.clearGradient();
    for (const [generator, standing] of stood) generator.standing = standing;
  }
  return curve.result();
}

type Standing = Standings extends ReadonlyMap<Generator, infer Value> ? Value : never;

function checkOptions(options: LearningRateFinderOptions) {
  const name = "findLearningRate";
  requireKnown(name, options, known);
  if (!(options.model instanceof Module)) {
    throw new OptionError(`${name} model: expected a Module, got ${typeof options.model}`);
  }
  if (!(options.optimizer instanceof Optimizer)) {
    throw new OptionError(`${name} optimizer: expected an Optimizer, got ${typeof options.optimizer}`);
  }
  if (typeof options.loss !== "function") {
    throw new OptionError(`${name} loss: expected a function, got ${typeof options.loss}`);
  }
  if (options.clipNorm !== undefined && !(options.clipNorm > 0)) {
    throw new OptionError(`${name} clipNorm: expected a number > 0, got ${options.clipNorm}`);
  }
  const steps = requireCount(`${name} steps`, options.steps ?? 100);
  if (steps < 2) throw new OptionError(`${name} steps: expected at least 2, got ${steps}`);
  const from = requireRange(`${name} from`, options.from ?? 1e-7, Number.MIN_VALUE, Number.MAX_VALUE);
  return {
    steps,
    from,
    to: requireRange(`${name} to`, options.to ?? 10, from, Number.MAX_VALUE),
    smoothing: requireRange(`${name} smoothing`, options.smoothing ?? 0.9, 0, 1 - Number.EPSILON / 2),
    divergence: requireRange(`${name} divergence`, options.divergence ?? 4, 1, Number.MAX_VALUE),
  };
}

/** One step at a rate; the loss before it, or null when the loss or a gradient is not finite: there is no step then. */
function takeStep({ loss, optimizer, clipNorm }: LearningRateFinderOptions, step: number, rate: number): number | null {
  return inScope(() => {
    const of = loss(step);
    const value = of.item();
    if (!Number.isFinite(value)) return null;
    optimizer.learningRate = rate;
    optimizer.zeroGrad();
    of.backward();
    const { kernels } = engine();
    const learning = optimizer.parameters.filter((parameter) => parameter.hasGradient());
    if (learning.some(({ gradientAddress, size }) => kernels.allFinite(gradientAddress, size) === 0)) return null;
    if (clipNorm !== undefined) clipGradNorm(optimizer.parameters, clipNorm);
    optimizer.step();
    return value;
  });
}

/** A curve while it is drawn. */
class Curve {
  readonly #smoothing: number;
  readonly #rates: number[] = [];
  readonly #losses: number[] = [];
  readonly #smoothed: number[] = [];
  #average = 0;
  /** What the average is short of while it is young: smoothing^steps. */
  #missing = 1;

  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  add(rate: number, loss: number): void {
    this.#average = this.#smoothing * this.#average + (1 - this.#smoothing) * loss;
    this.#missing *= this.#smoothing;
    this.#rates.push(rate);
    this.#losses.push(loss);
    this.#smoothed.push(this.#average / (1 - this.#missing));
  }

  /** How many times the best smoothed loss the last one is; losses below 0 never diverge. */
  get ratio(): number {
    const best = Math.min(...this.#smoothed);
    return best > 0 ? (this.#smoothed.at(-1) as number) / best : 1;
  }

  result(): LearningRateCurve {
    return {
      rates: this.#rates,
      losses: this.#losses,
      smoothed: this.#smoothed,
      suggestion: this.#suggestion(),
    };
  }

  #suggestion(): number | null {
    const smoothed = this.#smoothed;
    const lowest = smoothed.indexOf(Math.min(...smoothed));
    const first = Math.max(1, Math.ceil(UNSETTLED * smoothed.length));
    // Rates grow by one factor, so differences of neighbours compare as slopes over the logarithm.
    let steepest = -1;
    let fall = 0;
    for (let i = first; i < lowest; i++) {
      const slope = (smoothed[i + 1] as number) - (smoothed[i - 1] as number);
      if (slope < fall) {
        fall = slope;
        steepest = i;
      }
    }
    if (steepest < 0) return null;
    return Math.min(this.#rates[steepest] as number, (this.#rates[lowest] as number) / 10);
  }
}
