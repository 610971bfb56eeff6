import { engine } from "../runtime/engine.ts";
import { NumericError, OptionError } from "../runtime/errors.ts";
import { Parameter } from "../tensor/parameter.ts";

/** State blocks of an optimizer go back to the heap when nothing refers to it any more. */
const registry = new FinalizationRegistry<readonly number[]>((addresses) => {
  for (const address of addresses) engine().heap.release(address);
});

/** Changes parameters by their gradients. */
export abstract class Optimizer {
  readonly parameters: readonly Parameter[];
  #learningRate: number;

  /** @throws {OptionError} when there is nothing to learn, or the learning rate is negative or not finite. */
  protected constructor(name: string, parameters: readonly Parameter[], learningRate: number) {
    if (parameters.length === 0) throw new OptionError(`${name}: expected parameters, got none`);
    const stranger = parameters.findIndex((parameter) => !(parameter instanceof Parameter));
    if (stranger >= 0)
      throw new OptionError(`${name}: expected parameters, got ${typeof parameters[stranger]} at ${stranger}`);
    this.parameters = [...new Set(parameters)];
    this.#learningRate = checkLearningRate(learningRate);
  }

  /** May be changed between steps. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** @throws {OptionError} when negative or not finite. */
  set learningRate(value: number) {
    this.#learningRate = checkLearningRate(value);
  }

  /** One block of zeros for each parameter, held as long as the optimizer is. */
  protected reserveState(): number[] {
    const { heap, kernels } = engine();
    const blocks = this.parameters.map((parameter) => heap.allocate(parameter.size * 4));
    this.parameters.forEach((parameter, i) => {
      kernels.fill(blocks[i] as number, parameter.size, 0);
    });
    registry.register(this, blocks);
    return blocks;
  }

  /** Changes one parameter, whose gradient is there. */
  protected abstract update(parameter: Parameter, index: number): void;

  /** Changes every parameter that has a gradient, then ends the step: what it computed may be forgotten. */
  step(): void {
    this.parameters.forEach((parameter, i) => {
      if (!parameter.hasGradient()) return;
      this.update(parameter, i);
      parameter.version++;
    });
    engine().arena.endStep();
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
