import type { PlainParameter } from "./parameter.ts";

/** Stochastic gradient descent without momentum. */
export class PlainSGD {
  readonly #parameters: readonly PlainParameter[];
  readonly #learningRate: number;

  constructor(parameters: readonly PlainParameter[], learningRate: number) {
    this.#parameters = parameters;
    this.#learningRate = learningRate;
  }

  /** w -= rate·g, then clears the gradients. */
  step(): void {
    for (const { value, gradient } of this.#parameters) {
      for (let i = 0; i < value.length; i++) value[i] -= this.#learningRate * gradient[i];
      gradient.fill(0);
    }
  }
}
