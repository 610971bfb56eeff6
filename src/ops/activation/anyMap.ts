import { requireKnown } from "../../runtime/options.ts";
import type { Activation } from "./activation.ts";
import type { ActivationOptions } from "./builtIn.ts";
import type { CatalogueName, CatalogueOptions } from "./catalogue.ts";
import type { ExpressionParameters } from "./expression/expression.ts";
import { type ActivationMap, mapOfAny } from "./maps.ts";
import { activation } from "./named.ts";

/**
 * Any activation as a map over plain `Float32Array`s and tensors, as those of `activations` are: by a name of the catalogue
 * with its options, from the text of an expression with its parameters, or one that was made.
 *
 * ```ts
 * const mish = activationMap("mish");
 * mish(Float32Array.of(0, 30)); // [0, 30]
 * mish.derivative(Float32Array.of(0, 30)); // [0.6, 1]
 * const bump = activationMap("exp(-b * x ^ 2)", { b: 2 });
 * const x = Float32Array.of(0, 1);
 * bump(x, { into: x }) === x; // true
 * ```
 *
 * Its functions take no option but `into`.
 * @throws {OptionError} and {ExpressionError} as `activation` does.
 */
export function activationMap(given: Activation): ActivationMap;
export function activationMap<Name extends CatalogueName>(name: Name, options?: CatalogueOptions<Name>): ActivationMap;
export function activationMap(text: string, parameters?: ExpressionParameters | ActivationOptions): ActivationMap;
export function activationMap(given: string | Activation, parameters: object = {}): ActivationMap {
  const f = activation(given as string, parameters as ExpressionParameters);
  return mapOfAny(f.name, (options) => {
    requireKnown(f.name, options, ["into"]);
    return f;
  });
}
