import { engine } from "../runtime/engine.ts";
import { NumericError, OptionError } from "../runtime/errors.ts";
import { optimizerBlock } from "../runtime/plan.ts";
import { Parameter } from "../tensor/parameter.ts";

/** The memory of an optimizer goes back to the heap when nothing refers to it any more. */
const registry = /* @__PURE__ */ new FinalizationRegistry<readonly number[]>((addresses) => {
  for (const address of addresses) engine().heap.release(address);
});

/** Bytes of one block in the list that the kernels work through. */
const blockBytes = (): number => optimizerBlock.length * 4;

/** Changes parameters by their gradients. */
export abstract class Optimizer {
  readonly parameters: readonly Parameter[];
  /** How often each parameter has been changed. */
  readonly #steps: number[];
  /** Where the kernels find the parameters: one block each. */
  readonly #blocks: number;
  #learningRate: number;

  /**
   * @param states how many arrays of a parameter's size are kept for each parameter, from 0 to 2; they start as zeros.
   * @throws {OptionError} when there is nothing to learn, or the learning rate is negative or not finite.
   */
  protected constructor(name: string, parameters: readonly Parameter[], learningRate: number, states: number) {
    if (parameters.length === 0) throw new OptionError(`${name}: expected parameters, got none`);
    const stranger = parameters.findIndex((parameter) => !(parameter instanceof Parameter));
    if (stranger >= 0)
      throw new OptionError(`${name}: expected parameters, got ${typeof parameters[stranger]} at ${stranger}`);
    this.parameters = [...new Set(parameters)];
    this.#steps = this.parameters.map(() => 0);
    this.#learningRate = checkLearningRate(learningRate);
    this.#blocks = this.#reserve(states);
  }

  /** Writes the list of blocks, which holds for as long as the optimizer does: parameters never move. */
  #reserve(states: number): number {
    const { heap, kernels } = engine();
    const list = heap.allocate(this.parameters.length * blockBytes());
    const kept = [list];
    const state = (size: number): number => {
      const address = heap.allocate(size * 4);
      kernels.fill(address, size, 0);
      kept.push(address);
      return address;
    };
    registry.register(this, kept);
    this.parameters.forEach(({ address, gradientBlock, size }, i) => {
      const firstState = states > 0 ? state(size) : 0;
      const secondState = states > 1 ? state(size) : 0;
      const fields = { parameter: address, gradient: gradientBlock, firstState, secondState, count: size };
      optimizerBlock(fields, list + i * blockBytes());
    });
    return list;
  }

  /** May be changed between steps. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** @throws {OptionError} when negative or not finite. */
  set learningRate(value: number) {
    this.#learningRate = checkLearningRate(value);
  }

  /**
   * Changes parameters that have a gradient.
   * @param blocks the address of the first one's block; @param count how many there are in a row.
   * @param steps how often all of them have been changed before.
   */
  protected abstract update(blocks: number, count: number, steps: number): void;

  /** Changes every parameter that has a gradient, then ends the step: what it computed may be forgotten. */
  step(): void {
    let start = 0;
    while (start < this.parameters.length) {
      const end = this.#endOfRun(start);
      if (end > start) this.#change(start, end);
      start = Math.max(end, start + 1);
    }
    engine().arena.endStep();
  }

  /** The end of the run of parameters that have a gradient and have been changed as often as the first of them. */
  #endOfRun(start: number): number {
    const { parameters } = this;
    let end = start;
    while (end < parameters.length && this.#steps[end] === this.#steps[start] && parameters[end]?.hasGradient()) end++;
    return end;
  }

  #change(start: number, end: number): void {
    this.update(this.#blocks + start * blockBytes(), end - start, this.#steps[start] as number);
    for (let i = start; i < end; i++) {
      (this.#steps[i] as number)++;
      (this.parameters[i] as Parameter).version++;
    }
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.clearGradient();
  }
}

function checkLearningRate(value: number): number {
  return requireRange("learningRate", value, 0, Number.MAX_VALUE);
}

/** @throws {OptionError} unless low ≤ value ≤ high. */
export function requireRange(what: string, value: number, low: number, high: number): number {
  if (!(value >= low && value <= high)) {
    const wanted = high === Number.MAX_VALUE ? `a finite number ≥ ${low}` : `a number from ${low} to ${high}`;
    throw new OptionError(`${what}: expected ${wanted}, got ${value}`);
  }
  return value;
}

/**
 * Scales all gradients so that their common Euclidean norm is at most `maxNorm`.
 *
 * ```ts
 * const weight = new Parameter([2]);
 * sum(mul(weight, tensor([3, 4]))).backward();
 * clipGradNorm([weight], 1); // 5
 * weight.grad; // [0.6, 0.8]
 * ```
 *
 * @returns the norm before.
 * @throws {OptionError} when maxNorm is not positive; {NumericError} when the norm is not finite (nothing is changed).
 * Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks".
 */
export function clipGradNorm(parameters: readonly Parameter[], maxNorm: number): number {
  if (!(maxNorm > 0)) throw new OptionError(`clipGradNorm maxNorm: expected a number > 0, got ${maxNorm}`);
  const { kernels } = engine();
  const learning = parameters.filter((parameter) => parameter.hasGradient());
  let squares = 0;
  for (const parameter of learning) squares += kernels.sumOfSquares(parameter.gradientAddress, parameter.size);
  const norm = Math.sqrt(squares);
  if (!Number.isFinite(norm)) throw new NumericError(`clipGradNorm: expected finite gradients, got a norm of ${norm}`);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) {
    for (const { gradientAddress, size } of learning) kernels.scale(gradientAddress, gradientAddress, size, factor);
  }
  return norm;
}
