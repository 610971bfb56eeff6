import type { PlainParameter } from "./parameter.ts";

/** Adam (Kingma & Ba 2015) with bias correction, betas 0.9 and 0.999, epsilon 1e-8. */
export class PlainAdam {
  readonly #parameters: readonly PlainParameter[];
  readonly #first: Float32Array[];
  readonly #second: Float32Array[];
  readonly #learningRate: number;
  #steps = 0;

  constructor(parameters: readonly PlainParameter[], learningRate: number) {
    this.#parameters = parameters;
    this.#first = parameters.map(({ value }) => new Float32Array(value.length));
    this.#second = parameters.map(({ value }) => new Float32Array(value.length));
    this.#learningRate = learningRate;
  }

  /** w -= rate·m̂ / (√v̂ + epsilon), then clears the gradients. */
  step(): void {
    this.#steps++;
    const firstCorrection = 1 - 0.9 ** this.#steps;
    const secondCorrection = Math.sqrt(1 - 0.999 ** this.#steps);
    const rate = this.#learningRate / firstCorrection;
    for (let p = 0; p < this.#parameters.length; p++) {
      const { value, gradient } = this.#parameters[p];
      const m = this.#first[p];
      const v = this.#second[p];
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i];
        const mi = 0.9 * m[i] + 0.1 * g;
        const vi = 0.999 * v[i] + 0.001 * g * g;
        m[i] = mi;
        v[i] = vi;
        value[i] -= (rate * mi) / (Math.sqrt(vi) / secondCorrection + 1e-8);
      }
      gradient.fill(0);
    }
  }
}
