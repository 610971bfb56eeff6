/**
 * `unrolled/activations`: the functions themselves, on arrays, by name or by expression, and as what a layer is given.
 * The same objects as in `unrolled`.
 */

export { ActivationLayer } from "../nn/activationLayer.ts";
export { Activation } from "../ops/activation/activation.ts";
export { activationMap } from "../ops/activation/anyMap.ts";
export type { ActivationName, ActivationOptions } from "../ops/activation/builtIn.ts";
export {
  activationCatalogue,
  type CatalogueEntry,
  type CatalogueName,
  type CatalogueOptions,
} from "../ops/activation/catalogue.ts";
export {
  Expression,
  type ExpressionParameters,
  type LearnedParameter,
} from "../ops/activation/expression/expression.ts";
export { glu } from "../ops/activation/gated.ts";
export { type ActivationMap, type ArrayMapOptions, activations } from "../ops/activation/maps.ts";
export { activation } from "../ops/activation/named.ts";
export { type RandomizedReluOptions, rrelu } from "../ops/activation/randomized.ts";
export { sparsemax } from "../ops/activation/sparsemax.ts";
export { logSoftmax, softmax, softmin } from "../ops/softmax.ts";
export { ExpressionError, OptionError, UnrolledError } from "../runtime/errors.ts";
