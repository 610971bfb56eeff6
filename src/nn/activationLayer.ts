import type { Activation } from "../ops/activation/activation.ts";
import { type ActivationName, activationOf } from "../ops/activation/builtIn.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/**
 * An activation as a module, for `Sequential` and for models that list their parts: y = f(x). What the activation learns is
 * among its parameters, as `activation.NAME`.
 *
 * ```ts
 * const model = new Sequential(
 *   new Linear({ inputSize: 3, outputSize: 8 }),
 *   new ActivationLayer(activation("prelu")),
 *   new Linear({ inputSize: 8, outputSize: 1 }),
 * );
 * model.forward(normal([5, 3])).shape; // [5, 1]
 * model.namedParameters().map(([name]) => name); // ["0.weight", "0.bias", "1.activation.a", "2.weight", "2.bias"]
 * ```
 *
 * It is no part of a stream: give recurrent layers their activations themselves.
 */
export class ActivationLayer extends Module {
  readonly activation: Activation;

  /** @throws {OptionError} when there is no such activation. */
  constructor(activation: ActivationName | Activation) {
    super();
    this.activation = this.registerActivation("activation", activationOf(activation));
  }

  override forward(x: Tensor): Tensor {
    return this.activation.apply(x);
  }
}
