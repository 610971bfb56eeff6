import type { Module } from "../nn/module.ts";
import { engine } from "../runtime/engine.ts";
import { NumericError, OptionError } from "../runtime/errors.ts";
import type { Parameter } from "../tensor/parameter.ts";
import { clipGradNorm } from "./optimizer.ts";

/** The codes of the kernel `binary`. */
const MAXIMUM = 4;
const MINIMUM = 5;

/**
 * Cuts every number of every gradient to the range from −clipValue to clipValue, as
 * `torch.nn.utils.clip_grad_value_`. Frozen parameters are left alone.
 *
 * ```ts
 * const weight = new Parameter([2]);
 * sum(mul(weight, tensor([3, -0.25]))).backward();
 * clipGradValue([weight], 0.5);
 * weight.grad; // [0.5, -0.25]
 * ```
 *
 * @throws {OptionError} when clipValue is not positive; {NumericError} when a gradient is NaN or infinite (nothing is
 *   changed).
 */
export function clipGradValue(parameters: readonly Parameter[], clipValue: number): void {
  if (!(typeof clipValue === "number" && clipValue > 0)) {
    throw new OptionError(`clipGradValue clipValue: expected a number > 0, got ${clipValue}`);
  }
  const e = engine();
  const learning = parameters.filter((parameter) => parameter.requiresGrad && parameter.hasGradient());
  const spoilt = learning.find(({ gradientAddress, size }) => e.kernels.allFinite(gradientAddress, size) === 0);
  if (spoilt) {
    throw new NumericError(
      `clipGradValue: expected finite gradients, got one of [${spoilt.shape}] that is NaN or infinite`,
    );
  }
  e.arena.open();
  try {
    const [low, high] = [e.allocate(1), e.allocate(1)];
    e.kernels.fill(low, 1, -clipValue);
    e.kernels.fill(high, 1, clipValue);
    for (const { gradientAddress: gradient, size } of learning) {
      e.kernels.binary(MAXIMUM, gradient, low, gradient, 1, size, size, 1, 0, 0);
      e.kernels.binary(MINIMUM, gradient, high, gradient, 1, size, size, 1, 0, 0);
    }
  } finally {
    e.arena.close();
  }
}

/**
 * Scales the gradients of each layer so that the norm of its own is at most `maxNorm`: one layer whose gradient explodes does
 * not take the step from all others. A layer is a module that holds parameters itself; of a stack of recurrent layers, each
 * layer with its directions.
 *
 * ```ts
 * const model = new Sequential(new LSTM({ inputSize: 2, hiddenSize: 3, layers: 2 }), new LastStep());
 * sum(model.forward(ones([5, 1, 2])) as Tensor).backward();
 * Object.keys(clipGradNormPerLayer(model, 1)); // ["0 l0", "0 l1"]
 * ```
 *
 * @returns the norm of each layer before, by its name.
 * @throws {OptionError} when maxNorm is not positive; {NumericError} when a norm is not finite (no layer is changed).
 */
export function clipGradNormPerLayer(model: Module, maxNorm: number): Record<string, number> {
  const layers = new Map<string, Parameter[]>();
  for (const [name, parameter] of model.namedParameters()) {
    const layer = layerOf(name);
    layers.set(layer, [...(layers.get(layer) ?? []), parameter]);
  }
  // Measured without a bound first, so that a fault in the last layer leaves the first one as it was.
  for (const [layer, parameters] of layers) {
    try {
      clipGradNorm(parameters, Number.POSITIVE_INFINITY);
    } catch (cause) {
      throw new NumericError(`clipGradNormPerLayer ${layer}: ${(cause as Error).message}`, { layer }, { cause });
    }
  }
  return Object.fromEntries([...layers].map(([layer, parameters]) => [layer, clipGradNorm(parameters, maxNorm)]));
}

/** `lstm l1` of `lstm.weight_hh_l1_reverse`, `head` of `head.weight`, and nothing of `weight`. */
function layerOf(name: string): string {
  const [, path = "", own = ""] = /^(?:(.*)\.)?([^.]*)$/.exec(name) ?? [];
  const [layer] = /(?<=_)l\d+(?=_|$)/.exec(own) ?? [];
  return [path, layer].filter(Boolean).join(" ");
}
