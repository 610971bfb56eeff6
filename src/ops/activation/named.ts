import type { Activation } from "./activation.ts";
import { type ActivationName, type ActivationOptions, builtIn } from "./builtIn.ts";

/**
 * An activation by name, with its options: what the `activation` option of a layer takes besides a bare name.
 *
 * ```ts
 * const layer = new RNN({ inputSize: 1, hiddenSize: 2, activation: activation("leakyRelu", { negativeSlope: 0.1 }) });
 * layer.activation.name; // "leakyRelu"
 * ```
 *
 * @throws {OptionError} when there is no such activation, or an option is out of range.
 */
export function activation(name: ActivationName, options?: ActivationOptions): Activation {
  return builtIn(name, options);
}
