/** One step of learning: forward, loss, backward, clipping, the optimizer's step. */
import { inScope } from "../autograd/noGrad.ts";
import type { Batch } from "../data/dataset.ts";
import type { Module } from "../nn/module.ts";
import { detachState } from "../nn/recurrent/state.ts";
import { mul } from "../ops/elementwise.ts";
import { clipGradNorm, type Optimizer } from "../optim/optimizer.ts";
import { engine } from "../runtime/engine.ts";
import { NumericError, OptionError } from "../runtime/errors.ts";
import { generator } from "../runtime/random.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Portion } from "./feed.ts";
import { originOfGradient, originOfLoss, tellOrigin } from "./guard.ts";

/**
 * From what a model says and what it should say to a single number; a third argument `{ lengths: Lengths }` comes with
 * batches that have lengths and a target for every time step.
 */
// biome-ignore lint/suspicious/noExplicitAny: losses take options of many kinds, most of them no lengths.
export type Loss = (output: Tensor, target: Tensor, options?: any) => Tensor;

/** Whether a batch continues the one before, and from which state. */
export interface Carry {
  readonly carries: boolean;
  readonly state: unknown;
}

/** What a model makes of a batch. */
interface Outcome {
  readonly output: Tensor;
  readonly loss: Tensor;
  /** Where the next batch may begin, of a model that has a state. */
  readonly state: unknown;
}

/** What a step has found. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number | undefined;
  /** A copy of the state after it, where batches continue each other. */
  readonly state: unknown;
}

/** A model, its loss and its optimizer, a step at a time. */
export class Learner {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly #loss: Loss;
  readonly #clipNorm: number | undefined;

  constructor(model: Module, loss: Loss, optimizer: Optimizer, clipNorm: number | undefined) {
    this.model = model;
    this.#loss = loss;
    this.optimizer = optimizer;
    this.#clipNorm = clipNorm;
  }

  /** Forward and loss. @throws {OptionError} when batches continue each other and the model returns no state. */
  pass(batch: Batch, carry: Carry): Outcome {
    return passOf(this.model, this.#loss, batch, carry);
  }

  /**
   * Learns from one portion. Batches are fetched inside the step, so that what a dataset computes for them is forgotten
   * with it.
   * @throws {NumericError} when a loss or gradient is not finite. Whatever is thrown, parameters, buffers and the
   *   generator are as they were.
   */
  step(number: number, { parts }: Portion, carry: Carry): StepResult {
    const putBack = this.model.keepBuffers();
    const { standing } = generator;
    try {
      return inScope(() => this.#learn(number, parts, carry));
    } catch (error) {
      putBack();
      generator.standing = standing;
      throw error;
    }
  }

  #learn(number: number, parts: Portion["parts"], { carries, state: first }: Carry): StepResult {
    this.optimizer.zeroGrad();
    let [value, state] = [0, first];
    for (const { share, fetch } of parts) {
      const one = (): void => {
        const found = this.#gather(number, fetch(), share, { carries, state });
        value += share * found.loss;
        state = found.state;
      };
      // The memory of one batch is used again for the next, but a step of one batch needs no scope of its own.
      if (parts.length === 1) one();
      else inScope(one);
    }
    const { parameters } = this.optimizer;
    const gradientNorm = this.#clipNorm === undefined ? undefined : clipGradNorm(parameters, this.#clipNorm);
    this.optimizer.step();
    return { loss: Math.fround(value), gradientNorm, state };
  }

  /** Adds the gradients of one batch, scaled, to those there are. */
  #gather(number: number, batch: Batch, share: number, carry: Carry): { loss: number; state: unknown } {
    const { standing } = generator;
    const { loss, state } = this.pass(batch, carry);
    const value = loss.item();
    const again = (): Tensor => {
      generator.standing = standing;
      return this.pass(batch, carry).loss;
    };
    if (!Number.isFinite(value)) {
      const origin = originOfLoss(this.model, batch, again);
      const where = tellOrigin(origin);
      throw new NumericError(
        `fit step ${number}: expected a finite loss, got ${value}${where}; a smaller learning rate may help`,
        origin,
      );
    }
    const shareOf = (whole: Tensor): Tensor => (share === 1 ? whole : mul(whole, share));
    shareOf(loss).backward();
    if (this.#isSpoilt()) {
      const origin = originOfGradient(this.model, batch, (input) => {
        generator.standing = standing;
        return shareOf(this.pass({ ...batch, input }, carry).loss);
      });
      const where = tellOrigin(origin);
      throw new NumericError(
        `fit step ${number}: expected finite gradients, got one that is NaN or infinite${where}`,
        origin,
      );
    }
    return { loss: value, state: carry.carries ? detachState(state) : undefined };
  }

  /** Whether a gradient is not finite. */
  #isSpoilt(): boolean {
    const { kernels } = engine();
    return this.optimizer.parameters.some((p) => p.hasGradient() && kernels.allFinite(p.gradientAddress, p.size) === 0);
  }
}

/** Forward and loss. @throws {OptionError} when batches continue each other and the model returns no state. */
export function passOf(
  model: Module,
  loss: Loss,
  { input, target, lengths }: Batch,
  { carries, state }: Carry,
): Outcome {
  const told = lengths === undefined ? {} : { lengths };
  const plain = lengths === undefined && !carries;
  const result = plain ? model.forward(input) : model.forward(input, state, told);
  const output = outputOf(result);
  const next = (result as { state?: unknown }).state;
  if (carries && next === undefined) {
    throw new OptionError("Trainer model: expected forward(x, state) to return { output, state }, got no state");
  }
  const padded = lengths !== undefined && isOverTime(input, target);
  return { output, loss: padded ? loss(output, target, { lengths }) : loss(output, target), state: next };
}

/** Whether there is a target for every time step of the input: its first two axes are the input's. */
export function isOverTime(input: Tensor, target: Tensor): boolean {
  const [steps, batch] = target.shape;
  return target.shape.length >= 2 && input.shape[0] === steps && input.shape[1] === batch;
}

/** A model may return a tensor, or an object with an `output` as recurrent layers do. */
export function outputOf(result: unknown): Tensor {
  if (result instanceof Tensor) return result;
  const output = (result as { output?: unknown } | null)?.output;
  if (output instanceof Tensor) return output;
  throw new OptionError("Trainer model: expected forward() to return a tensor or { output }, got neither");
}
