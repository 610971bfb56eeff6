import { OptionError } from "../../runtime/errors.ts";
import { nearest } from "../../runtime/nearest.ts";
import { requireKnown } from "../../runtime/options.ts";
import type { Activation } from "./activation.ts";
import { type ActivationName, type ActivationOptions, activationNames, builtIn } from "./builtIn.ts";
import { activationCatalogue, type CatalogueEntry, type CatalogueName, type CatalogueOptions } from "./catalogue.ts";
import { type Expression, type ExpressionParameters, expression } from "./expression/expression.ts";

/**
 * An activation by name, with its options: what the `activation` option of a layer takes besides a bare name; the names are
 * those of the core and of `activationCatalogue`. Or one of your own, from the text of an expression in x, with the values of
 * its parameters.
 *
 * ```ts
 * const leaky = activation("leakyRelu", { negativeSlope: 0.1 });
 * const swish = activation("x * sigmoid(beta * x)", { beta: 1.5 });
 * swish.apply(tensor([0, 2])); // [0, 2 / (1 + Math.exp(-3))]
 * swish.derivativeText; // "sigmoid(x * beta) + x * (beta * (sigmoid(x * beta) * (1 - sigmoid(x * beta))))"
 * const layer = new GRU({ inputSize: 1, hiddenSize: 2, activation: swish });
 * layer.activation.name; // "x * sigmoid(beta * x)"
 * ```
 *
 * A parameter given as `{ learn: 1 }` is learned: it starts from 1, and every layer that the activation is given to has it
 * among its parameters, as `activation.beta` (or `gateActivation.beta`). Its gradient is one sum over all numbers, so the way
 * back through such a layer runs on one thread. Names whose entry in the catalogue says `learned` learn what is not given.
 *
 * ```ts
 * const adaptive = new RNN({ inputSize: 1, hiddenSize: 4, activation: activation("x * sigmoid(beta * x)", { beta: { learn: 1 } }) });
 * adaptive.namedParameters().map(([name]) => name).at(-1); // "activation.beta"
 * [...activation("prelu").learned.keys()]; // ["a"]
 * ```
 *
 * An expression is made of numbers, x, parameters, pi, e, `+ - * / ^`, comparisons and the functions abs, min, max, clamp,
 * where, sign, exp, expm1, log, log1p, sqrt, pow, sin, cos, sinh, cosh, tanh, atan, asinh, erf, sigmoid, softplus and relu.
 * It is differentiated, and compiled to a WebAssembly module of its own in less than a millisecond. At a corner its derivative
 * is one of the two sides': that of abs and relu at 0 is 0, that of min and max is the second one's where both are equal, and
 * that of where is the side's that it takes. `a ^ b` is by products for whole numbers b up to 64, else exp(b·log a), which is
 * NaN for a < 0. Memory: a few kilobytes of code for each different expression, given back with the last that uses it.
 *
 * @throws {OptionError} when there is no such activation, or an option is out of range; {ExpressionError} where the text is
 *   no expression.
 */
export function activation(name: ActivationName | Activation, options?: ActivationOptions): Activation;
export function activation<Name extends CatalogueName>(name: Name, options?: CatalogueOptions<Name>): Expression;
export function activation(text: string, parameters?: ExpressionParameters): Expression;
export function activation(given: string | Activation, options: object = {}): Activation {
  if (typeof given === "object" && given !== null) return given;
  if (typeof given !== "string") {
    throw new OptionError(`activation: expected a name or an expression, got ${JSON.stringify(given)}`);
  }
  if (activationNames.includes(given as ActivationName)) return builtIn(given as ActivationName, options);
  if (Object.hasOwn(activationCatalogue, given)) return fromCatalogue(given as CatalogueName, options);
  const word = given.trim();
  if (/^[A-Za-z_]\w*$/.test(word) && word !== "x" && !Object.hasOwn(options, word)) {
    const names = [...activationNames, ...Object.keys(activationCatalogue)];
    throw new OptionError(
      `activation: expected one of ${names.join(", ")}, or an expression in x, got ${JSON.stringify(given)}${nearest(word, names)}`,
    );
  }
  return expression(given, options as ExpressionParameters);
}

function fromCatalogue(name: CatalogueName, options: object): Expression {
  const { formula, options: defaults, learned = false, kernel = null }: CatalogueEntry = activationCatalogue[name];
  requireKnown(name, options, Object.keys(defaults));
  const initial = Object.entries(defaults).map(([option, value]) => [option, learned ? { learn: value } : value]);
  return expression(formula, { ...Object.fromEntries(initial), ...options }, name, kernel);
}
