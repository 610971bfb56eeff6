import { engine } from "../../runtime/engine.ts";
import { OptionError } from "../../runtime/errors.ts";
import { requireKnown } from "../../runtime/options.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Activation, type ActivationSlots } from "./activation.ts";

const least = Number.NEGATIVE_INFINITY;
const largest = Number.POSITIVE_INFINITY;

/** An activation that the engine's core has, and the number it has there. */
interface Kind {
  readonly kind: number;
  readonly range: readonly [number, number];
  /** The derivative is computed from f(x) alone. */
  readonly derivedFromResult?: true;
  readonly options?: readonly (keyof ActivationOptions)[];
}

/** The names an `activation` option takes. */
export type ActivationName =
  | "identity"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "softplus"
  | "gelu"
  | "silu"
  | "exponential";

const kinds = {
  identity: { kind: 0, range: [least, largest], derivedFromResult: true },
  sigmoid: { kind: 1, range: [0, 1], derivedFromResult: true },
  tanh: { kind: 2, range: [-1, 1], derivedFromResult: true },
  relu: { kind: 3, range: [0, largest], derivedFromResult: true },
  leakyRelu: { kind: 4, range: [least, largest], options: ["negativeSlope"] },
  elu: { kind: 5, range: [least, largest], options: ["alpha"] },
  softplus: { kind: 6, range: [0, largest] },
  gelu: { kind: 7, range: [-0.17, largest], options: ["approximate"] },
  silu: { kind: 9, range: [-0.279, largest] },
  exponential: { kind: 10, range: [0, largest], derivedFromResult: true },
} as const satisfies Record<ActivationName, Kind>;

/** gelu in its form with tanh. */
const GELU_TANH = 8;

/** Options of the activations that have any. */
export interface ActivationOptions {
  /** leakyRelu: the slope below 0; default 0.01. */
  negativeSlope?: number;
  /** elu: the depth below 0; default 1. */
  alpha?: number;
  /** gelu: the exact formula, or the one with tanh; default "none". */
  approximate?: "none" | "tanh";
}

/** @throws {OptionError} when there is no such activation, or an option is out of range. */
export function builtIn(name: ActivationName, options: ActivationOptions = {}): Activation {
  if (!Object.hasOwn(kinds, name)) {
    throw new OptionError(
      `activation: expected one of ${activationNames.join(", ")}, got ${JSON.stringify(name)}; activation(name) makes any other`,
    );
  }
  const known: Kind = kinds[name];
  requireKnown(name, options, known.options ?? []);
  const kind = name === "gelu" && approximation(options) === "tanh" ? GELU_TANH : known.kind;
  const parameter = parameterOf(name, options);
  let slots: ActivationSlots | null = null;
  return new Activation({
    name,
    range: known.range,
    derivedFromResult: known.derivedFromResult ?? false,
    parameters: parameter === null ? null : Tensor.fromArray(Float32Array.of(parameter), [1]),
    slots: () => {
      slots ??= slotsOf(kind);
      return slots;
    },
  });
}

function slotsOf(kind: number): ActivationSlots {
  const { kernels } = engine();
  return { forwardSlot: kernels.activationForwardSlot(kind), backwardSlot: kernels.activationBackwardSlot(kind) };
}

function approximation({ approximate = "none" }: ActivationOptions): "none" | "tanh" {
  if (approximate !== "none" && approximate !== "tanh") {
    throw new OptionError(`gelu approximate: expected "none" or "tanh", got ${JSON.stringify(approximate)}`);
  }
  return approximate;
}

function parameterOf(name: ActivationName, { negativeSlope = 0.01, alpha = 1 }: ActivationOptions): number | null {
  if (name !== "leakyRelu" && name !== "elu") return null;
  const [option, value] = name === "elu" ? ["alpha", alpha] : ["negativeSlope", negativeSlope];
  if (!Number.isFinite(value)) {
    throw new OptionError(
      `${name}: expected a finite ${option}, got ${typeof value === "object" ? JSON.stringify(value) : value}`,
    );
  }
  return value as number;
}

/** What an `activation` option of a layer was given, by name or as an activation. @throws {OptionError} when it is neither. */
export function activationOf(given: ActivationName | Activation): Activation {
  return given instanceof Activation ? given : builtIn(given);
}

/** The names of all of them. */
export const activationNames: readonly ActivationName[] = /* @__PURE__ */ Object.keys(kinds) as ActivationName[];
