import { type Activation, type ActivationName, activation } from "../../ops/activation.ts";

/** The least and the largest value of each activation. */
const ranges: Readonly<Record<ActivationName, readonly [number, number]>> = {
  identity: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  sigmoid: [0, 1],
  tanh: [-1, 1],
  relu: [0, Number.POSITIVE_INFINITY],
  leakyRelu: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  elu: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  softplus: [0, Number.POSITIVE_INFINITY],
  gelu: [-0.17, Number.POSITIVE_INFINITY],
  silu: [-0.279, Number.POSITIVE_INFINITY],
  exponential: [0, Number.POSITIVE_INFINITY],
};

/** The activation of a layer's gates. One that leaves 0 … 1 is allowed, but hardly ever meant: a warning says what it does. */
export function gateActivation(layer: string, given: ActivationName | Activation): Activation {
  const gate = activation(given);
  const [low, high] = ranges[gate.name];
  const dangers = [
    ...(low < 0 ? ["below 0 it turns the sign of what it lets through"] : []),
    ...(high > 1 ? ["above 1 the state grows from step to step, without bound"] : []),
  ];
  if (dangers.length > 0) {
    console.warn(
      `${layer} gateActivation: expected values from 0 to 1, but ${gate.name} gives ${low} … ${high}: ${dangers.join("; ")}`,
    );
  }
  return gate;
}
